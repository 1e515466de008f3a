"""A diagram names only what it holds: else the viewer warns of unresolved references."""

from pathlib import Path

import pytest
from lxml import etree

PROCESSES = Path(__file__).parents[2] / "processes"
DIAGRAMS = sorted(PROCESSES.glob("*/*.bpmn"))
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
NAMED_IN_TEXT = (
    "loopDataInputRef",
    "loopDataOutputRef",
    "flowNodeRef",
    "incoming",
    "outgoing",
    "dataInputRefs",
    "dataOutputRefs",
)
NAMED_IN_ATTRIBUTE = (
    "sourceRef",
    "targetRef",
    "attachedToRef",
    "messageRef",
    "default",
    "processRef",
    "bpmnElement",
)


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda file: file.stem)
def test_every_reference_leads_to_an_element(diagram: Path) -> None:
    elements = [one for one in etree.parse(diagram).iter() if isinstance(one.tag, str)]
    known = {one.get("id") for one in elements if one.tag.startswith(BPMN)}

    named = [one.text for one in elements if one.tag.removeprefix(BPMN) in NAMED_IN_TEXT]
    named += [one.get(name) for one in elements for name in NAMED_IN_ATTRIBUTE if one.get(name)]

    assert named
    assert [name for name in named if name not in known] == []


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda file: file.stem)
def test_no_id_is_given_twice(diagram: Path) -> None:
    elements = [one for one in etree.parse(diagram).iter() if isinstance(one.tag, str)]

    ids = [one.get("id") for one in elements if one.tag.startswith(BPMN) and one.get("id")]

    assert len(ids) == len(set(ids))
