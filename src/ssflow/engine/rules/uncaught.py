"""Errors and cancellations that leave a sub-process: somebody around it has to catch them."""

from collections.abc import Iterator, Sequence

from ssflow.engine.problems import Problem
from ssflow.engine.rules.calls import list_called_processes
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process, Scope
from ssflow.engine.xml_reading import BPMN, Element


def check_uncaught(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find ends by error or cancel after which the case would go on as if all were well."""
    root = bundle.roots[process.file]
    yield from _check_scope(process, root, process.scope, [])
    called = {key for one in bundle.processes for key in list_called_processes(one)}
    for node, code in _escaping_calls(process, bundle, {}):
        if process.key not in called:  # else whoever calls this process may catch it
            told = f'the error "{code}"' if code else "an error"
            yield build_problem(
                process.file,
                node.element,
                "called-error-uncaught",
                f"{node.label} calls a process that may end with {told}, which no error boundary "
                "event around it catches; the case would go on as if all were well. Attach one.",
            )


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


_Known = dict[str, set[str | None]]


def _escaping(process: Process, bundle: Bundle, known: _Known) -> set[str | None]:
    """Tell with which errors a process may end, those of processes that it calls included."""
    if process.key not in known:
        known[process.key] = set()  # for a process that calls itself, which another rule refuses
        root = bundle.roots[process.file]
        ends = [one for one in process.scope.of_kind("endEvent") if one.has_definition("error")]
        own = {code for end in ends for code in _codes(root, end)}
        through = {code for _, code in _escaping_calls(process, bundle, known)}
        known[process.key] = own | through
    return known[process.key]


def _escaping_calls(
    process: Process, bundle: Bundle, known: _Known
) -> Iterator[tuple[Node, str | None]]:
    """List the calls of a process that let an error through, with its code."""
    root = bundle.roots[process.file]
    for node, around in _list_calls(process.scope, []):
        called = bundle.find_process(node.element.get("calledElement") or "")
        catching = [e for events in around for e in events if e.has_definition("error")]
        caught = {code for event in catching for code in _codes(root, event)}
        for code in sorted(_escaping(called, bundle, known) if called else (), key=str):
            if None not in caught and code not in caught:
                yield node, code


def _list_calls(
    scope: Scope, around: Sequence[Sequence[Node]]
) -> Iterator[tuple[Node, list[Sequence[Node]]]]:
    """List call activities, each with the boundary events of itself and of the scopes around."""
    for node in scope.of_kind("callActivity"):
        yield node, [*around, scope.boundary_events(node)]
    for inner in scope.inner:
        host = scope.nodes.get(inner.id)
        events = scope.boundary_events(host) if host else ()
        yield from _list_calls(inner, [*around, events])


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
