"""Make and change business records so that every change can be told in the trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import inspect

from ssflow.domain.registers.record import Record
from ssflow.operations.operation import OperationContext, RecordChange

_UNTOLD = frozenset({"id", "created_at", "created_by", "updated_at", "row_version", "content"})
R = TypeVar("R", bound=Record)


def add_record(context: OperationContext, record: R) -> R:
    """Keep a new record and note that it was made."""
    context.session.add(record)
    context.session.flush()
    told = {name: value for name, value in values_of(record).items() if value not in (None, [], {})}
    _note(context, record, before=None, after=told)
    return record


@contextmanager
def changing(context: OperationContext, record: R) -> Iterator[R]:
    """Change a record in the block; what differs afterwards is noted, nothing otherwise."""
    before = values_of(record)
    yield record
    after = values_of(record)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        record.updated_at = context.now
        context.session.flush()
        _note(
            context,
            record,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )


def values_of(record: Record) -> dict[str, Any]:
    """Give a record's business values as JSON."""
    names = inspect(type(record)).column_attrs.keys()
    return {name: _json(getattr(record, name)) for name in names if name not in _UNTOLD}


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def _note(
    context: OperationContext,
    record: Record,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    number = getattr(record, "number", None)
    context.changes.append(RecordChange(type(record).__name__, record.id, number, before, after))
