"""How the cells of an imported file become values: numbers, days, words, people, records."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from ssflow.sentences import N_

REQUIRED = N_("This must be filled in.")
TOO_LONG = N_("Write %(most)d characters or fewer.")
NOT_AN_AMOUNT = N_("“%(cell)s” is no amount; write 1234.56 or 1234,56.")
NOT_A_PERCENTAGE = N_("“%(cell)s” is no percentage; write a number from 0 to 100.")
NOT_WHOLE = N_("“%(cell)s” is no whole number.")
NOT_A_DAY = N_("“%(cell)s” is no day; write 2026-11-30 or 30-11-2026.")
NOT_A_MONTH = N_("“%(cell)s” is no month; write 2026-11.")
NOT_A_CHOICE = N_("“%(cell)s” is not possible here; write one of %(choices)s.")
NOT_KNOWN = N_("There is no %(kind)s “%(cell)s”.")
_GROUPED = re.compile(r"[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*", re.ASCII)
_PLAIN = re.compile(r"\d+", re.ASCII)
_BLANKS = re.compile(r"[\s\xa0\u202f']")
_DAY_FIRST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_LARGEST = Decimal("999999999999.99")
_ALL_OF_IT = 100


class CellError(ValueError):
    """A cell cannot be read; `message` is marked for translation, `facts` fill its gaps."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message, self.facts = message, facts


@dataclass
class Known:
    """What names in a file may stand for: records and people, by number, name or address."""

    by_kind: Mapping[str, Mapping[str, UUID]]

    def find(self, kind: str, title: str, cell: str) -> UUID:
        """Give what a name stands for.

        Raises:
            CellError: nothing goes by that name.
        """
        found = self.by_kind.get(kind, {}).get(cell.casefold())
        if found is None:
            raise CellError(NOT_KNOWN, kind=title, cell=cell)
        return found


Read = Callable[[str, Known], Any]


@dataclass(frozen=True)
class Column:
    """A column that a file may have; `also` are other names that it goes by."""

    key: str
    read: Read
    is_required: bool = False
    also: tuple[str, ...] = ()
    default: Any = None
    example: str = ""
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        named = {plain_name(name) for name in (self.key, *self.also)}
        object.__setattr__(self, "names", frozenset(named))

    def is_called(self, name: str) -> bool:
        """Tell whether a file calls the column by this name, however it is written."""
        return plain_name(name) in self.names


def a_text(most: int = 200) -> Read:
    """Read a text of at most so many characters."""

    def read(cell: str, _known: Known) -> str:
        if len(cell) > most:
            raise CellError(TOO_LONG, most=most)
        return cell

    return read


def an_amount(cell: str, _known: Known) -> Decimal:
    """Read money with a decimal point or comma; a sign before exactly three digits groups them."""
    bare = _BLANKS.sub("", cell).replace("\N{MINUS SIGN}", "-")
    negative, digits = bare.startswith("-"), bare.removeprefix("-")
    whole, cents = _parts(digits)
    if not (_PLAIN.fullmatch(whole) or _GROUPED.fullmatch(whole)):
        raise CellError(NOT_AN_AMOUNT, cell=cell)
    amount = Decimal(f"{re.sub(r'[.,]', '', whole)}.{cents or '0'}")
    if amount > _LARGEST:
        raise CellError(NOT_AN_AMOUNT, cell=cell)
    return -amount if negative else amount


def a_percentage(cell: str, known: Known) -> Decimal:
    """Read a number from 0 to 100."""
    pct = an_amount(cell, known)
    if not 0 <= pct <= _ALL_OF_IT:
        raise CellError(NOT_A_PERCENTAGE, cell=cell)
    return pct


def a_whole_number(cell: str, _known: Known) -> int:
    """Read a whole number of at most nine digits."""
    if not re.fullmatch(r"\d{1,9}", cell, re.ASCII):
        raise CellError(NOT_WHOLE, cell=cell)
    return int(cell)


def a_day(cell: str, _known: Known) -> date:
    """Read a day: year first, or day first as Dutch and Swedish offices write it."""
    match = _DAY_FIRST.fullmatch(cell)
    text = f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else cell
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-11-30") else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2999:
        raise CellError(NOT_A_DAY, cell=cell)
    return day


def a_month(cell: str, _known: Known) -> str:
    """Read a month such as 2026-11."""
    match = _MONTH.fullmatch(cell)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise CellError(NOT_A_MONTH, cell=cell)
    return cell


def a_choice(kind: type[StrEnum]) -> Read:
    """Read one of the words of a closed set."""

    def read(cell: str, _known: Known) -> StrEnum:
        try:
            return kind(cell.lower())
        except ValueError:
            raise CellError(NOT_A_CHOICE, cell=cell, choices=", ".join(kind)) from None

    return read


def a_word(*words: str) -> Read:
    """Read one of these words."""

    def read(cell: str, _known: Known) -> str:
        if cell.lower() not in words:
            raise CellError(NOT_A_CHOICE, cell=cell, choices=", ".join(words))
        return cell.lower()

    return read


def some_words(*words: str) -> Read:
    """Read some of these words, parted by blanks, commas or bars."""
    one = a_word(*words)

    def read(cell: str, known: Known) -> list[str]:
        parts = [part for part in re.split(r"[\s,|]+", cell) if part]
        return list(dict.fromkeys(one(part, known) for part in parts))

    return read


def a_reference(kind: str, title: str) -> Read:
    """Read the number, name or address of a record or person."""
    return lambda cell, known: known.find(kind, title, cell)


def plain_name(name: str) -> str:
    """Give a name of a column without capitals and signs."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def _parts(digits: str) -> tuple[str, str]:
    """Part an amount at its decimal sign: the last sign, if one or two digits follow it."""
    match = re.fullmatch(r"(.*)[.,](\d{1,2})", digits, re.ASCII)
    return (match[1], match[2]) if match else (digits, "")
