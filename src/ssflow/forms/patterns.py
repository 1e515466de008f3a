"""Patterns for text fields that run in linear time, whatever pattern and text they meet."""

from collections.abc import Iterable
from dataclasses import dataclass

from ssflow.errors import InvalidInputError

MAX_PATTERN_LENGTH = 500
MAX_STATES = 500
_MAX_GROUPS_DEEP = 20
_MAX_REMEMBERED_STEPS = 4_096
_LAST_CHARACTER = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]

_DIGITS: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Ranges = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
_LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}


class PatternError(InvalidInputError):
    """The pattern is malformed, too large, or asks for what needs backtracking."""


def parse_pattern(text: str) -> "Pattern":
    """Read a regular expression of the kind that a finite automaton can run.

    Raises:
        PatternError: with the reason as a sentence.
    """
    if len(text) > MAX_PATTERN_LENGTH:
        raise PatternError(f"A pattern has at most {MAX_PATTERN_LENGTH} characters.")
    return Pattern(text, _Parser(text).parse())


class Pattern:
    """A regular expression that is looked for anywhere in a text."""

    def __init__(self, text: str, node: "_Node") -> None:
        self.text = text
        self._machine = _Machine()
        self._start = node.build(self._machine, self._machine.ACCEPT)
        self._begin = self._machine.close([self._start], is_at_start=True)
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def is_found_in(self, text: str) -> bool:
        """Say whether some part of the text matches."""
        states = self._begin
        for character in text:
            if _Machine.ACCEPT in states:
                return True
            states = self._step(states, character)
        return _Machine.ACCEPT in self._machine.close(states, is_at_start=not text, is_at_end=True)

    def _step(self, states: frozenset[int], character: str) -> frozenset[int]:
        known = self._steps.get((states, character))
        if known is not None:
            return known
        if len(self._steps) >= _MAX_REMEMBERED_STEPS:
            self._steps.clear()
        reached = self._machine.close([*self._machine.move(states, ord(character)), self._start])
        self._steps[(states, character)] = reached
        return reached


@dataclass(frozen=True)
class _State:
    """One state of the automaton: a test of one character, an anchor, or a free choice."""

    targets: tuple[int, ...]
    ranges: Ranges | None = None
    anchor: str = ""


class _Machine:
    ACCEPT = 0

    def __init__(self) -> None:
        self._states: list[_State] = [_State(())]

    def add(self, state: _State) -> int:
        if len(self._states) >= MAX_STATES:
            raise PatternError("The pattern is too large: repeat less.")
        self._states.append(state)
        return len(self._states) - 1

    def replace(self, number: int, state: _State) -> None:
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


class _Node:
    """A part of a pattern; `build` puts it in front of the state `after`."""

    def build(self, machine: _Machine, after: int) -> int:
        raise NotImplementedError


@dataclass(frozen=True)
class _Characters(_Node):
    ranges: Ranges

    def build(self, machine: _Machine, after: int) -> int:
        return machine.add(_State((after,), ranges=self.ranges))


@dataclass(frozen=True)
class _Anchor(_Node):
    sign: str

    def build(self, machine: _Machine, after: int) -> int:
        return machine.add(_State((after,), anchor=self.sign))


@dataclass(frozen=True)
class _Sequence(_Node):
    parts: tuple[_Node, ...]

    def build(self, machine: _Machine, after: int) -> int:
        for part in reversed(self.parts):
            after = part.build(machine, after)
        return after


@dataclass(frozen=True)
class _Choice(_Node):
    branches: tuple[_Node, ...]

    def build(self, machine: _Machine, after: int) -> int:
        return machine.add(_State(tuple(b.build(machine, after) for b in self.branches)))


@dataclass(frozen=True)
class _Repeat(_Node):
    part: _Node
    least: int
    most: int | None

    def build(self, machine: _Machine, after: int) -> int:
        entry = self._build_loop(machine, after) if self.most is None else after
        for _ in range((self.most or self.least) - self.least):
            entry = machine.add(_State((self.part.build(machine, entry), after)))
        for _ in range(self.least):
            entry = self.part.build(machine, entry)
        return entry

    def _build_loop(self, machine: _Machine, after: int) -> int:
        loop = machine.add(_State((after,)))
        machine.replace(loop, _State((self.part.build(machine, loop), after)))
        return loop


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> _Node:
        node = self._choice()
        if self._at < len(self._text):
            raise PatternError("The pattern has a “)” without a “(”.")
        return node

    def _choice(self) -> _Node:
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else _Choice(tuple(branches))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated())
        return _Sequence(tuple(parts))

    def _repeated(self) -> _Node:
        part = self._atom()
        bounds = self._bounds()
        if bounds is None:
            return part
        if isinstance(part, _Anchor):
            raise PatternError("The pattern repeats an anchor.")
        # A lazy quantifier finds the same texts: only whether it matches is asked.
        self._take("?")
        if self._bounds() is not None:
            raise PatternError("The pattern repeats a repetition: put it in brackets.")
        return _Repeat(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if not self._take("{"):
            return None
        least = self._number()
        most: int | None = least
        if self._take(","):
            most = None if self._peek() == "}" else self._number()
        if not self._take("}") or (most is not None and most < least):
            raise PatternError(
                "The pattern has a malformed “{…}”; write “\\{” for the sign itself."
            )
        return least, most

    def _number(self) -> int:
        start = self._at
        while self._peek() and self._peek() in "0123456789":
            self._at += 1
        digits = self._text[start : self._at]
        if not digits or len(digits) > 4:
            raise PatternError(
                "The pattern has a malformed “{…}”; write “\\{” for the sign itself."
            )
        return int(digits)

    def _atom(self) -> _Node:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "[":
            return _Characters(self._set())
        if sign in "^$":
            return _Anchor(sign)
        if sign == ".":
            return _Characters(_complement(_LINE_ENDS))
        if sign == "\\":
            return _Characters(self._escape())
        if sign in "*+?{":
            raise PatternError(f"The pattern has “{sign}” with nothing before it to repeat.")
        return _Characters(((ord(sign), ord(sign)),))

    def _group(self) -> _Node:
        if self._take("?") and not self._take(":"):
            raise PatternError("Look-around and named groups are not supported in a pattern.")
        self._depth += 1
        if self._depth > _MAX_GROUPS_DEEP:
            raise PatternError(f"A pattern nests at most {_MAX_GROUPS_DEEP} groups.")
        node = self._choice()
        if not self._take(")"):
            raise PatternError("The pattern has a “(” without a “)”.")
        self._depth -= 1
        return node

    def _set(self) -> Ranges:
        is_negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        while self._peek() != "]":
            ranges.extend(self._set_item())
        self._next()
        return _complement(tuple(ranges)) if is_negated else tuple(ranges)

    def _set_item(self) -> Ranges:
        first = self._set_character()
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return first
        self._next()
        last = self._set_character()
        is_range = len(first) == len(last) == 1 and first[0][0] == first[0][1] <= last[0][0]
        if not is_range or last[0][0] != last[0][1]:
            raise PatternError("The pattern has a malformed range in “[…]”.")
        return ((first[0][0], last[0][0]),)

    def _set_character(self) -> Ranges:
        sign = self._next()
        return self._escape() if sign == "\\" else ((ord(sign), ord(sign)),)

    def _escape(self) -> Ranges:
        sign = self._next()
        if sign.lower() in "dws":
            ranges = {"d": _DIGITS, "w": _WORD, "s": _SPACE}[sign.lower()]
            return _complement(ranges) if sign.isupper() else ranges
        if sign == "u":
            return self._code()
        if sign.isascii() and sign.isalnum() and sign not in _CONTROLS:
            raise PatternError(f"“\\{sign}” is not supported in a pattern.")
        code = _CONTROLS.get(sign, ord(sign))
        return ((code, code),)

    def _code(self) -> Ranges:
        digits = self._text[self._at : self._at + 4]
        if len(digits) != 4 or any(d not in "0123456789abcdefABCDEF" for d in digits):
            raise PatternError("“\\u” in a pattern takes four hexadecimal digits.")
        self._at += 4
        return ((int(digits, 16), int(digits, 16)),)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> bool:
        is_there = self._peek() == sign
        self._at += is_there
        return is_there

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise PatternError("The pattern ends too early.")
        self._at += 1
        return self._text[self._at - 1]


def _complement(ranges: Ranges) -> Ranges:
    """Give every character that is in none of the ranges."""
    gaps: list[tuple[int, int]] = []
    free = 0
    for low, high in sorted(ranges):
        if low > free:
            gaps.append((free, low - 1))
        free = max(free, high + 1)
    if free <= _LAST_CHARACTER:
        gaps.append((free, _LAST_CHARACTER))
    return tuple(gaps)
