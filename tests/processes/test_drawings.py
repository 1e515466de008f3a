"""The shipped drawings leave room for their words, in each language."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from fpdf import FPDF
from lxml.etree import _Element

from ssflow.engine.xml_reading import read_xml
from ssflow.services.shipped import shipped_root

DIAGRAMS = sorted((shipped_root() / "processes").glob("*/*.bpmn"))
SOFT_HYPHEN = "\u00ad"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
LABEL_SIZE, SHAPE_SIZE, SHAPE_PADDING = 11, 12, 7


@dataclass(frozen=True)
class Room:
    """How wide a name may be drawn, and how large its letters are."""

    element_id: str
    width: float
    size: int


@cache
def _letter_width(letter: str) -> float:
    pdf = FPDF(unit="pt")
    pdf.set_font("Helvetica", size=100)
    return pdf.get_string_width(letter) / 100


def _width(text: str, size: int) -> float:
    return size * sum(_letter_width(letter) for letter in text)


def _rooms(drawing: _Element) -> list[Room]:
    labels = [
        Room(str(shape.attrib["bpmnElement"]), float(bounds.attrib["width"]), LABEL_SIZE)
        for shape in drawing.iter(f"{DI}BPMNShape", f"{DI}BPMNEdge")
        for bounds in shape.iterfind(f"{DI}BPMNLabel/{BOUNDS}")
    ]
    labelled = {room.element_id for room in labels}
    upright = {element.get("id") for element in drawing.iter("{*}lane", "{*}participant")}
    return labels + [
        Room(element_id, _side(shape, is_upright=element_id in upright), SHAPE_SIZE)
        for shape in drawing.iter(f"{DI}BPMNShape")
        if (element_id := str(shape.attrib["bpmnElement"])) not in labelled
    ]


def _side(shape: _Element, *, is_upright: bool) -> float:
    """The names of lanes and pools stand upright: their height is the room."""
    bounds = shape.find(BOUNDS)
    assert bounds is not None
    padding = 0 if is_upright else 2 * SHAPE_PADDING
    return float(bounds.attrib["height" if is_upright else "width"]) - padding


def _parts(name: str) -> list[str]:
    """The parts at whose ends the viewer may begin a new line."""
    return [part for part in re.split(rf"\s|(?<=-)|(?<={SOFT_HYPHEN})", name) if part]


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_no_word_of_a_drawing_is_torn_apart(diagram: Path) -> None:
    [file] = diagram.parent.glob("*.i18n.json")
    texts = json.loads(file.read_text(encoding="utf-8"))
    drawing = read_xml(diagram.read_bytes(), diagram.name)
    english = {element.get("id"): element.get("name") for element in drawing.iter("{*}*")}

    torn = [
        (language, room.element_id, part)
        for room in _rooms(drawing)
        for language, names in {"en": english, **texts}.items()
        for part in _parts(names.get(room.element_id) or "")
        if _width(part.replace(SOFT_HYPHEN, "-"), room.size) > room.width
    ]

    assert torn == []
