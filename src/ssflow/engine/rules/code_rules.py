"""Code in diagrams: it parses, the sandbox supports it, its language is Python."""

import re
from collections.abc import Iterator
from datetime import datetime

from ssflow.engine.problems import Problem
from ssflow.engine.rules.code_places import CodePlace, list_code, list_correlations
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.python_code import read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.xml_reading import BPMN, get_local_name

_DURATION = (
    r"P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?"
    r"(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
)
_MOMENT = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"
_PATTERNS = {
    "timeDate": re.compile(_MOMENT),
    "timeDuration": re.compile(_DURATION),
    "timeCycle": re.compile(rf"R\d*/(?:(?:{_MOMENT})/)?{_DURATION}"),
}
_EXAMPLES = {
    "timeDate": '"2026-05-01T12:00:00+02:00"',
    "timeDuration": '"P2D"',
    "timeCycle": '"R3/PT1H"',
}
_PYTHON = re.compile(r".*python.*", re.IGNORECASE)


def check_code(bundle: Bundle) -> Iterator[Problem]:
    """Find code that cannot run, in all processes of the bundle."""
    for process in bundle.processes:
        for place in list_code(process):
            yield from _check_place(process.file, place)
    for file, root in bundle.roots.items():
        for place in list_correlations(root):
            yield from _check_place(file, place)


def check_languages(bundle: Bundle) -> Iterator[Problem]:
    """Find code that says it is not Python."""
    for process in bundle.processes:
        for element in process.element.iter(f"{{{BPMN}}}*"):
            language = element.get("scriptFormat") or element.get("language")
            if language and not _PYTHON.match(language):
                yield build_problem(
                    process.file,
                    element,
                    "code-language",
                    f'The language "{language}" is not supported; write Python and leave the '
                    "language empty.",
                )


def _check_place(file: str, place: CodePlace) -> Iterator[Problem]:
    kind = get_local_name(place.element)
    if kind in _PATTERNS and _is_time(kind, place.text.strip()):
        yield _problem(
            file,
            place,
            1,
            "timer-not-quoted",
            f"A time is a Python text; write it in quotes: {_EXAMPLES[kind]}.",
        )
        return
    reading = read_code(place.text, is_expression=place.is_expression)
    for fault in reading.faults:
        yield _problem(file, place, fault.line, fault.code, fault.message)
    if kind in _PATTERNS and reading.constant is not None:
        yield from _check_time(file, place, kind, reading.constant[0])


def _check_time(file: str, place: CodePlace, kind: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, str) or not _is_time(kind, value):
        yield _problem(
            file,
            place,
            1,
            "timer-not-iso",
            f'"{value}" is not understood as a {kind}; write for example {_EXAMPLES[kind]}.',
        )


def _is_time(kind: str, text: str) -> bool:
    if not _PATTERNS[kind].fullmatch(text):
        return False
    if kind != "timeDate":
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _problem(file: str, place: CodePlace, line: int, code: str, message: str) -> Problem:
    text = f"{place.what[0].upper()}{place.what[1:]}: {message}"
    return build_problem(file, place.element, code, text, line=place.line_of(line))
