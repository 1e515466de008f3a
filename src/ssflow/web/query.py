"""Read what a list was asked for; what makes no sense counts as not asked."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from flask import request

from ssflow.web.i18n import page_timezone

E = TypeVar("E", bound=StrEnum)

_MAX_SEARCH_CHARACTERS = 200


def read_choice(kind: type[E], name: str, default: E) -> E:
    """Read one of a closed set."""
    return find_choice(kind, name) or default


def find_choice(kind: type[E], name: str) -> E | None:
    """Read one of a closed set, or None."""
    given = request.args.get(name, "")
    return kind(given) if given in {member.value for member in kind} else None


def read_search(name: str = "q") -> str:
    """Read what somebody searches for."""
    return request.args.get(name, "").strip()[:_MAX_SEARCH_CHARACTERS]


def find_day_start(name: str) -> datetime | None:
    """Read a day as its first moment in the reader's time zone."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return datetime.combine(day, time(), page_timezone())


def find_day_end(name: str) -> datetime | None:
    """Read a day as the first moment after it."""
    start = find_day_start(name)
    return start + timedelta(days=1) if start else None
