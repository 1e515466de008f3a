"""The texts in which a timer is written: dates, durations, working days and cycles."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ssflow.calendar import Calendar
from ssflow.engine.rules.code_places import CodePlace
from ssflow.engine.xml_reading import get_local_name
from ssflow.errors import InvalidInputError

EXAMPLES = {
    "timeDate": '"2026-05-01T12:00:00+02:00"',
    "timeDuration": '"P2D"',
    "timeCycle": '"R3/PT1H"',
}

NO_REMINDER = "none"
"""Of a user task that nobody is to be reminded of."""

_ANY_DAY = Calendar(ZoneInfo("UTC"), frozenset())
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_REPEAT = re.compile(r"[Rr]\d{0,9}")


def is_due(text: str) -> bool:
    """Tell whether a text says when something is due, as the calendar reads it."""
    try:
        _ANY_DAY.parse_due(text, _ANY_MOMENT)
    except InvalidInputError:
        return False
    return True


def find_time_kind(place: CodePlace) -> str | None:
    """Tell whether a piece of code is a timer's timeDate, timeDuration or timeCycle."""
    kind = get_local_name(place.element)
    return kind if kind in EXAMPLES else None


def is_time(kind: str, text: str) -> bool:
    """Tell whether a text is a time of this kind; working days serve as date and as duration."""
    if kind == "timeCycle":
        return _is_cycle(text)
    is_duration = text.strip().startswith("P")
    return is_due(text) and (is_duration == (kind == "timeDuration") or _is_working_days(text))


def is_unquoted_time(place: CodePlace) -> bool:
    """Tell whether a timer's text was written without the quotes that make it Python."""
    kind = find_time_kind(place)
    text = place.text.strip()
    return kind is not None and is_time(kind, text) and not _is_working_days(text)


def _is_working_days(text: str) -> bool:
    return text.strip().startswith("wd(")


def _is_cycle(text: str) -> bool:
    repeat, *rest = text.strip().split("/")
    if not _REPEAT.fullmatch(repeat) or len(rest) not in (1, 2):
        return False
    if not all(is_due(part) for part in rest) or re.match(r"\d", rest[-1]):
        return False
    takes_time = _ANY_DAY.parse_due(rest[-1], _ANY_MOMENT) > _ANY_MOMENT
    return takes_time and not re.fullmatch(r"[Rr]0+", repeat)
