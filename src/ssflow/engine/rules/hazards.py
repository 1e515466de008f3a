"""Drawings that run, but in which data or work is easily lost: warnings."""

from collections import Counter
from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.code_places import list_node_code
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.paths import find_reachable
from ssflow.engine.rules.python_code import read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process, Scope, find_child
from ssflow.engine.rules.variables import list_written_names

_SPLITTING = ("parallelGateway", "inclusiveGateway")


def check_hazards(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find parallel writes, dropped data and branches that outlive their process."""
    for scope in process.scopes():
        for gateway in scope.of_kind(*_SPLITTING):
            yield from _check_parallel_writes(process, bundle, scope, gateway)
        for event in scope.of_kind("boundaryEvent"):
            yield from _check_boundary(process, bundle, scope, event)
        for node in scope.nodes.values():
            if node.is_multi_instance:
                yield from _check_item(process, bundle, scope, node)


def _check_parallel_writes(
    process: Process, bundle: Bundle, scope: Scope, gateway: Node
) -> Iterator[Problem]:
    targets = {flow.target for flow in scope.outgoing(gateway)}
    branches = [find_reachable(scope, [scope.nodes[target]]) for target in sorted(targets)]
    branches_of = Counter(identifier for branch in branches for identifier in branch)
    writers: Counter[str] = Counter()
    for branch in branches:
        own = [scope.nodes[identifier] for identifier in branch if branches_of[identifier] == 1]
        writers.update(set().union(*(_written_within(scope, node, bundle) for node in own)))
    shared = {name for name, count in writers.items() if count > 1}
    if shared:
        yield build_problem(
            process.file,
            gateway.element,
            "parallel-writes",
            f"Branches behind {gateway.label} write the same variables "
            f"({', '.join(sorted(shared))}), and the last one wins; let each write its own.",
        )


def _check_boundary(
    process: Process, bundle: Bundle, scope: Scope, event: Node
) -> Iterator[Problem]:
    host = scope.nodes.get(event.attached_to or "")
    interrupts = event.element.get("cancelActivity", "true") == "true"
    if host is None:
        return
    if not interrupts:
        yield from _check_outliving(process, scope, event)
        return
    if host.is_multi_instance and event.has_definition("timer"):
        yield build_problem(
            process.file,
            event.element,
            "timer-on-multi-instance",
            f"When the timer {event.label} fires, the results collected by {host.label} are lost; "
            "put the timer inside, next to the activity of each round.",
        )
    elif _find_inner(scope, host) is not None:
        yield from _check_dropped_data(process, bundle, scope, event, host)


def _check_outliving(process: Process, scope: Scope, event: Node) -> Iterator[Problem]:
    branch = find_reachable(scope, [event])
    works = any(_holds_user_task(scope, node) for node in branch.values())
    ends = scope.of_kind("endEvent")
    if works and not any(end.has_definition("terminate") for end in ends):
        yield build_problem(
            process.file,
            event.element,
            "branch-outlives-end",
            f"A user task behind {event.label} keeps the case open after the main path has ended; "
            "make the main end event a terminate end event.",
        )


def _check_dropped_data(
    process: Process, bundle: Bundle, scope: Scope, event: Node, host: Node
) -> Iterator[Problem]:
    inside = _written_within(scope, host, bundle)
    within = {node.id for node in _nodes_within(scope, host)}
    for node in process.nodes():
        if node.id not in within:
            inside -= list_written_names(node, bundle)
    used: set[str] = set()
    for node in find_reachable(scope, [event]).values():
        used |= _used_within(scope, node)
    lost = inside & used
    if lost:
        yield build_problem(
            process.file,
            event.element,
            "sub-process-data-dropped",
            f"{event.label} drops what was written inside {host.label}, but "
            f"{', '.join(sorted(lost))} is used behind it; save it to a record inside, or set it "
            "before.",
        )


def _check_item(process: Process, bundle: Bundle, scope: Scope, node: Node) -> Iterator[Problem]:
    several = find_child(node.element, "multiInstanceLoopCharacteristics")
    within = {inner.id for inner in _nodes_within(scope, node)}
    written: set[str] = set()
    for other in process.nodes():
        if other.id not in within:
            written |= list_written_names(other, bundle)
    for kind in ("inputDataItem", "outputDataItem"):
        item = None if several is None else find_child(several, kind)
        name = None if item is None else item.get("id")
        if name in written:
            yield build_problem(
                process.file,
                node.element,
                "multi-instance-item-taken",
                f'The item "{name}" of {node.label} is a variable elsewhere too, and the engine '
                "stops when it exists already; choose a name that only this activity uses.",
            )


def _find_inner(scope: Scope, node: Node) -> Scope | None:
    return next((inner for inner in scope.inner if inner.element is node.element), None)


def _nodes_within(scope: Scope, node: Node) -> Iterator[Node]:
    yield node
    inner = _find_inner(scope, node)
    for child in inner.nodes.values() if inner else ():
        yield from _nodes_within(inner, child) if inner else ()


def _written_within(scope: Scope, node: Node, bundle: Bundle) -> set[str]:
    """Names that come out of a node: of a multi-instance activity only its collection."""
    several = find_child(node.element, "multiInstanceLoopCharacteristics")
    if several is not None:
        collection = find_child(several, "loopDataOutputRef")
        return set() if collection is None else {(collection.text or "").strip()}
    written = list_written_names(node, bundle)
    inner = _find_inner(scope, node)
    for child in inner.nodes.values() if inner else ():
        written |= _written_within(inner, child, bundle) if inner else set()
    return written


def _used_within(scope: Scope, node: Node) -> set[str]:
    used: set[str] = set()
    for one in _nodes_within(scope, node):
        for place in list_node_code(one):
            used |= read_code(place.text, is_expression=place.is_expression).used
    for flow in scope.outgoing(node):
        if flow.condition:
            used |= read_code(flow.condition, is_expression=True).used
    return used


def _holds_user_task(scope: Scope, node: Node) -> bool:
    return any(one.kind == "userTask" for one in _nodes_within(scope, node))
