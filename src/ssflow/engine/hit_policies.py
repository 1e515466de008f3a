"""What the rows that hit make of a decision: one row's outputs, or all of them joined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ssflow.errors import InvalidInputError
from ssflow.feel.functions import FUNCTIONS
from ssflow.feel.values import Value, equal


class HitPolicy(StrEnum):
    """How many rows may hit, and which of them count."""

    UNIQUE = "UNIQUE"
    FIRST = "FIRST"
    PRIORITY = "PRIORITY"
    ANY = "ANY"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"
    COLLECT = "COLLECT"


class Aggregation(StrEnum):
    """What COLLECT makes of a column; without one it is a list."""

    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"


class DecisionError(InvalidInputError):
    """A decision has no outcome for these inputs; `rows` are those that led to it."""

    def __init__(
        self, message: str, *, rows: Sequence[int] = (), inputs: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.rows = tuple(rows)
        self.inputs = dict(inputs or {})


@dataclass(frozen=True, slots=True)
class Hit:
    """A row whose tests all passed, with its outputs in the order of the columns."""

    row: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Output:
    """A column of outcomes; `order` lists its values from the most to the least important."""

    name: str
    order: tuple[Value, ...] = ()

    def knows(self, value: Value) -> bool:
        """Tell whether the order names a value."""
        return any(equal(known, value) is True for known in self.order)

    def rank(self, hit: Hit, value: Value) -> int:
        """Tell the place of a value in the order; without an order all are the same.

        Raises:
            DecisionError: the order does not name it.
        """
        if not self.order:
            return 0
        for place, known in enumerate(self.order):
            if equal(known, value) is True:
                return place
        raise DecisionError(
            f'row {hit.row} gives "{self.name}" a value that is not among its output values.',
            rows=(hit.row,),
        )


@dataclass(frozen=True)
class Settlement:
    """A value for each output, and the rows behind them in the order that counts."""

    values: Mapping[str, Value]
    rows: tuple[int, ...]


def settle(
    policy: HitPolicy,
    aggregation: Aggregation | None,
    outputs: Sequence[Output],
    hits: Sequence[Hit],
) -> Settlement:
    """Apply a hit policy to the rows that hit; only COLLECT does without any.

    Raises:
        DecisionError: more hit than may, or their outputs do not fit the policy.
    """
    hits = _ARRANGE[policy](outputs, hits)
    rows = tuple(hit.row for hit in hits)
    columns = {o.name: [hit.values[i] for hit in hits] for i, o in enumerate(outputs)}
    if policy in _SINGLE:
        return Settlement({name: column[0] for name, column in columns.items()}, rows)
    if policy is HitPolicy.COLLECT and aggregation is not None:
        return Settlement({n: _aggregate(aggregation, c, n) for n, c in columns.items()}, rows)
    return Settlement(columns, rows)


def _keep(outputs: Sequence[Output], hits: Sequence[Hit]) -> Sequence[Hit]:
    return hits


def _require_one(outputs: Sequence[Output], hits: Sequence[Hit]) -> Sequence[Hit]:
    if len(hits) == 1:
        return hits
    rows = [hit.row for hit in hits]
    raise DecisionError(
        f"rows {_enumerate(rows)} all match, but with hit policy UNIQUE only one may.", rows=rows
    )


def _require_agreement(outputs: Sequence[Output], hits: Sequence[Hit]) -> Sequence[Hit]:
    first = hits[0]
    for hit in hits[1:]:
        if equal(list(hit.values), list(first.values)) is not True:
            raise DecisionError(
                f"rows {first.row} and {hit.row} match with different outputs, but with hit "
                "policy ANY they have to agree.",
                rows=(first.row, hit.row),
            )
    return hits


def _sort(outputs: Sequence[Output], hits: Sequence[Hit]) -> Sequence[Hit]:
    def rank(hit: Hit) -> list[int]:
        return [o.rank(hit, value) for o, value in zip(outputs, hit.values, strict=True)]

    return sorted(hits, key=rank)


_SINGLE = frozenset({HitPolicy.UNIQUE, HitPolicy.FIRST, HitPolicy.PRIORITY, HitPolicy.ANY})
_ARRANGE: dict[HitPolicy, Callable[[Sequence[Output], Sequence[Hit]], Sequence[Hit]]] = {
    HitPolicy.UNIQUE: _require_one,
    HitPolicy.FIRST: _keep,
    HitPolicy.PRIORITY: _sort,
    HitPolicy.ANY: _require_agreement,
    HitPolicy.RULE_ORDER: _keep,
    HitPolicy.OUTPUT_ORDER: _sort,
    HitPolicy.COLLECT: _keep,
}


def _aggregate(aggregation: Aggregation, column: list[Value], name: str) -> Value:
    if aggregation is Aggregation.COUNT:
        return len(column)
    outcome = FUNCTIONS[aggregation.value.lower()].call(column)
    if outcome is None and any(value is not None for value in column):
        raise DecisionError(
            f'{aggregation.value} of "{name}" has no outcome: some row that matches gives a value '
            "of another kind."
        )
    return outcome


def _enumerate(rows: Sequence[int]) -> str:
    return f"{', '.join(str(row) for row in rows[:-1])} and {rows[-1]}"
