"""The automaton that runs a pattern: states, and the parts of a pattern that build them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from ssflow.errors import InvalidInputError

MAX_STATES = 500
LAST_CHARACTER = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]


class PatternError(InvalidInputError):
    """The pattern is malformed, too large, or asks for what needs backtracking."""


@dataclass(frozen=True)
class State:
    """One state of the automaton: a test of one character, an anchor, or a free choice."""

    targets: tuple[int, ...]
    ranges: Ranges | None = None
    anchor: str = ""


class Machine:
    """The states that a pattern is made of."""

    ACCEPT = 0
    """The state in which the pattern was found."""

    def __init__(self) -> None:
        self._states: list[State] = [State(())]

    def add(self, state: State) -> int:
        """Add a state and give its number."""
        if len(self._states) >= MAX_STATES:
            raise PatternError("The pattern is too large: repeat less.")
        self._states.append(state)
        return len(self._states) - 1

    def replace(self, number: int, state: State) -> None:
        """Put another state in the place of one."""
        self._states[number] = state

    def move(self, states: Iterable[int], code: int) -> list[int]:
        """Give the states behind those whose test the character passes."""
        return [
            target
            for number in states
            for target in self._states[number].targets
            if any(low <= code <= high for low, high in self._states[number].ranges or ())
        ]

    def close(
        self, states: Iterable[int], *, is_at_start: bool = False, is_at_end: bool = False
    ) -> frozenset[int]:
        """Add every state that is reached without reading a character."""
        reached: set[int] = set()
        waiting = list(states)
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            state = self._states[number]
            is_open = {"": state.ranges is None, "^": is_at_start, "$": is_at_end}[state.anchor]
            if is_open:
                waiting.extend(state.targets)
        return frozenset(reached)


class Node(ABC):
    """A part of a pattern; `build` puts it in front of the state `after`."""

    @abstractmethod
    def build(self, machine: Machine, after: int) -> int:
        """Add the states and give the first."""


@dataclass(frozen=True)
class Characters(Node):
    """One character out of ranges."""

    ranges: Ranges

    def build(self, machine: Machine, after: int) -> int:
        """Add the states and give the first."""
        return machine.add(State((after,), ranges=self.ranges))


@dataclass(frozen=True)
class Anchor(Node):
    """The start or the end of the text."""

    sign: str

    def build(self, machine: Machine, after: int) -> int:
        """Add the states and give the first."""
        return machine.add(State((after,), anchor=self.sign))


@dataclass(frozen=True)
class Sequence(Node):
    """Parts, one after another."""

    parts: tuple[Node, ...]

    def build(self, machine: Machine, after: int) -> int:
        """Add the states and give the first."""
        for part in reversed(self.parts):
            after = part.build(machine, after)
        return after


@dataclass(frozen=True)
class Choice(Node):
    """Any one of several branches."""

    branches: tuple[Node, ...]

    def build(self, machine: Machine, after: int) -> int:
        """Add the states and give the first."""
        return machine.add(State(tuple(b.build(machine, after) for b in self.branches)))


@dataclass(frozen=True)
class Repeat(Node):
    """A part, so many times; without `most` any number of times."""

    part: Node
    least: int
    most: int | None

    def build(self, machine: Machine, after: int) -> int:
        """Add the states and give the first."""
        entry = self._build_loop(machine, after) if self.most is None else after
        for _ in range((self.most or self.least) - self.least):
            entry = machine.add(State((self.part.build(machine, entry), after)))
        for _ in range(self.least):
            entry = self.part.build(machine, entry)
        return entry

    def _build_loop(self, machine: Machine, after: int) -> int:
        loop = machine.add(State((after,)))
        machine.replace(loop, State((self.part.build(machine, loop), after)))
        return loop


def complement(ranges: Ranges) -> Ranges:
    """Give every character that is in none of the ranges."""
    gaps: list[tuple[int, int]] = []
    free = 0
    for low, high in sorted(ranges):
        if low > free:
            gaps.append((free, low - 1))
        free = max(free, high + 1)
    if free <= LAST_CHARACTER:
        gaps.append((free, LAST_CHARACTER))
    return tuple(gaps)
