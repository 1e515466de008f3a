import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssflow.forms.component import ComponentType
from ssflow.forms.layout import LayoutError, read_layout
from tests.forms.building import Json, costs, form, layout, number, radio, text


def problems_of(data: object) -> list[tuple[str | None, str]]:
    """Where and by which code a form is refused; empty when it is accepted."""
    try:
        read_layout(data)
    except LayoutError as error:
        return [(problem.component, problem.code) for problem in error.problems]
    return []


SOUND = [
    text(),
    text("typename"),
    text("fields"),
    text("Meta", label="{{propose.title | date}} of {{today()}}"),
    {"type": "textarea", "key": "note", "validate": {"minLength": "2", "maxLength": 10}},
    number(validate={"min": 0, "max": "10"}, decimalDigits=2, defaultValue=3),
    number(properties={"type": "money", "check": "=amount < 5", "message": "Too much."}),
    number(properties={"type": "rating"}, defaultValue=3),
    {"type": "datetime", "key": "day", "dateLabel": "Day", "subtype": "date"},
    {"type": "checkbox", "key": "agree", "label": "I agree", "defaultValue": True},
    radio(defaultValue="accept", properties={"display": "cards", "personal": "true"}),
    radio(values=[{"value": True, "label": "Yes"}, {"value": 0, "label": "Zero"}]),
    {"type": "select", "key": "vote", "valuesExpression": "=itsg_in.options"},
    {"type": "select", "key": "vote", "valuesKey": "options"},
    {"type": "select", "key": "s", "properties": {"type": "ref", "entity": "Service"}},
    {
        "type": "taglist",
        "key": "s",
        "properties": {
            "type": "refs",
            "entity": "Service",
            "filter": "state=live, owner={{propose.owner}}",
        },
    },
    {"type": "select", "key": "owner", "properties": {"type": "user", "role": "service_owner"}},
    {"type": "checklist", "key": "people", "properties": {"type": "users", "minItems": "1"}},
    {"type": "filepicker", "key": "files", "multiple": True, "accept": ".pdf"},
    costs(properties={"minRows": "1", "maxRows": 4, "unique": "what", "ascending": "y0"}),
    costs(allowAddRemove=False, properties={"prefill": "=budget.lines"}),
    {"type": "group", "label": "Money", "components": [number()], "showOutline": True, "path": ""},
    {"type": "text", "text": "# Head\n\n* **one** {{a}}\n* two"},
    {"type": "text", "text": '="Dear " + name'},
    {"type": "table", "dataSource": "=lines", "columns": [{"key": "a", "label": "A"}]},
    {"type": "separator"},
    {"type": "spacer", "height": 60},
    {"type": "expression", "key": "total", "expression": "=a + b", "computeOn": "change"},
]


@pytest.mark.parametrize("component", SOUND, ids=lambda c: f"{c['type']}-{c.get('key', '')}")
def test_a_supported_component_is_read(component: Json) -> None:
    found = read_layout(form(component))

    assert [c.type for c in found.components] == [component["type"]]


FAULTS: list[tuple[str, str | None, str, Json]] = [
    ("image", "component_0_1", "unsupported_type", {"type": "image"}),
    ("button", "b", "unsupported_type", {"type": "button", "key": "b"}),
    ("no type", "a", "unsupported_type", {"key": "a"}),
    ("odd type", "component_0_1", "unsupported_type", {"type": ["textfield"]}),
    ("no key", "component_0_1", "missing_key", {"type": "textfield"}),
    ("dotted key", "component_0_1", "bad_key", text("a.b")),
    ("key with blank", "component_0_1", "bad_key", text("a b")),
    ("key with underscore", "component_0_1", "bad_key", text("_add")),
    ("Greek key", "component_0_1", "bad_key", text("λ")),
    ("long key", "component_0_1", "bad_key", text("a" * 65)),
    ("key of Python", "from", "reserved_key", text("from")),
    ("key of FEEL", "satisfies", "reserved_key", text("satisfies")),
    ("supplied key", "initiator", "reserved_key", text("initiator")),
    ("key of the page", "csrf_token", "reserved_key", text("csrf_token")),
    ("key no text", "component_0_1", "wrong_value", text() | {"key": 5}),
    ("hide", "title", "bad_feel", text(conditional={"hide": "=a ="})),
    ("requiredWhen", "title", "bad_feel", text(properties={"requiredWhen": "=(("})),
    ("prefill", "title", "bad_feel", text(properties={"prefill": "=a b c"})),
    ("check", "title", "bad_feel", text(properties={"check": "=)", "message": "m"})),
    ("check without message", "title", "missing_message", text(properties={"check": "=a"})),
    ("expression", "t", "bad_feel", {"type": "expression", "key": "t", "expression": "= +"}),
    ("no expression", "t", "bad_feel", {"type": "expression", "key": "t"}),
    ("label", "title", "bad_template", text(label="{{ a + }}")),
    ("open label", "title", "bad_template", text(label="{{ a")),
    ("text", "component_0_1", "bad_template", {"type": "text", "text": "{{#if a}}x{{/if}}"}),
    ("pattern", "title", "bad_pattern", text(validate={"pattern": "("})),
    ("look-ahead", "title", "bad_pattern", text(validate={"pattern": "(?=a)"})),
    ("property", "title", "unknown_property", text(properties={"requiredwhen": "=a"})),
    ("kind", "amount", "unknown_kind", number(properties={"type": "euro"})),
    ("kind of type", "title", "wrong_kind", text(properties={"type": "money"})),
    ("kind of number", "amount", "wrong_kind", number(properties={"type": "user"})),
    ("entity", "s", "missing_entity",
     {"type": "select", "key": "s", "properties": {"type": "ref"}}),
    ("options", "s", "missing_options", {"type": "select", "key": "s"}),
    ("option twice", "screen", "duplicate_option", radio(values=[{"value": "a"}, {"value": "a"}])),
    ("option no value", "screen", "wrong_value", radio(values=[{"label": "a"}])),
    ("option object", "screen", "wrong_value", radio(values=[{"value": {}}])),
    ("bad default", "amount", "bad_default", number(defaultValue="many")),
    ("default not offered", "screen", "bad_default", radio(defaultValue="maybe")),
    ("default too large", "amount", "bad_default", number(validate={"max": 1}, defaultValue=2)),
    ("required", "title", "wrong_value", text(validate={"required": "perhaps"})),
    ("validate", "title", "wrong_value", text(validate=["required"])),
    ("maxLength", "title", "wrong_value", text(validate={"maxLength": -1})),
    ("min over max", "amount", "wrong_value", number(validate={"min": 2, "max": 1})),
    ("min is FEEL", "amount", "wrong_value", number(validate={"min": "=a"})),
    ("lengths", "title", "wrong_value", text(validate={"minLength": 9, "maxLength": 1})),
    ("wide", "amount", "wrong_value", number(validate={"max": 9}, properties={"type": "rating"})),
    ("display", "screen", "wrong_value", radio(properties={"display": "tiles"})),
    ("subtype", "d", "wrong_value", {"type": "datetime", "key": "d", "subtype": "week"}),
    ("filter", "s", "wrong_value",
     {"type": "select", "key": "s",
      "properties": {"type": "ref", "entity": "A", "filter": "live"}}),
    ("own circle", "title", "circular", text(conditional={"hide": '=title = "x"'})),
    ("group path", "g", "group_path", {"type": "group", "path": "g", "components": []}),
    ("column", "costs", "unknown_column", costs(properties={"unique": "when"})),
    ("ascending text", "costs", "wrong_value", costs(properties={"ascending": "what"})),
    ("covered text", "costs", "wrong_value", costs(properties={"covers": "what"})),
    ("rows in rows", "costs.more", "too_large",
     costs(components=[costs(path="more", properties={"maxRows": 51})])),
    ("locked list", "costs", "wrong_value", costs(readonly=True)),
    ("long pattern", "title", "wrong_value",
     text(validate={"pattern": "a", "maxLength": 5001})),
    ("check of a group", "g", "wrong_value",
     {"type": "group", "id": "g", "properties": {"check": "=a", "message": "m"}}),
    ("prefilled expression", "e", "wrong_value",
     {"type": "expression", "key": "e", "expression": "=1", "properties": {"prefill": "=a"}}),
    ("no columns", "costs", "missing_key", costs(components=[])),
    ("fixed rows", "costs", "wrong_value", costs(allowAddRemove=False)),
    ("rows", "costs", "wrong_value", costs(properties={"minRows": 5, "maxRows": 2})),
    ("too many rows", "costs", "wrong_value", costs(properties={"maxRows": 100_000})),
    ("readonly", "costs.what", "readonly_column",
     costs(components=[text("what", readonly=True)])),
    ("in a row", "costs.c", "unsupported_type", costs(components=[{"type": "html", "key": "c"}])),
    ("table", "component_0_1", "wrong_value", {"type": "table", "dataSource": "=a"}),
    ("table column", "t", "bad_key",
     {"type": "table", "id": "t", "dataSource": "=a", "columns": [{"key": "a.b"}]}),
    ("table type", "t", "unknown_kind",
     {"type": "table", "id": "t", "dataSource": "=a", "columns": [{"key": "a", "type": "euro"}]}),
    ("NUL", "title", "wrong_value", text(label="a\0b")),
    ("surrogate", "title", "wrong_value", text(label="a\ud800b")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("component", "code", "data"),
    [pytest.param(where, code, data, id=name) for name, where, code, data in FAULTS],
)
def test_a_fault_is_found_where_it_is(component: str, code: str, data: Json) -> None:
    assert (component, code) in problems_of(form(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        *((None, "not_a_form"), ([], "not_a_form"), ("{}", "not_a_form")),
        *(({}, "missing_id"), ({"id": "a b"}, "missing_id"), ({"id": 5}, "missing_id")),
        *(
            (form() | {"type": "wizard"}, "not_a_form"),
            (form() | {"components": {}}, "wrong_value"),
        ),
        *((form() | {"components": [1]}, "wrong_value"),),
    ],
)
def test_what_is_no_form_is_refused(data: object, code: str) -> None:
    assert code in [found for _, found in problems_of(data)]


def test_a_key_may_be_used_once_in_a_form_and_once_in_each_list() -> None:
    components = (text("what"), costs())

    assert problems_of(form(*components)) == []
    assert problems_of(form(*components, text("what"))) == [("what", "duplicate_key")]
    grouped = {"type": "group", "components": [text("what")]}
    assert problems_of(form(*components, grouped)) == [("what", "duplicate_key")]


def test_conditions_that_wait_for_each_other_are_refused() -> None:
    first = text("first", conditional={"hide": '=second = "x"'})
    second = {"type": "expression", "key": "second", "expression": "=third"}
    group = {
        "type": "group",
        "conditional": {"hide": "=first = null"},
        "components": [text("third")],
    }

    assert ("first", "circular") in problems_of(form(first, second, group))
    assert problems_of(form(text("first"), second, group)) == []


def test_a_total_that_hides_a_column_of_its_own_list_is_refused() -> None:
    total = {"type": "expression", "key": "total", "expression": "=sum(costs.y0)"}
    column = number("y0", conditional={"hide": "=total > 5"})

    assert ("costs", "circular") in problems_of(form(costs(components=[column]), total))
    assert problems_of(form(costs(), total)) == []


def test_a_form_that_is_too_large_is_refused() -> None:
    many = form(*({"type": "separator"} for _ in range(301)))
    deep: Json = text()
    for _ in range(8):
        deep = {"type": "group", "components": [deep]}

    assert "too_large" in [code for _, code in problems_of(many)]
    assert "too_large" in [code for _, code in problems_of(form(deep))]


def test_the_keys_are_what_the_completed_form_hands_over() -> None:
    found = layout(
        text(),
        text("shown", readonly=True),
        {"type": "group", "components": [number()]},
        {"type": "expression", "key": "double", "expression": "=amount * 2"},
        costs(),
    )

    assert found.keys() == {"title", "amount", "double", "costs"}


def test_personal_keys_count_the_columns_of_a_list() -> None:
    column = text("name", properties={"personal": "true"})
    found = layout(text(), number(properties={"personal": True}), costs(components=[column]))

    assert found.personal_keys() == {"amount", "costs"}


def test_labels_in_another_language_replace_the_texts_of_the_form() -> None:
    labels = {
        "test_form": "Proef",
        "test_form.title": "Titel",
        "title@description": "Kort",
        "test_form.screen.accept": "Aannemen",
        "test_form.costs.what": "Wat",
        "test_form.facts": "Feiten",
        "test_form.title@message": "Te lang",
    }
    checked = text(description="Short", properties={"check": "=true", "message": "Too long"})
    components = [checked, radio(), costs(), {"type": "text", "id": "facts", "text": "Facts"}]

    found = read_layout(form(*components), labels)

    title, screen, rows, facts = found.components
    assert found.title == "Proef"
    assert (title.label.parts, title.description.parts) == (("Titel",), ("Kort",))
    assert title.message == "Te lang"
    assert [option.label for option in screen.options] == ["Aannemen", "Back", "Reject"]
    assert rows.children[0].label.parts == ("Wat",)
    assert facts.blocks[0].lines[0][0].template.parts == ("Feiten",)


@pytest.mark.parametrize("label", [None, 5, ["Titel"], {"title": "Titel"}])
def test_a_translation_that_is_no_text_is_left_aside(label: object) -> None:
    found = read_layout(form(text()), {"test_form": label, "test_form.title": label})

    assert (found.title, found.components[0].label.parts) == ("test_form", ("Title",))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=10,
)
odd_components = st.dictionaries(
    st.sampled_from(
        [
            *("type", "key", "path", "label", "validate", "properties", "values", "components"),
            *("conditional", "columns", "expression", "text", "dataSource", "defaultValue"),
            *("subtype", "layout", "id", "disabled", "valuesExpression"),
        ]
    ),
    json_values
    | st.sampled_from([t.value for t in ComponentType])
    | st.sampled_from(["=a +", "{{a}}", "title", {"type": "money"}, {"hide": "=x"}]),
)


@settings(max_examples=200)
@given(data=json_values | st.lists(odd_components, max_size=3))
def test_any_json_is_read_or_refused_with_problems(data: Any) -> None:
    whole = form() | {"components": data}

    for problem in problems_of(whole):
        assert json.dumps(problem)
