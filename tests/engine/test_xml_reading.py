import pytest

from ssflow.engine.problems import DiagramError, Problem
from ssflow.engine.xml_reading import (
    MAX_ELEMENTS,
    MAX_FILE_BYTES,
    SPIFF,
    find_element_id,
    get_line,
    is_plain_name,
    read_xml,
)

BPMN = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a0 "ha">'
    + b"".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 10))
    + b"]><a>&a9;</a>"
)


def refusal_of(data: bytes) -> Problem:
    """Read what must not be read, and give the first problem."""
    with pytest.raises(DiagramError) as refusal:
        read_xml(data, "a.bpmn")
    return refusal.value.problems[0]


def test_plain_xml_is_read_with_its_lines() -> None:
    root = read_xml(b"<a>\n<b id='x'/>\n</a>", "a.bpmn")

    assert (root.tag, get_line(root[0]), find_element_id(root[0])) == ("a", 2, "x")


def test_comments_are_left_out() -> None:
    root = read_xml(b"<a><!-- one --><b>x<!-- two -->y</b></a>", "a.bpmn")

    assert [child.tag for child in root.iter()] == ["a", "b"]
    assert root[0].text == "xy"


REFUSED = {
    "nothing": (b"", "xml-not-readable"),
    "no XML": (b"\x00\x01", "xml-not-readable"),
    "half a file": (b"<a><b>", "xml-not-readable"),
    "an unknown encoding": (b'<?xml version="1.0" encoding="x-odd"?><a/>', "xml-not-readable"),
    "bytes that are not UTF-8": (b"<a>\xff</a>", "xml-not-readable"),
    "endless depth": (b"<a>" * 5000 + b"</a>" * 5000, "xml-not-readable"),
    "UTF-7": (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding-refused"),
    "UTF-16": ('<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"), "encoding-refused"),
    "UTF-16 without a declaration": ("<a/>".encode("utf-16"), "encoding-refused"),
    "UTF-16 without a mark": ("<a/>".encode("utf-16-le"), "xml-not-readable"),
    "an external DTD": (b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>', "doctype-refused"),
    "a plain DOCTYPE": (b"<!DOCTYPE a><a/>", "doctype-refused"),
    "an inner entity": (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "doctype-refused"),
    "an outer entity": (
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        "doctype-refused",
    ),
    "a style sheet": (b'<?xml-stylesheet href="x.xsl"?><a/>', "processing-instruction-refused"),
    "an instruction behind": (b"<a/><?do it?>", "processing-instruction-refused"),
    "an instruction inside": (b"<a><?do it?></a>", "processing-instruction-refused"),
    "too many elements": (b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>", "too-many-elements"),
    "too many bytes": (b"<a>" + b" " * MAX_FILE_BYTES + b"</a>", "file-too-large"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_hostile_file_is_refused(data: bytes, code: str) -> None:
    assert refusal_of(data).code == code


def test_entities_that_multiply_are_refused_before_they_grow() -> None:
    assert refusal_of(LAUGHS).code in {"doctype-refused", "xml-not-readable"}


def test_a_refusal_names_file_and_line() -> None:
    problem = refusal_of(b"<a>\n<b>\n</a>")

    assert (problem.file, problem.line) == ("a.bpmn", 3)
    assert refusal_of(b'<?xml version="1.0"?>\n\n<!DOCTYPE a>\n<a/>').line == 3


def test_a_file_that_is_too_deep_is_told_so_without_words_of_the_parser() -> None:
    problem = refusal_of(b"<a>" * 1_000 + b"</a>" * 1_000)

    assert (problem.code, problem.line) == ("xml-not-readable", 1)
    assert "too deep" in problem.message
    assert "HUGE" not in problem.message


@pytest.mark.parametrize("name", ["U_a", "_x", "Aktivität", "a.b-c", "X1"])
def test_a_plain_name_is_an_id(name: str) -> None:
    assert is_plain_name(name)
    assert read_xml(f'<a id="{name}"/>'.encode(), "a.bpmn").get("id") == name


@pytest.mark.parametrize(
    "name", ["", "a b", "a'b", 'a"b', "1a", "a:b", "x']/../*[", "-a", ".a", "a\u200bb"]
)
def test_another_name_is_no_id(name: str) -> None:
    written = name.replace('"', "&quot;")

    assert not is_plain_name(name)
    assert refusal_of(f'<a id="{written}"/>'.encode()).code == "name-not-plain"


@pytest.mark.parametrize(
    "attribute",
    [
        "messageRef",
        "signalRef",
        "errorRef",
        "escalationRef",
        "calledElement",
        "attachedToRef",
        "sourceRef",
        "targetRef",
        "default",
        "dataObjectRef",
        "processRef",
    ],
)
def test_a_reference_that_the_engine_looks_up_is_plain(attribute: str) -> None:
    problem = refusal_of(f'<a id="A">\n<b {attribute}="x\'] | //*["/></a>'.encode())

    assert (problem.code, problem.element_id, problem.line) == ("name-not-plain", "A", 2)


@pytest.mark.parametrize("tag", ["flowNodeRef", "sourceRef", "targetRef", "correlationPropertyRef"])
def test_a_reference_in_a_text_is_plain(tag: str) -> None:
    data = f"<a {BPMN}><{tag}>x'] | //*['</{tag}></a>"

    assert refusal_of(data.encode()).code == "name-not-plain"


@pytest.mark.parametrize("tag", ["propertyId", "calledDecisionId"])
def test_a_reference_in_an_extension_is_plain(tag: str) -> None:
    data = f'<a xmlns:s="{SPIFF}"><s:{tag}>x\']</s:{tag}></a>'

    assert refusal_of(data.encode()).code == "name-not-plain"


def test_blanks_around_a_reference_are_dropped() -> None:
    root = read_xml(f"<a {BPMN}><flowNodeRef>\n  U_a\n</flowNodeRef></a>".encode(), "a.bpmn")

    assert root[0].text == "U_a"


@pytest.mark.parametrize(
    ("written", "read"), [("1", "true"), ("0", "false"), (" true ", "true"), ("odd", "odd")]
)
def test_a_truth_value_is_spelt_out(written: str, read: str) -> None:
    """The engine knows only the words, and would take 1 for false."""
    data = (
        f'<userTask {BPMN}><multiInstanceLoopCharacteristics isSequential="{written}"/></userTask>'
    )

    assert read_xml(data.encode(), "a.bpmn")[0].get("isSequential") == read


def test_names_of_operations_are_not_ids() -> None:
    root = read_xml(f'<s:x xmlns:s="{SPIFF}" id="any thing"/>'.encode(), "a.bpmn")

    assert root.get("id") == "any thing"


@pytest.mark.parametrize("encoding", ["utf8", "UTF8", "Utf-8", "US-ASCII"])
def test_an_encoding_goes_by_each_of_its_names(encoding: str) -> None:
    assert (
        read_xml(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode(), "a.bpmn").tag == "a"
    )


def test_extensions_of_other_tools_keep_their_ids_to_themselves() -> None:
    fields = '<c:field id="order no" default="a b"/><c:field id="U"/><c:field id="U"/>'
    data = (
        f'<userTask {BPMN} xmlns:c="http://camunda.org/schema/1.0/bpmn" id="U">{fields}</userTask>'
    )

    root = read_xml(data.encode(), "a.bpmn")

    assert [one.get("id") for one in root.iter()] == ["U", None, None, None]
    assert find_element_id(root[0]) == "U"
