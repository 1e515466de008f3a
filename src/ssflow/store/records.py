"""Queries for business records."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    UniqueConstraint,
    and_,
    inspect,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from ssflow.domain.registers.budget import (
    Budget,
    BudgetAmendment,
    BudgetLine,
    BudgetPeriod,
    Commitment,
    CostEntry,
    VarianceNote,
)
from ssflow.domain.registers.customers import Customer, CustomerRole
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import (
    BusinessCase,
    Charter,
    Decision,
    Document,
    NumberSeries,
    ResourceAllocation,
    RiskItem,
    Service,
    ServiceAsset,
    ServiceDependency,
    ServiceObjective,
    ServiceProposal,
    ServiceReview,
    StageReport,
)
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.strategy import (
    Initiative,
    MarketSegment,
    StrategicObjective,
    StrategyDocument,
)
from ssflow.domain.registers.work import ActionItem
from ssflow.domain.registers.working_time import Holiday
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.sentences import Sentence
from ssflow.store.paging import (
    DEFAULT_LIMIT,
    Page,
    cut_page,
    decode_cursor,
    read_page,
    require_limit,
)
from ssflow.store.text_search import contains_text

_SHOWN_BY: dict[type[Record], tuple[str, ...]] = {
    Customer: ("name",),
    CustomerRole: ("role",),
    Service: ("number", "name"),
    ServiceProposal: ("number", "title"),
    BusinessCase: ("number",),
    RiskItem: ("risk",),
    Charter: ("scope",),
    ResourceAllocation: ("resource",),
    StageReport: ("stage",),
    ServiceReview: ("reviewed_on", "disposition"),
    Decision: ("number", "question"),
    Document: ("title",),
    ServiceDependency: ("kind", "note"),
    ServiceAsset: ("name", "kind"),
    ServiceObjective: ("created_at",),
    StrategyDocument: ("number", "title"),
    StrategicObjective: ("text",),
    Initiative: ("title",),
    MarketSegment: ("name",),
    Holiday: ("day", "name"),
    ActionItem: ("what",),
    Feedback: ("number", "subject"),
    Budget: ("number",),
    BudgetLine: ("name",),
    Commitment: ("purpose",),
    BudgetAmendment: ("number",),
    BudgetPeriod: ("name",),
    VarianceNote: ("name",),
    CostEntry: ("document_no",),
}
"""What a record is called by; the first column also sorts its kind."""

RECORD_KINDS: dict[str, type[Record]] = {kind.__name__: kind for kind in _SHOWN_BY}
"""The kinds of business records, by the name that forms, scenarios and addresses use."""

_LARGEST_INTEGER = 2**31 - 1
_ORDERED = (str, int, Decimal, date)
"""Types with an order that people know; ids and JSON have none."""
_NO_CELL = frozenset({"row_version", "is_demo", "sender_key"})
"""Columns that tell a reader of a sheet nothing."""
_MOST_OF_CASE = 500
R = TypeVar("R", bound=Record)


def _read_integer(text: str) -> int:
    value = int(text)
    if abs(value) > _LARGEST_INTEGER:
        raise ValueError(text)
    return value


_READERS: dict[type, Callable[[str], Any]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Decimal: Decimal,
    int: _read_integer,
    bool: {"true": True, "false": False}.__getitem__,
    str: str,
}


def kind_named(name: str) -> type[Record]:
    """Get a kind of records by its name.

    Raises:
        NotFoundError: there is no such register.
    """
    if (kind := RECORD_KINDS.get(name)) is None:
        raise NotFoundError(Sentence("There is no register “%(register)s”.", register=name))
    return kind


def get_record(session: Session, kind: str, record_id: UUID) -> Record:
    """Get a record.

    Raises:
        NotFoundError: there is no such register or record.
    """
    if (record := session.get(kind_named(kind), record_id)) is None:
        raise NotFoundError(Sentence("There is no such entry in “%(register)s”.", register=kind))
    return record


def find_record(session: Session, kind: str, id_or_number: str) -> Record | None:
    """Find a record by its id, or by the number it is known by.

    Raises:
        NotFoundError: there is no such register.
    """
    entity = kind_named(kind)
    try:
        return session.get(entity, UUID(id_or_number))
    except ValueError:
        pass
    if "number" not in inspect(entity).column_attrs:
        return None
    number, created_at = _column(entity, "number"), _column(entity, "created_at")
    query = select(entity).where(number == id_or_number).order_by(created_at.desc()).limit(1)
    return session.scalars(query).one_or_none()


def find_records(session: Session, kind: str, ids: Collection[UUID]) -> Sequence[Record]:
    """Find several records by their ids.

    Raises:
        NotFoundError: there is no such register.
    """
    entity = kind_named(kind)
    if not ids:
        return []
    query = select(entity).where(_column(entity, "id").in_(ids))
    return session.scalars(query).all()


def list_records(
    session: Session,
    kind: str,
    *,
    filters: Mapping[str, str] | None = None,
    q: str | None = None,
    sort: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Record]:
    """List records by what they are called by; `filters`: column to value, `q` looks into names.

    `sort` names another column to sort by, with `-` before it from the last to the first.

    Raises:
        NotFoundError: there is no such register.
        InvalidInputError: a filter names no column, or no value of it; nothing sorts by `sort`.
    """
    entity = kind_named(kind)
    query = select(entity).where(*_conditions(entity, filters or {}, q))
    if sort is not None:
        return _read_sorted(session, query, entity, sort, cursor, limit)
    keys = (_column(entity, _SHOWN_BY[entity][0]), _column(entity, "id"))
    return read_page(session, query, name=f"records-{kind}", keys=keys, cursor=cursor, limit=limit)


def sortable_columns(kind: str) -> list[str]:
    """List the columns of a kind that have an order which people know.

    Raises:
        NotFoundError: there is no such register.
    """
    columns = inspect(kind_named(kind)).column_attrs
    kinds = {key: attribute.columns[0].type.python_type for key, attribute in columns.items()}
    return [key for key, found in kinds.items() if issubclass(found, _ORDERED)]


def cell_columns(kind: str) -> list[str]:
    """List the columns of a kind whose values fit into a cell of a sheet.

    Raises:
        NotFoundError: there is no such register.
    """
    columns = inspect(kind_named(kind)).column_attrs
    kinds = {key: attribute.columns[0].type.python_type for key, attribute in columns.items()}
    return [
        key
        for key, found in kinds.items()
        if key not in _NO_CELL and issubclass(found, (*_ORDERED, UUID))
    ]


def closed_set(kind: str, name: str) -> list[StrEnum]:
    """List all values that a column of a closed set may have; empty for other columns.

    Raises:
        NotFoundError: there is no such register.
        InvalidInputError: it has no such column.
    """
    values = column_named(kind_named(kind), name).type.python_type
    return list(values) if issubclass(values, StrEnum) else []


def values_in_use(session: Session, kind: str, name: str, limit: int) -> list[Any]:
    """List the values that a column holds anywhere, in their order.

    Raises:
        NotFoundError: there is no such register.
        InvalidInputError: it has no such column.
    """
    column = column_named(kind_named(kind), name)
    query = select(column).where(column.is_not(None)).distinct().order_by(column).limit(limit)
    return list(session.scalars(query))


def choices_of(
    session: Session,
    kind: str,
    filters: Mapping[str, str],
    limit: int,
    *,
    ids: Sequence[UUID] | None = None,
    only: ColumnElement[bool] | None = None,
) -> list[tuple[UUID, str]]:
    """List ids and labels to choose from; `ids`: only the labels of these; `only`: a condition.

    Feedback begins with the newest: there is much of it, and what is asked about came lately.

    Raises:
        NotFoundError: there is no such register.
        InvalidInputError: a filter names no column, or no value of it.
    """
    entity = kind_named(kind)
    record_id = _column(entity, "id")
    shown = [_column(entity, name) for name in _SHOWN_BY[entity]]
    query = select(record_id, *shown).where(*_conditions(entity, filters, None))
    if ids is not None:
        query = query.where(record_id.in_(ids))
    if only is not None:
        query = query.where(only)
    order = [shown[0].desc()] if entity is Feedback else [*shown, record_id]
    rows = session.execute(query.order_by(*order).limit(limit))
    return [(found, " ".join(str(part) for part in parts if part)) for found, *parts in rows]


def records_of_case(session: Session, kind: type[R], instance_id: UUID) -> Sequence[R]:
    """List the records of a kind that a case made to work on, oldest first."""
    query = (
        select(kind)
        .where(_column(kind, "instance_id") == instance_id)
        .order_by(kind.created_at, kind.id)
        .limit(_MOST_OF_CASE)
    )
    return session.scalars(query).all()


def find_twin(session: Session, candidate: Record) -> Record | None:
    """Find another record that a unique constraint would not let stand beside this one."""
    entity = type(candidate)
    alike = [
        and_(*(_column(entity, name) == getattr(candidate, name) for name in names))
        for names in _unique_columns(entity)
        if all(getattr(candidate, name) is not None for name in names)
    ]
    if not alike:
        return None
    query = select(entity).where(or_(*alike), _column(entity, "id") != candidate.id).limit(1)
    return session.scalars(query).one_or_none()


def next_number(session: Session, prefix: str, year: int) -> str:
    """Give out the next number of a series, such as PRP-2026-0001; nobody else gets the same."""
    values = {"prefix": prefix, "year": year, "last": 1}
    key = [NumberSeries.prefix, NumberSeries.year]
    more = {"last": NumberSeries.last + 1}
    query: Insert
    if session.get_bind().dialect.name == "sqlite":
        query = sqlite.insert(NumberSeries).values(values).on_conflict_do_update(key, set_=more)
    else:
        query = postgresql.insert(NumberSeries).values(values)
        query = query.on_conflict_do_update(index_elements=key, set_=more)
    last = session.scalars(query.returning(NumberSeries.last)).one()
    return f"{prefix}-{year}-{last:04}"


def holidays(session: Session) -> frozenset[date]:
    """Read the days on which nobody works."""
    return frozenset(session.scalars(select(Holiday.day)))


def _read_sorted(
    session: Session,
    query: Select[Record],
    entity: type[Record],
    sort: str,
    cursor: str | None,
    limit: int,
) -> Page[Record]:
    """Read a page in the order of any column; records without a value come last (`-`: first)."""
    require_limit(limit)
    name, is_descending = sort.removeprefix("-"), sort.startswith("-")
    if name not in sortable_columns(entity.__name__):
        raise _bad_filter("sort", f"{entity.__name__} cannot be sorted by {name}.")
    column, record_id = _column(entity, name), _column(entity, "id")
    list_name = f"records-{entity.__name__}-{sort}"
    if cursor is not None:
        told, last_id = decode_cursor(list_name, cursor, [(str, NoneType), (UUID,)])
        last = None if told is None else read_value(column, name, told)
        query = query.where(_follows(column, record_id, last, last_id, is_descending))
    keys = (column.is_(None), column, record_id)
    order = [key.desc() if is_descending else key.asc() for key in keys]
    found = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    return cut_page(
        found, limit, name=list_name, key=lambda row: [_written(getattr(row, name)), row.id]
    )


def _follows(
    column: InstrumentedAttribute[Any],
    record_id: InstrumentedAttribute[Any],
    last: Any,
    last_id: UUID,
    is_descending: bool,  # noqa: FBT001 - one of the five that make the place
) -> ColumnElement[bool]:
    """Build the condition that a record comes after the one with this value and id."""
    later = record_id < last_id if is_descending else record_id > last_id
    if last is None:
        same = column.is_(None) & later
        return or_(same, column.is_not(None)) if is_descending else same
    place = literal(last, column.type)
    same = (column == place) & later
    if is_descending:
        return or_(column < place, same)
    return or_(column > place, same, column.is_(None))


def _written(value: Any) -> str | None:
    """Write a value as `read_value` reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def _column(entity: type[Record], name: str) -> InstrumentedAttribute[Any]:
    attribute: InstrumentedAttribute[Any] = getattr(entity, name)
    return attribute


def _conditions(
    entity: type[Record], filters: Mapping[str, str], q: str | None
) -> list[ColumnElement[bool]]:
    conditions = [_is_value(entity, name, text) for name, text in filters.items()]
    texts = [_column(entity, name) for name in _SHOWN_BY[entity]]
    texts = [column for column in texts if column.type.python_type is str]
    if q:
        conditions.append(contains_text(q, *texts))
    return conditions


def _is_value(entity: type[Record], name: str, text: str) -> ColumnElement[bool]:
    """Ask for a value; of a closed set there may be several to choose from: `live|retiring`."""
    column = column_named(entity, name)
    is_closed = issubclass(column.type.python_type, StrEnum)
    values = [read_value(column, name, one) for one in (text.split("|") if is_closed else [text])]
    return column.in_(values) if len(values) > 1 else column == values[0]


def column_named(entity: type[Record], name: str) -> InstrumentedAttribute[Any]:
    """Get a column of a kind of records; a reference may be named without its `_id`.

    Raises:
        InvalidInputError: there is none.
    """
    columns = inspect(entity).column_attrs
    full_name = f"{name}_id" if name not in columns and f"{name}_id" in columns else name
    if full_name not in columns:
        raise _bad_filter(name, f"{entity.__name__} has no field {name}.")
    return _column(entity, full_name)


def read_value(column: InstrumentedAttribute[Any], name: str, text: str) -> Any:
    """Read a value to compare a column with.

    Raises:
        InvalidInputError: the text is none, or values of the column cannot be compared.
    """
    try:
        return _read_value(column.type.python_type, text)
    except (ValueError, ArithmeticError, KeyError) as error:
        raise _bad_filter(name, f"{text!r} is no value of {name}.") from error


def _read_value(kind: type, text: str) -> Any:
    """Read a value of a type that can be compared; others are a KeyError."""
    if issubclass(kind, str) and kind is not str:
        return kind(text)
    return _READERS[kind](text)


def _bad_filter(name: str, reason: str) -> InvalidInputError:
    return InvalidInputError(reason, errors={name: [reason]})


def _unique_columns(entity: type[Record]) -> list[list[str]]:
    table = inspect(entity).local_table
    constraints = table.constraints if isinstance(table, Table) else ()
    found = [c for c in constraints if isinstance(c, UniqueConstraint)]
    return sorted([column.key for column in constraint.columns] for constraint in found)
