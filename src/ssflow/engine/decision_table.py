"""Decision tables, ready to be evaluated: inputs, rows of tests, outputs and a hit policy."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ssflow.engine.hit_policies import Aggregation, DecisionError, Hit, HitPolicy, Output, settle
from ssflow.feel.expression import Expression, give_json
from ssflow.feel.scope import Run, Scope
from ssflow.feel.unary_tests import UnaryTests, UndecidableError
from ssflow.feel.values import Value, find_number

_SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Input:
    """A column that rows test; with `is_number` a text that is a number counts as one."""

    label: str
    expression: Expression
    is_number: bool = False

    def read(self, scope: Scope) -> Value:
        """Evaluate it."""
        value = self.expression.evaluate_in(scope)
        if self.is_number and isinstance(value, str):
            number = find_number(value)
            return value if number is None else number
        return value


@dataclass(frozen=True)
class Row:
    """A rule: tests by the place of their column, and what it puts out."""

    number: int
    tests: tuple[tuple[int, UnaryTests], ...]
    outputs: tuple[Expression | None, ...]


@dataclass(frozen=True)
class DecisionOutcome:
    """What a decision came to: JSON values by output, by which rows, from which inputs.

    `rows` count from 1 and stand in the order that counts: with PRIORITY the first decides.
    """

    values: dict[str, Any]
    rows: tuple[int, ...]
    inputs: dict[str, Any]


@dataclass(frozen=True)
class DecisionTable:
    """A decision of a DMN file; it keeps no state, so any thread may evaluate it."""

    key: str
    name: str
    policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    defaults: tuple[Expression | None, ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables that inputs, tests and outputs speak of."""
        return frozenset().union(*(part.names for part in self._parts()))

    def evaluate(self, variables: Mapping[str, Any], *, today: date) -> DecisionOutcome:
        """Find the rows that hit and apply the hit policy.

        Raises:
            DecisionError: there is no outcome; the error carries inputs and rows.
        """
        scope = Scope(variables, Run(today))
        values = [column.read(scope) for column in self.inputs]
        try:
            return self._decide(scope, values)
        except DecisionError as error:
            raise DecisionError(
                f'Decision "{self.name}": {error.message}',
                rows=error.rows,
                inputs=self._list_inputs(scope, values),
            ) from error

    def _decide(self, scope: Scope, values: Sequence[Value]) -> DecisionOutcome:
        hits = tuple(self._find_hits(scope, values))
        inputs = self._list_inputs(scope, values)
        if not hits and self._has_defaults:
            return DecisionOutcome(self._list_defaults(scope), (), inputs)
        if not hits and self.policy is not HitPolicy.COLLECT:
            raise DecisionError(f"no row matches {_show(inputs)}.")
        settlement = settle(self.policy, self.aggregation, self.outputs, hits)
        outcome = {name: give_json(value, scope) for name, value in settlement.values.items()}
        return DecisionOutcome(outcome, settlement.rows, inputs)

    def _find_hits(self, scope: Scope, values: Sequence[Value]) -> Iterator[Hit]:
        for row in self.rows:
            if self._is_hit(row, scope, values):
                yield Hit(row.number, tuple(_give(output, scope) for output in row.outputs))
                if self.policy is HitPolicy.FIRST:
                    return

    def _is_hit(self, row: Row, scope: Scope, values: Sequence[Value]) -> bool:
        for place, tests in row.tests:
            try:
                if not tests.pass_in(scope, values[place]):
                    return False
            except UndecidableError as error:
                raise DecisionError(
                    f'in row {row.number}, column "{self.inputs[place].label}", {error.message}',
                    rows=(row.number,),
                ) from error
        return True

    def _list_inputs(self, scope: Scope, values: Sequence[Value]) -> dict[str, Any]:
        pairs = zip(self.inputs, values, strict=True)
        return {column.expression.text: give_json(value, scope) for column, value in pairs}

    @property
    def _has_defaults(self) -> bool:
        return any(default is not None for default in self.defaults)

    def _list_defaults(self, scope: Scope) -> dict[str, Any]:
        pairs = zip(self.outputs, self.defaults, strict=True)
        return {output.name: give_json(_give(value, scope), scope) for output, value in pairs}

    def _parts(self) -> Iterator[Expression | UnaryTests]:
        yield from (column.expression for column in self.inputs)
        yield from (default for default in self.defaults if default is not None)
        for row in self.rows:
            yield from (tests for _, tests in row.tests)
            yield from (output for output in row.outputs if output is not None)


def _give(output: Expression | None, scope: Scope) -> Value:
    return None if output is None else output.evaluate_in(scope)


def _show(inputs: Mapping[str, Any]) -> str:
    text = ", ".join(
        f"{name} = {json.dumps(value, ensure_ascii=False, default=str)}"
        for name, value in inputs.items()
    )
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
