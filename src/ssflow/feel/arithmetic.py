"""Calculate with numbers, texts, dates and durations. What has no answer is None."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from ssflow.feel.durations import Duration
from ssflow.feel.values import (
    DECIMAL,
    Kind,
    Value,
    align_dates,
    exact,
    find_date,
    find_kind,
    finite,
)

MAX_TEXT_CHARACTERS = 100_000

Result = TypeVar("Result")


def add(left: Value, right: Value) -> Value:
    """Add numbers, join texts, or move a date by a duration."""
    match find_kind(left), find_kind(right):
        case Kind.NUMBER, Kind.NUMBER:
            return _calculate(DECIMAL.add, left, right)
        case Kind.TEXT, Kind.TEXT:
            return left + right if len(left) + len(right) <= MAX_TEXT_CHARACTERS else None
        case Kind.DURATION, Kind.DURATION:
            return _add_durations(left, right)
        case Kind.DURATION, _:
            return _move(right, left)
        case _, Kind.DURATION:
            return _move(left, right)
        case _:
            return None


def subtract(left: Value, right: Value) -> Value:
    """Subtract numbers, move a date back by a duration, or tell how far two dates are apart."""
    match find_kind(left), find_kind(right):
        case Kind.NUMBER, Kind.NUMBER:
            return _calculate(DECIMAL.subtract, left, right)
        case Kind.DURATION, Kind.DURATION:
            return _add_durations(left, -right)
        case _, Kind.DURATION:
            return _move(left, -right)
        case _:
            return _find_distance(find_date(left), find_date(right))


def multiply(left: Value, right: Value) -> Value:
    """Multiply numbers, or a duration by a whole number."""
    match find_kind(left), find_kind(right):
        case Kind.NUMBER, Kind.NUMBER:
            return _calculate(DECIMAL.multiply, left, right)
        case Kind.DURATION, Kind.NUMBER:
            return _stretch(left, right)
        case Kind.NUMBER, Kind.DURATION:
            return _stretch(right, left)
        case _:
            return None


def divide(left: Value, right: Value) -> Value:
    """Divide numbers; by zero there is no answer."""
    if find_kind(left) is find_kind(right) is Kind.NUMBER:
        return _calculate(DECIMAL.divide, left, right)
    return None


def negate(value: Value) -> Value:
    """Turn a number or a duration round."""
    match find_kind(value):
        case Kind.NUMBER:
            return _calculate(DECIMAL.subtract, 0, value)
        case Kind.DURATION:
            return -value
        case _:
            return None


OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
}


def _calculate(
    operation: Callable[[Decimal, Decimal], Decimal], left: Value, right: Value
) -> Decimal | None:
    one, other = exact(left), exact(right)
    if one is None or other is None:
        return None
    return finite(operation(Decimal(one), Decimal(other)))


def _add_durations(left: Duration, right: Duration) -> Duration | None:
    if (left.months or right.months) and (left.time or right.time):
        return None
    return _within_calendar(lambda: left + right)


def _move(start: Value, duration: Duration) -> date | None:
    day = find_date(start)
    return None if day is None else _within_calendar(lambda: duration.after(day))


def _stretch(duration: Duration, factor: Value) -> Duration | None:
    factor = exact(factor)
    if factor is None or factor != int(factor):
        return None
    return _within_calendar(lambda: duration * int(factor))


def _find_distance(end: date | None, start: date | None) -> Duration | None:
    if end is None or start is None:
        return None
    end, start = align_dates(end, start)
    return Duration(time=end - start)


def _within_calendar(calculate: Callable[[], Result]) -> Result | None:
    try:
        return calculate()
    except OverflowError:
        return None
