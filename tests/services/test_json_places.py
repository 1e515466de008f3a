"""Problems in JSON files have lines, so that whoever mends them finds the place."""

import json

import pytest

from ssflow.services.json_places import NotJsonError, find_component_line, read_json_object

FORM = b"""{
  "id": "fill", "note": "a \\"brace\\" {[",
  "components": [
    {"type": "text",
     "text": "x"},
    {"type": "textfield", "key": "name", "values": [{"value": "name2"}]},
    {"type": "group", "components": [
      {"type": "number", "key": "amount", "validate": {"min": 1, "max": 2}},
      {"type": "separator"}
    ]},
    {"type": "dynamiclist", "path": "costs", "components": [
      {"type": "number",
       "key": "year"}
    ]},
    {"id": "Field_1", "type": "spacer"}
  ]
}"""


@pytest.mark.parametrize(
    ("component", "line"),
    [
        (None, 1),
        ("nowhere", 1),
        ("name", 6),
        ("amount", 8),
        ("costs", 11),
        ("costs.year", 12),
        ("Field_1", 15),
        ("component_0_1", 4),
        ("component_0_3", 7),
        ("component_1_2", 9),
        ("component_7_7", 1),
    ],
)
def test_a_component_is_found_where_it_begins(component: str | None, line: int) -> None:
    assert find_component_line(FORM, component) == line


def test_a_form_on_a_single_line_has_its_components_there() -> None:
    assert find_component_line(json.dumps(json.loads(FORM)).encode(), "costs.year") == 1


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b'{\n"a": 1,\n"b"}', 3),
        (b'{"a": 1}\n\n{"b": 2}', 3),
        (b"[]", 1),
        (b"null", 1),
        (b'{"a":' * 100_000, 1),
        (b'{"a": ' + b"9" * 5_000 + b"}", 1),
        ('{\n"a": "é"}'.encode("latin-1"), 2),
        (json.dumps({"a": 1}).encode("utf-16"), 1),
    ],
)
def test_what_is_no_object_is_told_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(NotJsonError) as refused:
        read_json_object(content)

    assert refused.value.line == line
    assert refused.value.message.endswith(".")


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_json_object(b"\xef\xbb\xbf" + FORM)["id"] == "fill"
    assert find_component_line(b"\xef\xbb\xbf" + FORM, "name") == 6
