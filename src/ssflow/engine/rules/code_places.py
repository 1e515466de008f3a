"""Where code stands in a process: scripts, conditions, timers, loops, payloads, properties."""

from collections.abc import Iterator
from dataclasses import dataclass

from ssflow.engine.rules.extensions import (
    find_extension,
    find_operator,
    list_extensions,
    list_properties,
)
from ssflow.engine.rules.tree import Node, Process, find_child
from ssflow.engine.xml_reading import BPMN, SPIFF, Element, get_line, get_local_name

_CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
_TIMES = ("timeDate", "timeDuration", "timeCycle")


@dataclass(frozen=True)
class CodePlace:
    """One piece of code, and what it is to its author."""

    text: str
    what: str
    element: Element
    is_expression: bool = True

    def line_of(self, line: int) -> int | None:
        """Turn a line of the code, counted from 1, into a line of the file."""
        start = get_line(self.element)
        if start is None or self.element.tag == f"{{{SPIFF}}}property":
            return start
        blank = self.text[: len(self.text) - len(self.text.lstrip())] if self.is_expression else ""
        last = self.text.rstrip().count("\n")
        return start + min(blank.count("\n") + line - 1, last)


def list_code(process: Process) -> Iterator[CodePlace]:
    """List all code of a process."""
    yield from _properties(process.element, f'process "{process.key}"')
    for scope in process.scopes():
        for node in scope.nodes.values():
            yield from _code_of_node(node)
        for flow in scope.flows:
            condition = find_child(flow.element, "conditionExpression")
            if condition is not None and scope.nodes[flow.source].kind in _CHOOSING:
                yield _expression(condition, f"condition on {flow.label}")


def list_shared_code(root: Element) -> Iterator[CodePlace]:
    """List the code beside the processes of a file: correlations, and payloads of errors."""
    for expression in root.iter(f"{{{BPMN}}}correlationPropertyRetrievalExpression"):
        for child in expression:
            if get_local_name(child) in ("messagePath", "formalExpression"):
                yield CodePlace(child.text or "", "message path of the correlation", child)
    for kind in ("error", "escalation", "signal"):
        for element in root.iterchildren(f"{{{BPMN}}}{kind}"):
            payload = find_extension(element, "payloadExpression")
            if payload is not None:
                yield _expression(payload, f'payload of the {kind} "{element.get("name")}"')


def list_node_code(node: Node) -> Iterator[CodePlace]:
    """List the code of one node, without that of nodes inside it."""
    return _code_of_node(node)


def _code_of_node(node: Node) -> Iterator[CodePlace]:
    yield from _scripts(node)
    yield from _loops(node)
    yield from _events(node)
    yield from _parameters(node)
    yield from _properties(node.element, node.label)


def _expression(element: Element, what: str) -> CodePlace:
    return CodePlace(element.text or "", what, element)


def _scripts(node: Node) -> Iterator[CodePlace]:
    if node.kind == "scriptTask":
        script = find_child(node.element, "script")
        element = node.element if script is None else script
        text = "" if script is None else script.text or ""
        yield CodePlace(text, f"script of {node.label}", element, is_expression=False)
    for kind, what in (("preScript", "pre-script"), ("postScript", "post-script")):
        found = find_extension(node.element, kind)
        if found is not None and (found.text or "").strip():
            text = found.text or ""
            yield CodePlace(text, f"{what} of {node.label}", found, is_expression=False)


def _loops(node: Node) -> Iterator[CodePlace]:
    several = find_child(node.element, "multiInstanceLoopCharacteristics")
    standard = find_child(node.element, "standardLoopCharacteristics")
    for around, kind, what in (
        (several, "loopCardinality", "number of rounds"),
        (several, "completionCondition", "completion condition"),
        (standard, "loopCondition", "loop condition"),
    ):
        found = None if around is None else find_child(around, kind)
        if found is not None:
            yield _expression(found, f"{what} of {node.label}")


def _events(node: Node) -> Iterator[CodePlace]:
    for definition in node.definitions:
        for kind in (*_TIMES, "condition"):
            found = find_child(definition, kind)
            if found is not None:
                yield _expression(
                    found, f"{'condition' if kind == 'condition' else 'time'} of {node.label}"
                )
        yield from _message(definition, node)
    if node.kind in ("sendTask", "receiveTask") and not node.definitions:
        yield from _message(node.element, node)


def _message(place: Element, node: Node) -> Iterator[CodePlace]:
    for payload in list_extensions(place, "messagePayload"):
        yield _expression(payload, f"payload of {node.label}")
    for correlation in place.iter(f"{{{SPIFF}}}processVariableCorrelation"):
        for expression in correlation.iter(f"{{{SPIFF}}}expression"):
            yield _expression(expression, f"correlation of {node.label}")


def _parameters(node: Node) -> Iterator[CodePlace]:
    operator = find_operator(node.element) if node.kind == "serviceTask" else None
    for parameter in operator.parameters if operator else ():
        if parameter.value is not None:
            what = f'parameter "{parameter.id}" of {node.label}'
            yield CodePlace(parameter.value, what, parameter.element)


def _properties(element: Element, owner: str) -> Iterator[CodePlace]:
    for one in list_properties(element):
        if one.expression is not None:
            yield CodePlace(one.expression, f'property "{one.name}" of {owner}', one.element)
