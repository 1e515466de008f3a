"""The texts in which the engine reads a timer: ISO 8601 dates, durations and cycles."""

import re
from datetime import datetime

from ssflow.engine.rules.code_places import CodePlace
from ssflow.engine.xml_reading import get_local_name

EXAMPLES = {
    "timeDate": '"2026-05-01T12:00:00+02:00"',
    "timeDuration": '"P2D"',
    "timeCycle": '"R3/PT1H"',
}

_DURATION = (
    r"P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?"
    r"(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
)
_MOMENT = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"
_PATTERNS = {
    "timeDate": re.compile(_MOMENT),
    "timeDuration": re.compile(_DURATION),
    "timeCycle": re.compile(rf"R\d*/(?:{_MOMENT}/)?{_DURATION}"),
}


def find_time_kind(place: CodePlace) -> str | None:
    """Tell whether a piece of code is a timer's timeDate, timeDuration or timeCycle."""
    kind = get_local_name(place.element)
    return kind if kind in _PATTERNS else None


def is_time(kind: str, text: str) -> bool:
    """Tell whether the engine understands a text as a time of this kind."""
    if not _PATTERNS[kind].fullmatch(text):
        return False
    if kind != "timeDate":
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_unquoted_time(place: CodePlace) -> bool:
    """Tell whether a timer's text was written without the quotes that make it Python."""
    kind = find_time_kind(place)
    return kind is not None and is_time(kind, place.text.strip())
