"""BPMN and DMN bytes -> checked processes and decisions, with a list of problems."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ssflow.engine.problems import DiagramError, Problem, find_errors
from ssflow.engine.rules.calls import check_calls
from ssflow.engine.rules.code_rules import check_code, check_languages
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.elements import check_elements, check_file, check_something_runs
from ssflow.engine.rules.engine_build import check_engine_builds
from ssflow.engine.rules.events import check_events
from ssflow.engine.rules.facts import (
    ActivityFacts,
    DecisionFacts,
    FlowFacts,
    ProcessFacts,
    read_decision_facts,
    read_process_facts,
)
from ssflow.engine.rules.flows import check_flows, check_gateways
from ssflow.engine.rules.hazards import check_hazards
from ssflow.engine.rules.identifiers import check_doubles, check_identifiers
from ssflow.engine.rules.known_names import KnownNames, OperationSignature
from ssflow.engine.rules.loops import check_loops
from ssflow.engine.rules.names import check_names
from ssflow.engine.rules.paths import check_paths
from ssflow.engine.rules.people import check_people
from ssflow.engine.rules.properties import check_properties
from ssflow.engine.rules.references import check_messages, check_references
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.schema import check_schema
from ssflow.engine.rules.tables import read_decision_files
from ssflow.engine.rules.tokens import check_tokens
from ssflow.engine.rules.tree import Process, read_processes
from ssflow.engine.rules.uncaught import check_uncaught
from ssflow.engine.rules.variables import check_variable_names
from ssflow.engine.xml_reading import BPMN, Element, read_xml

__all__ = [
    "ActivityFacts",
    "CheckedBundle",
    "DecisionFacts",
    "FlowFacts",
    "KnownNames",
    "OperationSignature",
    "ProcessFacts",
    "check_bundle",
]

_PROCESS_RULES: tuple[Callable[[Process, Bundle], Iterator[Problem]], ...] = (
    check_identifiers,
    check_elements,
    check_events,
    check_references,
    check_uncaught,
    check_flows,
    check_gateways,
    check_paths,
    check_tokens,
    check_loops,
    check_variable_names,
    check_properties,
    check_people,
    check_calls,
    check_hazards,
)
_BUNDLE_RULES: tuple[Callable[[Bundle], Iterator[Problem]], ...] = (
    check_something_runs,
    check_doubles,
    check_languages,
    check_code,
    check_names,
)


@dataclass(frozen=True)
class CheckedBundle:
    """What a bundle holds, and what is wrong with it."""

    processes: tuple[ProcessFacts, ...]
    decisions: tuple[DecisionFacts, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid a deployment."""
        return find_errors(self.problems)


def check_bundle(files: Mapping[str, bytes], known: KnownNames) -> CheckedBundle:
    """Check the BPMN and DMN files of a bundle; files of other kinds are passed over.

    Content never raises: everything that is wrong with it is a problem of the answer.
    """
    problems: list[Problem] = []
    diagrams = _read_files(files, ".bpmn", problems)
    tables = read_decision_files(_read_files(files, ".dmn", problems))
    problems.extend(tables.problems)
    bundle = Bundle(
        roots=diagrams,
        processes=[one for file, root in diagrams.items() for one in read_processes(root, file)],
        decisions={one.key: one for one in tables.decisions},
        known=known,
    )
    problems.extend(_check_diagrams(bundle))
    if not find_errors(problems):
        problems.extend(check_engine_builds(bundle))
    return CheckedBundle(
        processes=tuple(read_process_facts(one, bundle) for one in bundle.processes),
        decisions=read_decision_facts(bundle),
        problems=tuple(sorted(dict.fromkeys(problems), key=_place)),
    )


def _read_files(
    files: Mapping[str, bytes], ending: str, problems: list[Problem]
) -> dict[str, Element]:
    roots: dict[str, Element] = {}
    for file in sorted(files):
        if not file.endswith(ending):
            continue
        try:
            roots[file] = read_xml(files[file], file)
        except DiagramError as error:
            problems.extend(error.problems)
    return roots


def _check_diagrams(bundle: Bundle) -> Iterator[Problem]:
    for file, root in bundle.roots.items():
        if root.tag != f"{{{BPMN}}}definitions":
            message = (
                "The file is no BPMN 2.0 diagram; export it as BPMN 2.0 XML (a decision table "
                "belongs into a .dmn file)."
            )
            yield build_problem(file, root, "not-bpmn", message)
            continue
        yield from check_schema(file, root)
        yield from check_file(file, root)
        yield from check_messages(file, root)
    for process in bundle.processes:
        for check_process in _PROCESS_RULES:
            yield from check_process(process, bundle)
    for check_all in _BUNDLE_RULES:
        yield from check_all(bundle)


def _place(problem: Problem) -> tuple[str, int, str, str]:
    return (problem.file, problem.line or 0, problem.element_id or "", problem.code)
