"""Names that code uses although nothing in the diagram supplies them: usually slips of the pen."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from ssflow.engine.code import ALLOWED_MODULES, COUNTS
from ssflow.engine.problems import Problem
from ssflow.engine.rules.calls import find_called_decision, list_called_processes
from ssflow.engine.rules.code_places import list_code
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import read_extension
from ssflow.engine.rules.python_code import SANDBOX_NAMES, read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.schedules import list_scheduled_names
from ssflow.engine.rules.times import is_unquoted_time
from ssflow.engine.rules.tree import Process
from ssflow.engine.rules.variables import SUPPLIED_NAMES, list_variables, list_written_names
from ssflow.engine.xml_reading import BPMN, Element, get_local_name

_LITERALS = {
    "true": "True",
    "TRUE": "True",
    "false": "False",
    "FALSE": "False",
    "null": "None",
    "NULL": "None",
    "undefined": "None",
}
"""What other languages call the values that Python writes otherwise."""


@dataclass(frozen=True)
class _Supply:
    """The names that a process may use; open when messages or calls may bring any others."""

    names: frozenset[str]
    is_open: bool


def check_names(bundle: Bundle) -> Iterator[Problem]:
    """Find names in code that no form, script, decision, call or message supplies.

    Where messages or processes from elsewhere may supply anything, only names that look like a
    known one misspelt are reported.
    """
    for process in bundle.processes:
        supply = _read_supply(process, bundle)
        reported: set[str] = set()
        for name, what, element, line in _list_uses(process, bundle):
            if name in reported or name in supply.names | SUPPLIED_NAMES | SANDBOX_NAMES:
                continue
            reported.add(name)
            alike = _find_alike(name, supply.names)
            if alike is not None or not supply.is_open or name in _LITERALS:
                yield _undefined(process, name, what, element, line, alike)


def _undefined(
    process: Process, name: str, what: str, element: Element, line: int | None, alike: str | None
) -> Problem:
    if name in _LITERALS:
        hint = f"Python writes {_LITERALS[name]}"
    elif name in ALLOWED_MODULES:
        hint = (
            f"a script may begin with import {name}, an expression cannot: let a script work it out"
        )
    else:
        hint = f'write "{alike}"' if alike else "correct it, unless every start hands it in"
    return build_problem(
        process.file,
        element,
        "undefined-name",
        f'"{name}" in the {what} is supplied by no form, script, decision or message of this '
        f"process; {hint}.",
        line=line,
    )


def _list_uses(process: Process, bundle: Bundle) -> Iterator[tuple[str, str, Element, int | None]]:
    """List the names that code and decisions use, with what uses them, where."""
    for place in list_code(process):
        if not is_unquoted_time(place) and place.element.get("name") != "schedule_payload":
            used = read_code(place.text, is_expression=place.is_expression).used
            is_end = get_local_name(place.element) == "completionCondition"
            for name in sorted(used - COUNTS if is_end else used):
                yield name, place.what, place.element, place.line_of(1)
    for node in process.nodes():
        called = None if node.kind != "businessRuleTask" else find_called_decision(node)
        decision = bundle.decisions.get(called or "")
        for name in sorted(decision.inputs if decision else ()):
            yield name, f"decision of {node.label}", node.element, None


def _read_supply(process: Process, bundle: Bundle) -> _Supply:
    """Gather what a process, its callers and what it calls write: they share their variables."""
    family = _family(process, bundle)
    inside = [one for one in bundle.processes if one.key in family]
    return _Supply(
        names=frozenset().union(*(_written(one, bundle) for one in inside)),
        is_open=len(inside) < len(family) or any(map(_takes_any_payload, inside)),
    )


def _family(process: Process, bundle: Bundle) -> set[str]:
    """Find the processes that calls join to this one, those of other bundles included."""
    family = {process.key}
    grown = True
    while grown:
        before = len(family)
        for one in bundle.processes:
            called = set(list_called_processes(one))
            if one.key in family or called & family:
                family |= called | {one.key}
        grown = len(family) > before
    return family


def _takes_any_payload(process: Process) -> bool:
    """Tell whether a message brings its fields as variables, whatever they are."""
    catching = ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask")
    return any(
        not list_variables(node)
        for node in process.nodes()
        if node.kind in catching and (node.has_definition("message") or node.kind == "receiveTask")
    )


def _written(process: Process, bundle: Bundle) -> set[str]:
    names = {element.get("id") or "" for element in process.element.iter(f"{{{BPMN}}}dataObject")}
    for kind in ("error", "escalation", "signal"):
        for element in bundle.roots[process.file].iterchildren(f"{{{BPMN}}}{kind}"):
            names.add(read_extension(element, "variableName") or "")
    for node in process.nodes():
        names |= list_written_names(node, bundle)
    return names | list_scheduled_names(process)


def _find_alike(name: str, known: frozenset[str]) -> str | None:
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.8)), None)
