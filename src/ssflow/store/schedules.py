"""Queries for schedules, what came of them, and the records that they are for."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ssflow.domain.job import Job
from ssflow.domain.record_query import Comparison, Condition, RecordQuery
from ssflow.domain.registers.record import Record
from ssflow.domain.schedule import Schedule, ScheduleRun
from ssflow.errors import NotFoundError
from ssflow.store.records import column_named, kind_named, read_value

_ORDERED: Mapping[Comparison, Callable[[Any, Any], ColumnElement[bool]]] = {
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_SAME: operator.le,
    Comparison.MORE: operator.gt,
    Comparison.MORE_OR_SAME: operator.ge,
}


@dataclass(frozen=True)
class RunRow:
    """A run with the error of the job that is to start its case, if that job is still there."""

    run: ScheduleRun
    error: str | None
    is_given_up: bool


def find_schedule(session: Session, key: str) -> Schedule | None:
    """Find when a process starts by itself."""
    return session.get(Schedule, key)


def lock_schedule(session: Session, key: str) -> Schedule | None:
    """Find when a process starts by itself; nobody else may change it meanwhile."""
    query = (
        select(Schedule)
        .where(Schedule.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def list_schedules(session: Session) -> Sequence[Schedule]:
    """List all schedules by the key of their process."""
    return session.scalars(select(Schedule).order_by(Schedule.key)).all()


def lock_run(session: Session, run_id: UUID) -> ScheduleRun | None:
    """Find a run; nobody else may change it meanwhile."""
    query = (
        select(ScheduleRun)
        .where(ScheduleRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def add_runs(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store runs, one mapping of column names each."""
    if rows:
        session.execute(insert(ScheduleRun), list(rows))


def last_runs(session: Session, key: str, limit: int) -> list[RunRow]:
    """List the newest runs of a schedule."""
    query = (
        select(ScheduleRun, Job.error, Job.id.is_not(None) & Job.due_at.is_(None))
        .outerjoin(Job, Job.id == ScheduleRun.job_id)
        .where(ScheduleRun.key == key)
        .order_by(ScheduleRun.created_at.desc(), ScheduleRun.id.desc())
        .limit(limit)
    )
    return [RunRow(run, error, bool(given_up)) for run, error, given_up in session.execute(query)]


def delete_runs_before(session: Session, moment: datetime) -> int:
    """Forget runs that were begun before a moment; gives how many."""
    query = delete(ScheduleRun).where(ScheduleRun.created_at < moment).returning(ScheduleRun.id)
    return len(session.scalars(query, execution_options={"synchronize_session": False}).all())


def delete_job(session: Session, job_id: UUID) -> None:
    """Drop a job that is not needed any more."""
    query = delete(Job).where(Job.id == job_id)
    session.execute(query, execution_options={"synchronize_session": False})


def find_records(session: Session, query: RecordQuery, limit: int) -> Sequence[Record]:
    """Find the records that a query speaks of, oldest first.

    Raises:
        NotFoundError: there is no such register.
        InvalidInputError: a condition names no column, or no value of it.
    """
    entity = kind_named(query.kind)
    found = (
        select(entity)
        .where(*(_condition(entity, one) for one in query.conditions))
        .order_by(column_named(entity, "created_at"), column_named(entity, "id"))
        .limit(limit)
    )
    return session.scalars(found).all()


def check_query(query: RecordQuery) -> None:
    """Refuse a query that `find_records` could not answer; asks no database.

    Raises:
        NotFoundError, InvalidInputError: as `find_records`.
    """
    entity = kind_named(query.kind)
    for one in query.conditions:
        _condition(entity, one)


def find_record_by_id(session: Session, kind: str, record_id: UUID) -> Record | None:
    """Find a record, or nothing where the record or its register is gone."""
    try:
        return session.get(kind_named(kind), record_id)
    except NotFoundError:
        return None


def _condition(entity: type[Record], condition: Condition) -> ColumnElement[bool]:
    column = column_named(entity, condition.column)
    values = [_read(column, condition.column, text) for text in condition.values]
    if condition.comparison is Comparison.IS:
        return or_(*(column.is_not_distinct_from(value) for value in values))
    if condition.comparison is Comparison.IS_NOT:
        return ~or_(*(column.is_not_distinct_from(value) for value in values))
    return _ORDERED[condition.comparison](column, values[0])


def _read(column: InstrumentedAttribute[Any], name: str, text: str) -> Any:
    return read_value(column, name, text) if text else None
