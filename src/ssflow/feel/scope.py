"""What an evaluation can see, and how much work it may do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ssflow.feel.values import Value, exact, find_kind, to_json

MAX_ITEMS = 100_000

_CHARACTERS_PER_ITEM = 64


class TooMuchWorkError(Exception):
    """An evaluation has walked through `MAX_ITEMS` items of lists; its answer is null."""


@dataclass(slots=True)
class Run:
    """What one evaluation shares: the day, the items it may still visit, what did not fit."""

    today: date
    items_left: int = MAX_ITEMS
    mismatch: str | None = None

    def visit(self, value: Value) -> None:
        """Pay for walking through a list, the fields of a group or a text.

        Raises:
            TooMuchWorkError: nothing is left.
        """
        if isinstance(value, (list, dict)):
            self.items_left -= 1 + len(value)
        elif isinstance(value, str):
            self.items_left -= len(value) // _CHARACTERS_PER_ITEM
        if self.items_left < 0:
            raise TooMuchWorkError

    def visit_all(self, value: Value) -> None:
        """Pay for a value and all that is in it.

        Raises:
            TooMuchWorkError: nothing is left.
        """
        waiting = [value]
        while waiting:
            current = waiting.pop()
            self.visit(current)
            if isinstance(current, dict):
                waiting.extend(current.values())
            elif isinstance(current, list):
                waiting.extend(current)

    def note_mismatch(self, left: Value, sign: str, right: Value) -> None:
        """Remember the first two values that have no order, unless one is just missing."""
        if self.mismatch is None and left is not None and right is not None:
            kinds = f"{find_kind(left).value} with {find_kind(right).value}"
            self.mismatch = f"{_show(left)} {sign} {_show(right)} compares {kinds}"


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression can see: its own, then those around it."""

    names: Mapping[str, Value]
    run: Run
    outer: "Scope | None" = None

    def find(self, name: str) -> Value:
        """Give the value of a name; a missing one is null."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return exact(scope.names[name])
            scope = scope.outer
        return None

    def within(self, names: Mapping[str, Value]) -> "Scope":
        """Give a scope that has these names before its own."""
        return Scope(names, self.run, self)


def _show(value: Value) -> str:
    text = json.dumps(to_json(value), default=str, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
