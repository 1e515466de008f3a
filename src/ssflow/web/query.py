"""Read what a list was asked for; what makes no sense counts as not asked."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from flask import request
from flask_babel import gettext

from ssflow.errors import InvalidInputError
from ssflow.web.i18n import page_timezone

E = TypeVar("E", bound=StrEnum)

_MAX_SEARCH_CHARACTERS = 200
_LARGEST, _MAX_DIGITS = 2**31 - 1, 12


def read_choice(kind: type[E], name: str, default: E) -> E:
    """Read one of a closed set."""
    return find_choice(kind, name) or default


def find_choice(kind: type[E], name: str) -> E | None:
    """Read one of a closed set, or None."""
    given = request.args.get(name, "")
    return kind(given) if given in {member.value for member in kind} else None


def read_switch(name: str) -> bool:
    """Read which way a form switches something.

    Raises:
        InvalidInputError: neither on nor off; nothing is switched by what makes no sense.
    """
    given = request.form.get(name)
    if given not in ("0", "1"):
        told = gettext("Say whether it is to be on or off.")
        raise InvalidInputError(told, errors={name: [told]})
    return given == "1"


def read_search(name: str = "q") -> str:
    """Read what somebody searches for."""
    return request.args.get(name, "").strip()[:_MAX_SEARCH_CHARACTERS]


def find_number(name: str) -> int | None:
    """Read a number such as a version or a year; what no column could hold is the largest."""
    given = request.args.get(name, "")
    if not (given.isascii() and given.isdigit()):
        return None
    return min(int(given[:_MAX_DIGITS]), _LARGEST)


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
