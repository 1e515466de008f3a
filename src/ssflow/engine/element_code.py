"""The code of one element of a diagram, for whoever has to mend it: its text and its names."""

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ssflow.engine.code import COUNTS, SUPPLIED_FUNCTIONS
from ssflow.engine.json_values import RESERVED_NAMES
from ssflow.engine.rules.code_places import CodePlace, list_node_code
from ssflow.engine.rules.extensions import find_extension
from ssflow.engine.rules.python_code import read_code
from ssflow.engine.rules.tables import read_decision_files
from ssflow.engine.rules.tree import Node, Process, find_child, read_processes
from ssflow.engine.xml_reading import Element, read_xml

_NO_DATA = RESERVED_NAMES | SUPPLIED_FUNCTIONS | COUNTS | frozenset(dir(builtins))


@dataclass(frozen=True)
class CodePart:
    """One piece of code of an element, and what it is to its author."""

    what: str
    text: str
    is_expression: bool


@dataclass(frozen=True)
class ElementCode:
    """All code of an element; `names` are the variables that it reads, decisions included.

    `kind` is what BPMN calls it; empty when there is no such element.
    """

    kind: str = ""
    parts: tuple[CodePart, ...] = ()
    names: frozenset[str] = frozenset()


def read_element_code(files: Mapping[str, bytes], element_id: str) -> ElementCode:
    """Read the code of an element in the files of a deployed process; unknown ones have none."""
    roots = {name: read_xml(content, name) for name, content in files.items()}
    for file, root in roots.items():
        if not file.endswith(".bpmn"):
            continue
        for process in read_processes(root, file):
            for node in process.nodes():
                if node.id == element_id:
                    return _read(process, node, roots)
    return ElementCode()


def _read(process: Process, node: Node, roots: Mapping[str, Element]) -> ElementCode:
    places = [*list_node_code(node), *_conditions(process, node)]
    names = {name for place in places for name in _names(place)}
    names |= _decision_inputs(node, roots)
    parts = (CodePart(one.what, one.text.strip("\n"), one.is_expression) for one in places)
    return ElementCode(node.kind, tuple(parts), frozenset(names) - _NO_DATA)


def _names(place: CodePlace) -> frozenset[str]:
    return read_code(place.text, is_expression=place.is_expression).used


def _conditions(process: Process, node: Node) -> Iterator[CodePlace]:
    for scope in process.scopes():
        for flow in scope.flows:
            condition = find_child(flow.element, "conditionExpression")
            if flow.source == node.id and condition is not None:
                yield CodePlace(condition.text or "", f"condition on {flow.label}", condition)


def _decision_inputs(node: Node, roots: Mapping[str, Element]) -> frozenset[str]:
    called = find_extension(node.element, "calledDecisionId")
    if node.kind != "businessRuleTask" or called is None:
        return frozenset()
    tables = {name: root for name, root in roots.items() if name.endswith(".dmn")}
    for decision in read_decision_files(tables).decisions:
        if decision.key == (called.text or "").strip():
            return frozenset(decision.inputs)
    return frozenset()
