"""The way a rule reports a problem: severity by code, line and element id by XML element."""

from ssflow.engine.problems import Problem
from ssflow.engine.rules.codes import MEANINGS
from ssflow.engine.xml_reading import Element, find_element_id, get_line


def build_problem(
    file: str, element: Element, code: str, message: str, *, line: int | None = None
) -> Problem:
    """Build a problem at an XML element; `line` tells where in its text."""
    return Problem(
        file=file,
        element_id=find_element_id(element),
        line=line if line is not None else get_line(element),
        code=code,
        message=message,
        severity=MEANINGS[code].severity,
    )
