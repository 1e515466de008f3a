"""The functions that S-FEEL expressions may call. An argument that does not fit gives None."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import partial

from ssflow.feel.arithmetic import add, divide
from ssflow.feel.logic import conjunction, disjunction, negation
from ssflow.feel.values import (
    COMPARISONS,
    DECIMAL,
    Compare,
    Kind,
    Value,
    as_duration,
    equal,
    exact,
    find_date,
    find_kind,
    find_number,
    finite,
    to_json,
)

MAX_ARGUMENTS = 100
MAX_DIGITS = 30


@dataclass(frozen=True)
class Function:
    """A function and the number of arguments that it takes."""

    call: Callable[..., Value]
    least: int
    most: int

    def accepts(self, count: int) -> bool:
        """Tell whether so many arguments fit."""
        return self.least <= count <= self.most

    def describe_arguments(self) -> str:
        """Say in a message how many arguments it takes."""
        if self.least != self.most:
            return f"{self.least} to {self.most} arguments"
        return "1 argument" if self.least == 1 else f"{self.least} arguments"


def to_date(value: Value) -> date | None:
    """Give the day of a date, a moment or a text that looks like one."""
    found = find_date(value)
    return found.date() if isinstance(found, datetime) else found


def to_moment(value: Value) -> datetime | None:
    """Give the moment of a moment, a text that looks like one, or a date's midnight in UTC."""
    found = find_date(value)
    if found is None or isinstance(found, datetime):
        return found
    return datetime.combine(found, time(0), tzinfo=UTC)


def _to_text(value: Value) -> str | None:
    match find_kind(value):
        case Kind.TEXT:
            return str(value)
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.NUMBER:
            number = exact(value)
            return None if number is None else f"{Decimal(number).normalize(DECIMAL):f}"
        case Kind.DATE | Kind.DURATION:
            return str(to_json(value))
        case _:
            return None


def _sum(*arguments: Value) -> Value:
    items = _find_items(arguments)
    return None if items is None else _total(_filled(items))


def _mean(*arguments: Value) -> Value:
    items = _find_items(arguments)
    return None if items is None else divide(_total(_filled(items)), len(_filled(items)))


def _count(value: Value) -> int | None:
    if value is None:
        return None
    return len(value) if find_kind(value) is Kind.LIST else 1


def _pick(better: Compare, *arguments: Value) -> Value:
    best: Value = None
    for item in _filled(_find_items(arguments) or []):
        answer = better(item, best) if best is not None else True
        if answer is None:
            return None
        best = item if answer else best
    return best


def _all(*arguments: Value) -> bool | None:
    items = _find_items(arguments)
    return None if items is None else conjunction(items)


def _any(*arguments: Value) -> bool | None:
    items = _find_items(arguments)
    return None if items is None else disjunction(items)


def _list_contains(items: Value, wanted: Value) -> bool | None:
    if find_kind(items) is not Kind.LIST:
        return None
    return any(equal(exact(item), wanted) for item in items)


def _distinct_values(items: Value) -> Value:
    if find_kind(items) is not Kind.LIST:
        return None
    first_of_each: dict[str, Value] = {}
    for item in items:
        first_of_each.setdefault(_canonical(item), item)
    return list(first_of_each.values())


def _on_texts(call: Callable[..., Value], *arguments: Value) -> Value:
    if all(find_kind(argument) is Kind.TEXT for argument in arguments):
        return call(*arguments)
    return None


def _contains(text: str, part: str) -> bool:
    return part in text


def _absolute(value: Value) -> Value:
    if find_kind(value) is not Kind.NUMBER:
        return None
    number = exact(value)
    return None if number is None else finite(DECIMAL.abs(Decimal(number)))


def _round(mode: str, value: Value, digits: Value = 0) -> Value:
    if {find_kind(value), find_kind(digits)} != {Kind.NUMBER}:
        return None
    number, places = exact(value), exact(digits)
    if number is None or places is None or abs(places) > MAX_DIGITS:
        return None
    unit = Decimal(1).scaleb(-int(places))
    return finite(Decimal(number).quantize(unit, rounding=mode, context=DECIMAL))


def _find_items(arguments: tuple[Value, ...]) -> list[Value] | None:
    if len(arguments) > 1:
        return list(arguments)
    [value] = arguments
    if value is None:
        return None
    return list(value) if find_kind(value) is Kind.LIST else [value]


def _filled(items: list[Value]) -> list[Value]:
    return [exact(item) for item in items if exact(item) is not None]


def _total(items: list[Value]) -> Value:
    total: Value = Decimal(0)
    for item in items:
        total = add(total, item)
    return total


def _canonical(item: Value) -> str:
    return json.dumps(to_json(item), sort_keys=True, default=str)


FUNCTIONS: dict[str, Function] = {
    "date": Function(to_date, 1, 1),
    "date and time": Function(to_moment, 1, 1),
    "duration": Function(as_duration, 1, 1),
    "number": Function(find_number, 1, 1),
    "string": Function(_to_text, 1, 1),
    "sum": Function(_sum, 1, MAX_ARGUMENTS),
    "min": Function(partial(_pick, COMPARISONS["<"]), 1, MAX_ARGUMENTS),
    "max": Function(partial(_pick, COMPARISONS[">"]), 1, MAX_ARGUMENTS),
    "mean": Function(_mean, 1, MAX_ARGUMENTS),
    "count": Function(_count, 1, 1),
    "all": Function(_all, 1, MAX_ARGUMENTS),
    "any": Function(_any, 1, MAX_ARGUMENTS),
    "list contains": Function(_list_contains, 2, 2),
    "distinct values": Function(_distinct_values, 1, 1),
    "contains": Function(partial(_on_texts, _contains), 2, 2),
    "starts with": Function(partial(_on_texts, str.startswith), 2, 2),
    "ends with": Function(partial(_on_texts, str.endswith), 2, 2),
    "upper case": Function(partial(_on_texts, str.upper), 1, 1),
    "lower case": Function(partial(_on_texts, str.lower), 1, 1),
    "string length": Function(partial(_on_texts, len), 1, 1),
    "abs": Function(_absolute, 1, 1),
    "floor": Function(partial(_round, ROUND_FLOOR), 1, 2),
    "ceiling": Function(partial(_round, ROUND_CEILING), 1, 2),
    "round half up": Function(partial(_round, ROUND_HALF_UP), 1, 2),
    "decimal": Function(partial(_round, ROUND_HALF_EVEN), 2, 2),
    "not": Function(negation, 1, 1),
}
