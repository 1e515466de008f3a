"""Reading of XML that strangers wrote: no entities, no network, no huge trees, no odd names."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from typing import TypeAlias, cast

from lxml import etree

from ssflow.engine.problems import DiagramError, Problem

Element: TypeAlias = etree._Element

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
NAMESPACES = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "spiffworkflow": SPIFF}

DATA_MAPPINGS = tuple(
    f"{{{BPMN}}}{name}"
    for name in ("ioSpecification", "dataInputAssociation", "dataOutputAssociation")
)

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_ELEMENTS = 20_000

_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_STANDARDS = "www.omg.org/spec/"  # in the namespaces of BPMN and DMN, their drawings included
_NAME = re.compile(r"[^\W\d][\w.\-\u00b7]*\Z")
_TRUTHS = {"1": "true", "0": "false"}
_BOOLEAN_ATTRIBUTES = frozenset(
    {
        "cancelActivity",
        "instantiate",
        "isExecutable",
        "isForCompensation",
        "isInterrupting",
        "isSequential",
        "testBefore",
        "triggeredByEvent",
    }
)
# Attributes and texts by which the engine looks elements up, some of them inside XPath.
_NAME_ATTRIBUTES = frozenset(
    {
        "id",
        "sourceRef",
        "targetRef",
        "attachedToRef",
        "default",
        "messageRef",
        "signalRef",
        "errorRef",
        "escalationRef",
        "calledElement",
        "processRef",
        "dataObjectRef",
        "dataStoreRef",
        "correlationPropertyRef",
    }
)
_NAME_TEXTS = frozenset(
    {
        f"{{{BPMN}}}flowNodeRef",
        f"{{{BPMN}}}sourceRef",
        f"{{{BPMN}}}targetRef",
        f"{{{BPMN}}}incoming",
        f"{{{BPMN}}}outgoing",
        f"{{{BPMN}}}correlationPropertyRef",
        f"{{{BPMN}}}dataInputRefs",
        f"{{{BPMN}}}dataOutputRefs",
        f"{{{SPIFF}}}propertyId",
        f"{{{SPIFF}}}calledDecisionId",
    }
)


def read_xml(data: bytes, file: str) -> Element:
    """Turn the bytes of a BPMN or DMN file into its root element, without comments.

    Raises:
        DiagramError: it is too large, not well-formed, or carries something that is refused.
    """
    _require_small_file(data, file)
    root = _parse(data, file)
    _require_utf_8(data, root, file)
    _require_plain_document(data, root, file)
    _require_few_elements(root, file)
    _forget_foreign_ids(root)
    _trim_references(root)
    _spell_booleans_out(root)
    _require_plain_names(root, file)
    return root


def drop_data_mappings(root: Element) -> None:
    """Take out what maps data at activities and events: all variables go along the flows.

    What a called process names as its inputs and outputs stays.
    """
    for mapping in list(root.iter(*DATA_MAPPINGS)):
        around = mapping.getparent()
        if around is not None and get_local_name(around) != "process":
            around.remove(mapping)


def is_plain_name(text: str) -> bool:
    """Tell whether a text is an XML name without colon (NCName), so safe in any query."""
    return _NAME.match(text) is not None


def get_local_name(element: Element) -> str:
    """Tell an element's name without its namespace."""
    return str(etree.QName(element).localname)


def get_line(element: Element) -> int | None:
    """Tell the line on which an element's start tag ends, where its text begins."""
    return cast("int | None", element.sourceline)


def find_element_id(element: Element) -> str | None:
    """Find the id of the element or of the nearest one around it that has an id."""
    for candidate in (element, *element.iterancestors()):
        if candidate.get("id") and etree.QName(candidate).namespace != SPIFF:
            return str(candidate.get("id"))
    return None


def _require_small_file(data: bytes, file: str) -> None:
    if len(data) <= MAX_FILE_BYTES:
        return
    raise _refusal(
        file,
        "file-too-large",
        f"The file has {len(data)} bytes; at most {MAX_FILE_BYTES} are allowed. Split the "
        "diagram with call activities, or take pictures out of it.",
    )


def _parse(data: bytes, file: str) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "XML_PARSE_HUGE" in error.msg:
            raise _refusal(
                file,
                "xml-not-readable",
                "Elements of the file stand too deep in one another, or one of its texts is too "
                "long; save it again from a BPMN editor.",
                line=error.lineno,
            ) from error
        raise _refusal(
            file,
            "xml-not-readable",
            f"The file is not well-formed XML ({error.msg}); export it again from the editor.",
            line=error.lineno,
        ) from error


def _require_utf_8(data: bytes, root: Element, file: str) -> None:
    encoding = (root.getroottree().docinfo.encoding or "utf-8").lower()
    if encoding not in _ENCODINGS or b"\0" in data or data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        raise _refusal(
            file,
            "encoding-refused",
            "The file is not written in UTF-8; save it in that encoding.",
            line=1,
        )


def _require_plain_document(data: bytes, root: Element, file: str) -> None:
    document = root.getroottree()
    if document.docinfo.internalDTD is not None:
        raise _refusal(
            file,
            "doctype-refused",
            "The file has a DOCTYPE, which diagrams do not need; take the <!DOCTYPE …> part out.",
            line=_line_of_doctype(data),
        )
    if any(True for _ in _instructions(root)):
        raise _refusal(
            file,
            "processing-instruction-refused",
            "The file has a processing instruction (<?…?>), such as a style sheet, which diagrams "
            "do not need; take it out.",
        )


def _line_of_doctype(data: bytes) -> int:
    return data.count(b"\n", 0, max(data.find(b"<!DOCTYPE"), 0)) + 1


def _instructions(root: Element) -> Iterator[Element]:
    yield from root.itersiblings(etree.PI, preceding=True)
    yield from root.itersiblings(etree.PI)
    yield from root.iter(etree.PI, etree.Entity)


def _require_few_elements(root: Element, file: str) -> None:
    count = sum(1 for _ in root.iter())
    if count <= MAX_ELEMENTS:
        return
    raise _refusal(
        file,
        "too-many-elements",
        f"The file has {count} XML elements; at most {MAX_ELEMENTS} are allowed. Split the "
        "diagram with call activities.",
    )


def _forget_foreign_ids(root: Element) -> None:
    """Drop ids that other tools gave to their own extensions: the engine looks ids up by name."""
    for element in root.iter():
        if _is_foreign(element) and "id" in element.attrib:
            del element.attrib["id"]


def _is_foreign(element: Element) -> bool:
    namespace = etree.QName(element).namespace
    return bool(namespace) and namespace != SPIFF and _STANDARDS not in str(namespace)


def _trim_references(root: Element) -> None:
    """Drop the blanks that pretty printers put around ids: the engine compares them as written."""
    for element in root.iter(*_NAME_TEXTS):
        element.text = (element.text or "").strip()


def _spell_booleans_out(root: Element) -> None:
    """Write `true` for `1`, which XML takes for the same: the engine knows only the words."""
    for element in root.iter():
        for attribute in _BOOLEAN_ATTRIBUTES.intersection(element.attrib):
            text = str(element.attrib[attribute]).strip()
            element.attrib[attribute] = _TRUTHS.get(text, text)


def _require_plain_names(root: Element, file: str) -> None:
    problems = [
        Problem(
            file,
            find_element_id(element),
            get_line(element),
            "name-not-plain",
            f'"{name[:60]}" is not a plain name; ids and references start with a letter or _ and '
            "hold only letters, digits, _, - and dots. Rename it.",
        )
        for element in root.iter()
        for name in _names(element)
        if not is_plain_name(name)
    ]
    if problems:
        raise DiagramError(problems)


def _names(element: Element) -> Iterator[str]:
    if element.tag in _NAME_TEXTS:
        yield element.text or ""
    if etree.QName(element).namespace == SPIFF or _is_foreign(element):
        return  # ids of operations and parameters have rules of their own, others' are not ours
    for attribute, value in element.attrib.items():
        if attribute in _NAME_ATTRIBUTES:
            yield str(value)


def _refusal(file: str, code: str, message: str, *, line: int | None = None) -> DiagramError:
    return DiagramError([Problem(file, None, line, code, message)])
