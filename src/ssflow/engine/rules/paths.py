"""Paths: one start, everything reachable, and from everywhere a way to an end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process, Scope, is_true

MAX_PATH_LENGTH = 200  # the engine's parser calls itself once for each step


def check_paths(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find scopes that do not begin or end, and nodes that are off the path between."""
    for scope in process.scopes():
        if scope.kind == "adHocSubProcess":
            continue  # refused by another rule, and without an order of its own
        starts = scope.of_kind("startEvent")
        yield from _check_starts(process, scope, starts)
        yield from _check_reachable(process, scope, starts)
        yield from _check_ends(process, scope)
        yield from _check_length(process, scope, starts)


def find_reachable(scope: Scope, starts: Iterable[Node]) -> dict[str, Node]:
    """Find all nodes on the paths from some nodes, these included."""
    found = {node.id: node for node in starts}
    waiting = list(found.values())
    while waiting:
        for node in scope.successors(waiting.pop()):
            if node.id not in found:
                found[node.id] = node
                waiting.append(node)
    return found


def _check_starts(process: Process, scope: Scope, starts: Sequence[Node]) -> Iterator[Problem]:
    if not starts:
        yield build_problem(
            process.file,
            scope.element,
            "no-start-event",
            f"The {scope.label} has no start event; draw one.",
        )
    for extra in starts[1:]:
        yield build_problem(
            process.file,
            extra.element,
            "several-start-events",
            f"The {scope.label} has more than one start event, and the first to fire "
            "would cancel the others; keep one, or draw a process for each.",
        )


def _check_reachable(process: Process, scope: Scope, starts: Sequence[Node]) -> Iterator[Problem]:
    triggered = [node for node in scope.nodes.values() if _begins_by_itself(node)]
    reachable = find_reachable(scope, [*starts, *triggered])
    for node in scope.nodes.values():
        if starts and node.id not in reachable:
            yield build_problem(
                process.file,
                node.element,
                "unreachable-element",
                f"No path leads from the start to {node.label}; connect it or delete it.",
            )


def _check_ends(process: Process, scope: Scope) -> Iterator[Problem]:
    if not scope.of_kind("endEvent"):
        yield build_problem(
            process.file,
            scope.element,
            "no-end-event",
            f"The {scope.label} has no end event, so it never completes; draw one.",
        )
        return
    dead_ends = [node for node in scope.nodes.values() if _is_dead_end(scope, node)]
    for node in dead_ends:
        yield build_problem(
            process.file,
            node.element,
            "dead-end",
            f"Nothing follows {node.label}, so a case would stay there; lead a flow to an end "
            "event.",
        )
    yield from _check_loops(process, scope, dead_ends)


def _is_dead_end(scope: Scope, node: Node) -> bool:
    ends_by_itself = node.kind == "endEvent" or _begins_by_itself(node) or _jumps(node)
    return not ends_by_itself and not scope.outgoing(node)


def _begins_by_itself(node: Node) -> bool:
    """Tell whether no flow leads there: an event starts it, a link, or what it takes back."""
    is_link = node.kind == "intermediateCatchEvent" and node.has_definition("link")
    return node.is_event_sub_process or is_link or is_true(node.element.get("isForCompensation"))


def _jumps(node: Node) -> bool:
    """Tell whether no flow leaves it, though it is no end: another rule refuses these."""
    return node.has_definition("link") or node.has_definition("compensate")


def _check_loops(process: Process, scope: Scope, dead_ends: Sequence[Node]) -> Iterator[Problem]:
    before = _predecessors(scope)
    ends = [*scope.of_kind("endEvent"), *dead_ends]
    ends += [n for n in scope.nodes.values() if _begins_by_itself(n) or _jumps(n)]
    leaving = _find_leading_to(before, ends)
    stuck = [node for node in scope.nodes.values() if node.id not in leaving]
    if stuck:
        yield build_problem(
            process.file,
            stuck[0].element,
            "endless-loop",
            f"From {stuck[0].label} no path leads to an end event; give the loop a way out.",
        )


def _predecessors(scope: Scope) -> Mapping[str, list[Node]]:
    before: dict[str, list[Node]] = {}
    for node in scope.nodes.values():
        for following in scope.successors(node):
            before.setdefault(following.id, []).append(node)
    return before


def _find_leading_to(before: Mapping[str, list[Node]], ends: Sequence[Node]) -> set[str]:
    found = {node.id for node in ends}
    waiting = list(found)
    while waiting:
        for node in before.get(waiting.pop(), []):
            if node.id not in found:
                found.add(node.id)
                waiting.append(node.id)
    return found


def _check_length(process: Process, scope: Scope, starts: Sequence[Node]) -> Iterator[Problem]:
    """Follow the order in which the engine's parser walks, and measure how deep it goes."""
    seen: set[str] = set()
    waiting = [(node, 1) for node in starts[:1]]
    while waiting:
        node, depth = waiting.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        if depth > MAX_PATH_LENGTH:
            yield build_problem(
                process.file,
                node.element,
                "path-too-long",
                f"More than {MAX_PATH_LENGTH} elements lie on one path up to {node.label}; put "
                "parts of it into sub-processes or called processes.",
            )
            return
        waiting.extend((following, depth + 1) for following in reversed(scope.successors(node)))
