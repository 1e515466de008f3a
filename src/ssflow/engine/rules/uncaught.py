"""Errors and cancellations that leave a sub-process: somebody around it has to catch them."""

from collections.abc import Iterator, Sequence

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process, Scope
from ssflow.engine.xml_reading import BPMN, Element


def check_uncaught(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find ends by error or cancel after which the case would go on as if all were well."""
    root = bundle.roots[process.file]
    yield from _check_scope(process, root, process.scope, [])


def _check_scope(
    process: Process, root: Element, scope: Scope, around: Sequence[Sequence[Node]]
) -> Iterator[Problem]:
    """Check a scope; `around` holds the boundary events of the scopes around it, inmost last."""
    for node in scope.of_kind("endEvent") if around else ():
        if node.has_definition("cancel") and not _catches(around[-1], "cancel"):
            yield build_problem(
                process.file,
                node.element,
                "cancel-never-caught",
                f"{node.label} cancels a transaction that has no cancel boundary event, so the "
                "case would go on as if all were well; attach one.",
            )
        elif node.has_definition("error") and not _is_caught(root, node, around):
            yield build_problem(
                process.file,
                node.element,
                "error-never-caught",
                f"No error boundary event around {node.label} catches its error, so the case would "
                "go on as if all were well; attach one to the sub-process.",
            )
    for inner in scope.inner:
        host = scope.nodes.get(inner.id)
        events = scope.boundary_events(host) if host else ()
        yield from _check_scope(process, root, inner, [*around, events])


def _catches(events: Sequence[Node], kind: str) -> bool:
    return any(event.has_definition(kind) for event in events)


def _is_caught(root: Element, end: Node, around: Sequence[Sequence[Node]]) -> bool:
    thrown = _codes(root, end)
    return any(
        None in _codes(root, event) or thrown & _codes(root, event)
        for events in around
        for event in events
        if event.has_definition("error")
    )


def _codes(root: Element, event: Node) -> set[str | None]:
    """Read the error codes of an event; an event without one catches every error."""
    references = {one.get("errorRef") for one in event.definitions}
    codes = {one.get("id"): one.get("errorCode") for one in root.iterchildren(f"{{{BPMN}}}error")}
    return {codes.get(reference) for reference in references}
