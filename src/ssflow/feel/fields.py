"""Parts of values: fields of groups, parts of dates and durations, items of lists."""

from datetime import date, datetime

from ssflow.feel.durations import Duration
from ssflow.feel.values import Kind, Value, as_duration, exact, find_date, find_kind

_PARTS_OF_DATES = frozenset({"year", "month", "day"})
_PARTS_OF_MOMENTS = frozenset({"hour", "minute", "second"})


def find_field(value: Value, name: str) -> Value:
    """Give a field of a group, or a named part of a date or duration; None when it has none."""
    match find_kind(value):
        case Kind.FIELDS:
            return exact(value.get(name))
        case Kind.DATE | Kind.DURATION | Kind.TEXT:
            return _find_part(find_date(value) or as_duration(value), name)
        case _:
            return None


def find_item(items: list[Value], number: Value) -> Value:
    """Give an item by its number: 1 is the first, -1 the last; None when there is none."""
    if number != int(number) or not 1 <= abs(number) <= len(items):
        return None
    return exact(items[int(number) - 1 if number > 0 else int(number)])


def _find_part(value: date | Duration | None, name: str) -> int | None:
    if isinstance(value, Duration):
        return _find_part_of_duration(value, name)
    if isinstance(value, datetime) and name in _PARTS_OF_MOMENTS:
        return int(getattr(value, name))
    if value is None or name not in _PARTS_OF_DATES | {"weekday"}:
        return None
    return value.isoweekday() if name == "weekday" else int(getattr(value, name))


def _find_part_of_duration(duration: Duration, name: str) -> int | None:
    minutes, seconds = divmod(duration.time.seconds, 60)
    parts = {
        "years": duration.months // 12,
        "months": duration.months % 12,
        "days": duration.time.days,
        "hours": minutes // 60,
        "minutes": minutes % 60,
        "seconds": seconds,
    }
    return parts.get(name)
