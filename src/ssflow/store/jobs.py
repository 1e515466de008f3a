"""Queries for jobs: work that is due later or elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from ssflow.domain.base import new_id
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import Job, JobKind
from ssflow.errors import NotFoundError
from ssflow.store.paging import Page, read_page

D = TypeVar("D", bound=Executable)

_ADDED = "ssflow_added_jobs"


def add_jobs(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Store jobs, one mapping of column names a job, and give their ids; `id` may be left out.

    Those due by the end of the work are handed to its `submit`.
    """
    complete = [{"id": new_id(), **row} for row in rows]
    if complete:
        session.execute(insert(Job), complete)
    added = session.info.setdefault(_ADDED, [])
    added += [(row["id"], row["due_at"]) for row in complete]
    return [row["id"] for row in complete]


def take_added_jobs(session: Session, *, due_by: datetime) -> list[UUID]:
    """Give the jobs added since the last call that are due; the others are found when they are."""
    added = session.info.pop(_ADDED, [])
    return [job_id for job_id, due_at in added if due_at is not None and due_at <= due_by]


def find_job(session: Session, job_id: UUID) -> Job | None:
    """Find a job; it is gone once it is done."""
    return session.get(Job, job_id, populate_existing=True)


def get_job(session: Session, job_id: UUID) -> Job:
    """Get a job.

    Raises:
        NotFoundError: there is none; it may be done already.
    """
    if (job := find_job(session, job_id)) is None:
        raise NotFoundError("There is no such job; it may be done already.")
    return job


def delete_jobs_of_tasks(session: Session, task_ids: Iterable[UUID]) -> None:
    """Drop the timers and operations of waiting points that are gone."""
    if ids := list(task_ids):
        session.execute(_quietly(delete(Job).where(Job.task_id.in_(ids))))


def delete_jobs_of_instance(session: Session, instance_id: UUID) -> None:
    """Drop everything that an instance still had to do."""
    session.execute(_quietly(delete(Job).where(Job.instance_id == instance_id)))


def claim_due_job(session: Session, now: datetime, lease: timedelta) -> Job | None:
    """Take the job that has been due longest, until `now + lease`; its `attempts` rises.

    Jobs of suspended instances wait.
    """
    oldest = (
        select(Job.id)
        .where(Job.due_at <= now, ~_is_suspended())
        .order_by(Job.due_at, Job.id)
        .limit(1)
    )
    return _claim(session, oldest, now + lease)


def claim_job(session: Session, job_id: UUID, now: datetime, lease: timedelta) -> Job | None:
    """Take one job if it is due and nobody has it, until `now + lease`."""
    due = select(Job.id).where(Job.id == job_id, Job.due_at <= now, ~_is_suspended())
    return _claim(session, due, now + lease)


def renew_lease(session: Session, job: Job, until: datetime) -> bool:
    """Keep a claimed job for longer; false when somebody else took it over."""
    return _change_if_held(session, job, due_at=until)


def postpone_job(session: Session, job: Job, *, due_at: datetime | None, error: str | None) -> bool:
    """Have a claimed job tried again at `due_at`, or never (None); false when it was taken over."""
    return _change_if_held(session, job, due_at=due_at, error=error)


def finish_job(session: Session, job: Job) -> bool:
    """Remove a claimed job that is done; false when somebody else took it over: roll back then."""
    query = delete(Job).where(Job.id == job.id, Job.attempts == job.attempts).returning(Job.id)
    return session.scalar(_quietly(query)) is not None


def next_due_at(session: Session) -> datetime | None:
    """Tell when the next job is due; None when none waits."""
    return session.scalar(select(func.min(Job.due_at)))


def list_jobs(
    session: Session,
    *,
    kind: JobKind | None = None,
    instance_id: UUID | None = None,
    has_failed: bool | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Job]:
    """List waiting jobs, newest first; `has_failed`: only those given up (or only the others)."""
    query = select(Job)
    if kind is not None:
        query = query.where(Job.kind == kind)
    if instance_id is not None:
        query = query.where(Job.instance_id == instance_id)
    if has_failed is not None:
        query = query.where(Job.due_at.is_(None) if has_failed else Job.due_at.is_not(None))
    keys = (Job.created_at, Job.id)
    return read_page(
        session, query, name="jobs", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def _quietly(query: D) -> D:
    """Leave objects in the session as they are: nobody looks at them any more."""
    return query.execution_options(synchronize_session=False)


def _is_suspended() -> ColumnElement[bool]:
    return exists().where(
        ProcessInstance.id == Job.instance_id,
        ProcessInstance.status == InstanceStatus.SUSPENDED,
    )


def _claim(session: Session, candidate: Select[UUID], until: datetime) -> Job | None:
    chosen = candidate.with_for_update(skip_locked=True, of=Job).scalar_subquery()
    query = (
        update(Job)
        .where(Job.id == chosen)
        .values(attempts=Job.attempts + 1, due_at=until)
        .returning(Job)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return session.scalars(query, execution_options=options).one_or_none()


def _change_if_held(session: Session, job: Job, **values: Any) -> bool:
    query = (
        update(Job)
        .where(Job.id == job.id, Job.attempts == job.attempts)
        .values(**values)
        .returning(Job.id)
    )
    return session.scalar(_quietly(query)) is not None
