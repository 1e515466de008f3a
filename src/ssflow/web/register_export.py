"""Write a register as CSV: every value of every record that the reader may see."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import inspect

from ssflow.domain.registers.record import Record
from ssflow.services import registers
from ssflow.services.csv_files import write_sheet
from ssflow.services.people import names_of
from ssflow.store import records as record_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.records import PEOPLE, REFERENCES

MAX_RECORDS = 100_000
_AT_ONCE = 200
_LEFT_OUT = frozenset({"row_version", "is_demo"})
_TOO_LARGE = (dict, list, bytes)


def export_register(work: UnitOfWork, kind: str, q: str | None) -> str:
    """Give the records of a kind as CSV, at most 100 000, in the order of its list.

    Raises:
        NotFoundError: there is no such kind, or none that the actor may see.
    """
    names = _columns(record_rows.kind_named(kind))
    rows = (row for page in _pages(work, kind, q) for row in _rows(work, page, names))
    titles = [name.removesuffix("_id") for name in names]
    return "".join(write_sheet(titles, rows))


def _columns(kind: type[Record]) -> list[str]:
    """Choose the values that fit into a cell."""
    columns = inspect(kind).column_attrs
    return [
        name
        for name in columns.keys()  # noqa: SIM118 - a collection of SQLAlchemy's own, no mapping
        if name not in _LEFT_OUT and columns[name].columns[0].type.python_type not in _TOO_LARGE
    ]


def _pages(work: UnitOfWork, kind: str, q: str | None) -> Iterator[Sequence[Record]]:
    cursor, left = None, MAX_RECORDS
    while left > 0:
        page = registers.list_register(work, kind, q=q, cursor=cursor, limit=min(_AT_ONCE, left))
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
    """Look up what the ids on these records stand for, in one query a column."""
    found: dict[str, Mapping[UUID, str]] = {}
    for name in names:
        ids = {value for record in records if isinstance(value := getattr(record, name), UUID)}
        if ids and name in PEOPLE:
            found[name] = names_of(work, ids)
        elif ids and name in REFERENCES:
            kind = REFERENCES[name]
            choices = record_rows.choices_of(work.session, kind, {}, len(ids), ids=list(ids))
            found[name] = dict(choices)
    return found


def _cell(labels: Mapping[str, Mapping[UUID, str]], name: str, value: Any) -> object:
    if isinstance(value, UUID):
        return labels.get(name, {}).get(value, str(value))
    return "" if value is None else value
