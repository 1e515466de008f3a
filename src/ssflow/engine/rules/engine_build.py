"""The last word of the engine: a bundle that passed every rule must build in SpiffWorkflow."""

import re
from collections.abc import Iterator

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.specs.model import DecisionTable
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Process
from ssflow.engine.xml_reading import Element, drop_data_mappings

# What the parser is known to let out beside its own exception, on files that are odd enough.
_FAULTS = (
    ValidationException,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    Warning,
    etree.LxmlError,
)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class _Parser(SpiffBpmnParser):
    """Builds processes without their decisions, which ssflow reads and evaluates itself."""

    def get_engine(self, decision_ref: str, node: Element) -> DMNEngine:
        return DMNEngine(DecisionTable(decision_ref, decision_ref, "FIRST"))


def check_engine_builds(bundle: Bundle) -> Iterator[Problem]:
    """Find what the engine's own parser still refuses."""
    parser = _Parser()
    for file, root in bundle.roots.items():
        drop_data_mappings(root)
        try:
            parser.add_bpmn_xml(root, file)
        except _FAULTS as error:
            yield _refusal(file, root, error)
            return
    for process in bundle.processes:
        yield from _check_process(parser, process)


def _check_process(parser: _Parser, process: Process) -> Iterator[Problem]:
    for scope in process.scopes():
        if scope.id not in parser.process_parsers:
            continue
        try:
            parser.get_spec(scope.id)
        except _FAULTS as error:
            yield _refusal(process.file, scope.element, error)
            return


def _refusal(file: str, element: Element, error: Exception) -> Problem:
    identifier = getattr(error, "id", "")
    found = next(
        (one for one in element.iter() if identifier and one.get("id") == identifier), None
    )
    reason = _ADDRESS.sub("", str(error)) or type(error).__name__
    return build_problem(
        file,
        element if found is None else found,
        "engine-refused",
        f"The engine cannot run this: {reason.rstrip(' .')}. Draw it in another way.",
    )
