"""Which records of a register: `Service[state=live, retire_by<=today+60]`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ssflow.errors import InvalidInputError
from ssflow.sentences import Sentence

MAX_CONDITIONS = 10
_QUERY = re.compile(r"\s*(\w{1,60})\s*(?:\[(.{0,1000})\])?\s*", re.ASCII)
_CONDITION = re.compile(r"\s*(\w{1,60})\s*(!=|<=|>=|=|<|>)\s*([^,\[\]=<>!]*?)\s*")
_TODAY = re.compile(r"today(?:\s*([+-])\s*(\d{1,5}))?", re.ASCII)


class Comparison(StrEnum):
    """How a column is compared with a value."""

    IS = "="
    IS_NOT = "!="
    LESS = "<"
    LESS_OR_SAME = "<="
    MORE = ">"
    MORE_OR_SAME = ">="


@dataclass(frozen=True)
class Condition:
    """One column compared with one of several texts; an empty text stands for no value."""

    column: str
    comparison: Comparison
    values: tuple[str, ...]


@dataclass(frozen=True)
class RecordQuery:
    """A kind of records, and conditions that all must hold."""

    kind: str
    conditions: tuple[Condition, ...] = ()


def read_record_query(text: str, today: date) -> RecordQuery:
    """Read a query: a kind, and in brackets conditions with commas between them.

    `state=live|retiring` is either, `owner=` is no value, `today+60` is a day from today on.

    Raises:
        InvalidInputError: it is no query.
    """
    match = _QUERY.fullmatch(text)
    if match is None:
        raise _unreadable(text)
    inside = match[2]
    parts = inside.split(",") if inside and inside.strip() else []
    if len(parts) > MAX_CONDITIONS:
        raise InvalidInputError(
            Sentence("A query has at most %(most)s conditions.", most=MAX_CONDITIONS)
        )
    return RecordQuery(match[1], tuple(_read_condition(text, part, today) for part in parts))


def _read_condition(text: str, part: str, today: date) -> Condition:
    match = _CONDITION.fullmatch(part)
    if match is None:
        raise _unreadable(text)
    comparison = Comparison(match[2])
    values = tuple(_read_value(value.strip(), today) for value in match[3].split("|"))
    is_range = comparison not in (Comparison.IS, Comparison.IS_NOT)
    if is_range and (len(values) > 1 or not values[0]):
        message = Sentence(
            '"%(text)s" compares with other than one value; only = and != take more.',
            text=part.strip(),
        )
        raise InvalidInputError(message)
    return Condition(match[1], comparison, values)


def _read_value(text: str, today: date) -> str:
    match = _TODAY.fullmatch(text)
    if match is None:
        return text
    days = timedelta(days=int(match[2] or 0))
    try:
        return (today - days if match[1] == "-" else today + days).isoformat()
    except OverflowError as error:
        raise InvalidInputError(Sentence('"%(text)s" is past the calendar.', text=text)) from error


def _unreadable(text: str) -> InvalidInputError:
    return InvalidInputError(
        Sentence(
            '"%(text)s" names no records; write a register and what must hold, such as '
            "Service[state=live] or Budget[state=approved, year=2027].",
            text=text,
        )
    )
