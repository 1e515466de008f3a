"""Code in diagrams: it parses, the sandbox supports it, its language is Python."""

import re
from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.code_places import CodePlace, list_code, list_shared_code
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.python_code import find_faults, holds_always, read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.times import EXAMPLES, find_time_kind, is_time, is_unquoted_time
from ssflow.engine.xml_reading import BPMN, get_local_name

MAX_PIECES = 2_000

_CONDITIONS = frozenset({"conditionExpression", "loopCondition", "completionCondition"})
_PYTHON = re.compile(r".*python.*", re.IGNORECASE)


def check_code(bundle: Bundle) -> Iterator[Problem]:
    """Find code that cannot run, in all processes of the bundle."""
    places = [(process.file, place) for process in bundle.processes for place in list_code(process)]
    for file, root in bundle.roots.items():
        places.extend((file, place) for place in list_shared_code(root))
    if len({place.text for _, place in places}) > MAX_PIECES:
        file, place = places[0]
        message = (
            f"The bundle holds more than {MAX_PIECES} pieces of code; deploy it in parts, or move "
            "rules into decision tables."
        )
        yield build_problem(file, place.element, "too-much-code", message)
        return
    for file, place in places:
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
    kind = find_time_kind(place)
    if kind is not None and is_unquoted_time(place):
        message = f"A time is a Python text; write it in quotes: {EXAMPLES[kind]}."
        yield _problem(file, place, 1, "timer-not-quoted", message)
        return
    for fault in find_faults(place.text, is_expression=place.is_expression):
        yield _problem(file, place, fault.line, fault.code, fault.message)
    if get_local_name(place.element) in _CONDITIONS and holds_always(place.text):
        message = (
            'A text or a list of values always holds; compare, such as decision == "yes", and '
            "write numbers as 1000.50."
        )
        yield _problem(file, place, 1, "condition-always-holds", message)
    constant = read_code(place.text, is_expression=place.is_expression).constant
    if kind is not None and constant is not None:
        yield from _check_time(file, place, kind, constant[0])


def _check_time(file: str, place: CodePlace, kind: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, str) or not is_time(kind, value):
        message = f'"{value}" is not understood as a {kind}; write for example {EXAMPLES[kind]}.'
        yield _problem(file, place, 1, "timer-not-iso", message)


def _problem(file: str, place: CodePlace, line: int, code: str, message: str) -> Problem:
    text = f"{place.what[0].upper()}{place.what[1:]}: {message}"
    return build_problem(file, place.element, code, text, line=place.line_of(line))
