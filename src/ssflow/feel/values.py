"""Values of S-FEEL: what they are, how they compare, what goes in and out. No answer is None."""

import math
import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from functools import lru_cache, partial
from typing import Any

from ssflow.feel.durations import Duration, find_duration

# A JSON value, or what its text stands for: Decimal, date, datetime, Duration.
Value = Any
Compare = Callable[[Value, Value], bool | None]

# 34 digits, as the standard has them; exponents that a JSON number can carry; no exceptions.
DECIMAL = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-307, Emax=307, traps=[])

_LARGEST_INTEGER = 2**53
_DATE_LENGTH = len("2026-05-01")
_EXACT_NUMBERS = frozenset({int, Decimal})
_NUMBER = re.compile(r"-?\d{1,34}(\.\d{1,34})?", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


class Kind(Enum):
    """The types that S-FEEL tells apart."""

    NOTHING = "null"
    BOOLEAN = "true or false"
    NUMBER = "a number"
    TEXT = "a text"
    DATE = "a date"
    DURATION = "a duration"
    LIST = "a list"
    FIELDS = "a group of fields"
    OTHER = "something else"


_KINDS: dict[type, Kind] = {
    type(None): Kind.NOTHING,
    bool: Kind.BOOLEAN,
    int: Kind.NUMBER,
    Decimal: Kind.NUMBER,
    float: Kind.NUMBER,
    str: Kind.TEXT,
    datetime: Kind.DATE,
    date: Kind.DATE,
    Duration: Kind.DURATION,
    list: Kind.LIST,
    dict: Kind.FIELDS,
}


def find_kind(value: Value) -> Kind:
    """Tell a value's type."""
    kind = _KINDS.get(type(value))
    if kind is not None:
        return kind
    return next((kind for known, kind in _KINDS.items() if isinstance(value, known)), Kind.OTHER)


def exact(value: Value) -> Value:
    """Make a number that comes from outside decimal; NaN and infinity become None."""
    if type(value) is float:
        value = Decimal(repr(value))
    if type(value) is Decimal:
        return finite(DECIMAL.plus(value))
    return value


def finite(number: Decimal) -> Decimal | None:
    """Give None for what is no number: the outcome of 1/0 and of overflow."""
    return number if number.is_finite() else None


def to_json(value: Value) -> Value:
    """Give a value as JSON: dates and durations as text, whole numbers up to 2^53 as int."""
    match find_kind(value):
        case Kind.NUMBER:
            return _to_json_number(value)
        case Kind.DATE:
            return value.isoformat()
        case Kind.DURATION:
            return str(value)
        case Kind.LIST:
            return [to_json(item) for item in value]
        case Kind.FIELDS:
            return {name: to_json(item) for name, item in value.items()}
        case _:
            return value


def equal(left: Value, right: Value) -> bool | None:
    """Compare by value; None when the two are of kinds that are never the same."""
    if left is None or right is None:
        return left is right
    if type(left) is str and type(right) is str and (left == right or len(left) < _DATE_LENGTH):
        return left == right
    kind = find_kind(left)
    if kind is find_kind(right):
        if kind is Kind.LIST:
            return _equal_items(list(left), list(right))
        if kind is Kind.FIELDS:
            return left.keys() == right.keys() and _equal_items(
                list(left.values()), [right[name] for name in left]
            )
        if kind is Kind.BOOLEAN:
            return bool(left == right)
    return order(operator.eq, left, right)


def unequal(left: Value, right: Value) -> bool | None:
    """Tell the opposite of `equal`."""
    same = equal(left, right)
    return None if same is None else not same


def order(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> bool | None:
    """Compare two values that have an order in common, such as two numbers; None for others."""
    if type(left) in _EXACT_NUMBERS and type(right) in _EXACT_NUMBERS:
        return compare(left, right)
    pair = _align(left, right)
    return None if pair is None else compare(*pair)


COMPARISONS: dict[str, Compare] = {
    "=": equal,
    "!=": unequal,
    "<": partial(order, operator.lt),
    "<=": partial(order, operator.le),
    ">": partial(order, operator.gt),
    ">=": partial(order, operator.ge),
}


def find_number(value: Value) -> Value:
    """Give the number that a value is or that its text looks like."""
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    return exact(value) if find_kind(value) is Kind.NUMBER else None


def find_date(value: Value) -> date | datetime | None:
    """Give the date or moment that a value is or that its text looks like."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    if isinstance(value, str) and len(value) >= _DATE_LENGTH and value[4] == "-":
        return _read_moment(value)
    return None


def as_duration(value: Value) -> Duration | None:
    """Give the duration that a value is or that its text looks like."""
    if isinstance(value, Duration):
        return value
    return find_duration(value) if isinstance(value, str) else None


def align_dates(left: date, right: date) -> tuple[date, date]:
    """Bring a date and a moment to the same precision: the day, as written."""
    if isinstance(left, datetime) is not isinstance(right, datetime):
        return _day_of(left), _day_of(right)
    return left, right


def _align(left: Value, right: Value) -> tuple[Any, Any] | None:
    kinds = {find_kind(left), find_kind(right)}
    if kinds == {Kind.NUMBER}:
        return _pair(exact(left), exact(right))
    if kinds <= {Kind.TEXT, Kind.DATE}:
        return _align_dates_or_texts(left, right)
    if kinds <= {Kind.TEXT, Kind.DURATION}:
        return _align_durations(as_duration(left), as_duration(right))
    return None


def _align_dates_or_texts(left: Value, right: Value) -> tuple[Any, Any] | None:
    one, other = find_date(left), find_date(right)
    if one is not None and other is not None:
        return align_dates(one, other)
    return (left, right) if isinstance(left, str) and isinstance(right, str) else None


def _align_durations(left: Duration | None, right: Duration | None) -> tuple[Any, Any] | None:
    if left is None or right is None:
        return None
    if not left.months and not right.months:
        return left.time, right.time
    if not left.time and not right.time:
        return left.months, right.months
    return None


def _pair(left: Value, right: Value) -> tuple[Any, Any] | None:
    return None if left is None or right is None else (left, right)


def _equal_items(left: list[Value], right: list[Value]) -> bool | None:
    if len(left) != len(right):
        return False
    answers = [equal(exact(one), exact(other)) for one, other in zip(left, right, strict=True)]
    return False if False in answers else None if None in answers else True


def _to_json_number(value: Value) -> int | float | None:
    number = exact(value)
    if type(number) is int and abs(number) <= _LARGEST_INTEGER:
        return number
    nearest = math.inf if number is None else float(Decimal(number))
    if nearest.is_integer() and abs(nearest) <= _LARGEST_INTEGER:
        return int(nearest)
    return nearest if math.isfinite(nearest) else None


def _day_of(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


@lru_cache(maxsize=4096)
def _read_moment(text: str) -> date | datetime | None:
    if _MOMENT.fullmatch(text) is None:
        return None
    try:
        if len(text) == _DATE_LENGTH:
            return date.fromisoformat(text)
        return find_date(datetime.fromisoformat(text))
    except ValueError:
        return None
