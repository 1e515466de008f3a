"""Play a scope with tokens, whatever the data: does a join starve, is work done twice?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import GATEWAYS, Flow, Node, Process, Scope

MAX_WORK = 100_000  # tokens looked at for one scope; a larger game is left undecided

_UNPLAYABLE = ("inclusiveGateway", "complexGateway")
_CHOOSING = ("exclusiveGateway", "eventBasedGateway")

Marking = frozenset[str]
"""Where the tokens are: ids of flows."""


@dataclass(frozen=True)
class _Move:
    taken: Marking
    given: tuple[Flow, ...] = ()
    is_last: bool = False


def check_tokens(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find parallel joins that may wait for ever, and elements that may run twice."""
    for scope in process.scopes():
        if not scope.of_kind(*_UNPLAYABLE) and len(scope.of_kind("startEvent")) == 1:
            yield from _Game(process, scope).play()


class _Game:
    """One scope, from its start; only a choice of the diagram is a choice of the game."""

    def __init__(self, process: Process, scope: Scope) -> None:
        self._process = process
        self._scope = scope
        self._flows = {flow.id: flow for flow in scope.flows}
        self._starved: dict[str, Node] = {}
        self._doubled: dict[str, Node] = {}

    def play(self) -> Iterator[Problem]:
        """Go through every marking, and tell what went wrong in some."""
        [start] = self._scope.of_kind("startEvent")
        if self._explore(self._put(frozenset(), self._scope.outgoing(start))):
            yield from map(self._starving, self._starved.values())
            yield from map(self._doubling, self._doubled.values())

    def _explore(self, first: Marking) -> bool:
        seen = {first}
        waiting = [first]
        work = 0
        while waiting:
            marking = waiting.pop()
            moves = list(self._moves(marking))
            if not moves:
                self._starved.update({place: self._target(place) for place in marking})
            for move in moves:
                work += len(marking) + 1
                if work > MAX_WORK:
                    return False
                following = self._follow(marking, move)
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return True

    def _follow(self, marking: Marking, move: _Move) -> Marking:
        return frozenset() if move.is_last else self._put(marking - move.taken, move.given)

    def _put(self, marking: Marking, flows: Iterable[Flow]) -> Marking:
        places = set(marking)
        for flow in flows:
            place = self._run_on(flow)
            if place in places:
                self._doubled[flow.target] = self._scope.nodes[flow.target]
            elif place != flow.id or not self._is_plain_end(self._target(place)):
                places.add(place)
        return frozenset(places)

    def _moves(self, marking: Marking) -> Iterator[_Move]:
        for place in sorted(marking):
            node = self._target(place)
            if node.kind == "parallelGateway":
                needed = frozenset(flow.id for flow in self._scope.incoming(node))
                if needed <= marking and place == min(needed):
                    yield _Move(needed, tuple(self._scope.outgoing(node)))
            else:
                yield from self._moves_of(node, frozenset({place}))

    def _moves_of(self, node: Node, taken: Marking) -> Iterator[_Move]:
        ways = self._scope.outgoing(node)
        if node.kind in _CHOOSING:
            yield from (_Move(taken, (way,)) for way in ways)
        else:
            yield _Move(taken, tuple(ways), is_last=self._ends_all(node))
        for event in self._interrupting(node):
            yield _Move(taken, tuple(self._scope.outgoing(event)))

    def _run_on(self, flow: Flow) -> str:
        """Follow a flow through elements at which nothing is decided."""
        seen = {flow.id}
        while self._is_plain(node := self._scope.nodes[flow.target]):
            [flow] = self._scope.outgoing(node)
            if flow.id in seen:
                break
            seen.add(flow.id)
        return flow.id

    def _is_plain(self, node: Node) -> bool:
        ways = (len(self._scope.incoming(node)), len(self._scope.outgoing(node)))
        return ways == (1, 1) and node.kind not in GATEWAYS and not self._interrupting(node)

    def _is_plain_end(self, node: Node) -> bool:
        return not self._scope.outgoing(node) and not self._ends_all(node)

    def _ends_all(self, node: Node) -> bool:
        kinds = ("terminate", "error", "cancel")
        return node.kind == "endEvent" and any(node.has_definition(kind) for kind in kinds)

    def _interrupting(self, node: Node) -> list[Node]:
        return [
            event
            for event in self._scope.boundary_events(node)
            if event.element.get("cancelActivity", "true") == "true"
        ]

    def _target(self, place: str) -> Node:
        return self._scope.nodes[self._flows[place].target]

    def _starving(self, join: Node) -> Problem:
        return build_problem(
            self._process.file,
            join.element,
            "join-may-starve",
            f"{join.label} waits for all its flows, but after some choices not all of them come, "
            "and the case would stay there; join what a choice split with an exclusive gateway.",
        )

    def _doubling(self, node: Node) -> Problem:
        return build_problem(
            self._process.file,
            node.element,
            "work-done-twice",
            f"Two branches may reach {node.label}, which then runs twice; join parallel branches "
            "with a parallel gateway before it.",
        )
