"""Ids: everything that runs has one, none appears twice, none is the engine's own."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import ACTIVITIES, EVENTS, GATEWAYS, Process
from ssflow.engine.xml_reading import SPIFF, Element, get_local_name

MAX_ID_LENGTH = 200

_NAMED = ACTIVITIES | GATEWAYS | EVENTS | {"sequenceFlow"}
_ENGINE_IDS = frozenset({"Start", "End", "Root", "StartEventSplit", "StartEventJoin"})
_ENGINE_ENDINGS = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin")


def check_identifiers(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find processes, nodes and flows whose id is missing or taken by the engine."""
    for element in _elements(process):
        identifier = element.get("id")
        if not identifier:
            yield _missing(process, element)
        elif len(identifier) > MAX_ID_LENGTH:
            yield _too_long(process, element)
        elif identifier in _ENGINE_IDS or identifier.endswith(_ENGINE_ENDINGS):
            yield _reserved(process, element, identifier)


def check_doubles(bundle: Bundle) -> Iterator[Problem]:
    """Find ids that a file uses twice, and process ids that the bundle uses twice."""
    for file, root in bundle.roots.items():
        yield from _doubles_in_file(file, root)
    yield from _double_processes(bundle)


def _elements(process: Process) -> Iterator[Element]:
    yield process.element
    for scope in process.scopes():
        for child in scope.element:
            if get_local_name(child) in _NAMED:
                yield child


def _missing(process: Process, element: Element) -> Problem:
    return build_problem(
        process.file,
        element,
        "id-missing",
        f"A {get_local_name(element)} has no id; give it one, such as U_review.",
    )


def _too_long(process: Process, element: Element) -> Problem:
    return build_problem(
        process.file,
        element,
        "id-too-long",
        f"The id of this {get_local_name(element)} has more than {MAX_ID_LENGTH} characters; "
        "shorten it.",
    )


def _reserved(process: Process, element: Element, identifier: str) -> Problem:
    return build_problem(
        process.file,
        element,
        "id-reserved",
        f'The id "{identifier}" is used by the engine itself; rename it, for example to '
        f"E_{identifier.partition('.')[0].lower()}.",
    )


def _doubles_in_file(file: str, root: Element) -> Iterator[Problem]:
    seen: set[str] = set()
    for element in root.iter("{*}*"):
        identifier = element.get("id")
        if identifier is None or element.tag.startswith(f"{{{SPIFF}}}"):
            continue
        if identifier in seen:
            yield build_problem(
                file,
                element,
                "duplicate-id",
                f'The id "{identifier}" appears twice in this file; rename one of the two.',
            )
        seen.add(identifier)


def _double_processes(bundle: Bundle) -> Iterator[Problem]:
    owners: dict[str, Process] = {}
    for process in bundle.processes:
        for scope in process.scopes():
            owner = owners.setdefault(scope.id, process)
            if owner.file != process.file:
                yield build_problem(
                    process.file,
                    scope.element,
                    "duplicate-process-id",
                    f'The {scope.kind} "{scope.id}" exists in {owner.file} too; processes and '
                    "sub-processes need ids that are unique in the bundle. Rename one of the two.",
                )
