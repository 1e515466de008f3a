"""Make and change business records so that every change can be told in the trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ssflow.domain.registers.record import Record, record_as_json
from ssflow.operations.operation import OperationContext, RecordChange
from ssflow.store.records import next_number

R = TypeVar("R", bound=Record)


def new_number(context: OperationContext, prefix: str, year: int | None = None) -> str:
    """Give out the next number of a year, else of this one as it is here: PRP-2026-0001."""
    this_year = context.calendar.local_date(context.now).year
    return next_number(context.session, prefix, year or this_year)


def add_record(context: OperationContext, record: R) -> R:
    """Keep a new record and note that it was made."""
    context.session.add(record)
    context.session.flush()
    told = {
        name: value for name, value in record_as_json(record).items() if value not in (None, [], {})
    }
    _note(context, record, before=None, after=told)
    return record


def remove_record(context: OperationContext, record: Record) -> None:
    """Take a record away and note what it held."""
    before = {
        name: value for name, value in record_as_json(record).items() if value not in (None, [], {})
    }
    context.session.delete(record)
    context.session.flush()
    _note(context, record, before=before, after=dict.fromkeys(before))


@contextmanager
def changing(context: OperationContext, record: R) -> Iterator[R]:
    """Change a record in the block; what differs afterwards is noted, nothing otherwise."""
    before = record_as_json(record)
    yield record
    after = record_as_json(record)
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


def _note(
    context: OperationContext,
    record: Record,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    number = getattr(record, "number", None)
    context.changes.append(RecordChange(type(record).__name__, record.id, number, before, after))
