"""Write a register as CSV: every value of every record that the reader may see."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ssflow.domain.registers.record import Record
from ssflow.services import registers
from ssflow.services.csv_files import write_sheet
from ssflow.services.people import names_of
from ssflow.store.records import cell_columns
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.i18n import page_language, page_timezone
from ssflow.web.record_filters import Asked, list_asked
from ssflow.web.records import PEOPLE, REFERENCES, label_of

MAX_RECORDS = 100_000
_AT_ONCE = 200
_WITH_DECIMAL_COMMA = ("nl", "sv")


def require_exportable(work: UnitOfWork, kind: str, asked: Asked) -> None:
    """Refuse before the first line is sent what could only be broken off afterwards.

    Raises:
        NotFoundError: there is no such kind, or none that the actor may see.
        InvalidInputError: it cannot be narrowed or sorted so.
    """
    list_asked(work, kind, asked, cursor=None, limit=1)


def export_register(work: UnitOfWork, kind: str, asked: Asked) -> Iterator[str]:
    """Give the records of a list as lines of CSV, at most 100 000, page after page.

    Raises:
        NotFoundError: there is no such kind, or none that the actor may see.
    """
    names = cell_columns(kind)
    rows = (row for page in _pages(work, kind, asked) for row in _rows(work, page, names))
    titles = [name.removesuffix("_id") for name in names]
    return iter(write_sheet(titles, rows, decimal_comma=page_language() in _WITH_DECIMAL_COMMA))


def _pages(work: UnitOfWork, kind: str, asked: Asked) -> Iterator[Sequence[Record]]:
    cursor, left = None, MAX_RECORDS
    while left > 0:
        page = list_asked(work, kind, asked, cursor=cursor, limit=min(_AT_ONCE, left))
        yield page.items
        left -= len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _rows(
    work: UnitOfWork, records: Sequence[Record], names: Sequence[str]
) -> Iterator[list[object]]:
    labels = _labels(work, records, names)
    for record in records:
        yield [_cell(labels, name, getattr(record, name)) for name in names]


def _labels(
    work: UnitOfWork, records: Sequence[Record], names: Sequence[str]
) -> Mapping[str, Mapping[UUID, str]]:
    """Look up what the ids on these records stand for, as far as the reader may see it."""
    found: dict[str, Mapping[UUID, str]] = {}
    for name in names:
        ids = {value for record in records if isinstance(value := getattr(record, name), UUID)}
        if ids and name in PEOPLE:
            found[name] = names_of(work, ids)
        elif ids and name in REFERENCES:
            others = registers.read_records(work, REFERENCES[name], ids)
            found[name] = {key: _sheet_label(other) for key, other in others.items()}
    return found


def _sheet_label(record: Record) -> str:
    return label_of(record).replace(" · ", " ")


def _cell(labels: Mapping[str, Mapping[UUID, str]], name: str, value: Any) -> object:
    if isinstance(value, UUID):
        return labels.get(name, {}).get(value, str(value))
    if isinstance(value, datetime):
        return value.astimezone(page_timezone()).strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else value
