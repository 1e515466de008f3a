"""Queries for jobs: work that is due later or elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from ssflow.domain.base import JsonValue, new_id
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
    """Drop the jobs of all waiting points of an instance; effects of steps done stay."""
    query = delete(Job).where(Job.instance_id == instance_id, Job.task_id.is_not(None))
    session.execute(_quietly(query))


@dataclass(frozen=True)
class ClaimedJob:
    """A job that a worker may do until its lease ends; `attempts` proves that it is still its own.

    It is lost when somebody else takes it over, and when its waiting point goes.
    """

    id: UUID
    kind: JobKind
    attempts: int
    max_attempts: int
    instance_id: UUID | None
    task_id: UUID | None


def claim_due_job(session: Session, now: datetime, lease: timedelta) -> ClaimedJob | None:
    """Take the job that has been due longest, until `now + lease`; its `attempts` rises.

    Waiting points of suspended instances wait.
    """
    oldest = (
        select(Job.id)
        .where(Job.due_at <= now, ~_is_suspended())
        .order_by(Job.due_at, Job.id)
        .limit(1)
    )
    return _claim(session, oldest, now + lease)


def claim_job(session: Session, job_id: UUID, now: datetime, lease: timedelta) -> ClaimedJob | None:
    """Take one job if it is due and nobody has it, until `now + lease`."""
    due = select(Job.id).where(Job.id == job_id, Job.due_at <= now, ~_is_suspended())
    return _claim(session, due, now + lease)


def find_claimed(session: Session, claimed: ClaimedJob) -> Job | None:
    """Find a claimed job as it is now, unless it is lost."""
    job = find_job(session, claimed.id)
    return job if job is not None and job.attempts == claimed.attempts else None


def renew_lease(session: Session, claimed: ClaimedJob, until: datetime) -> bool:
    """Keep a claimed job for longer; false when it is lost."""
    return _change_if_held(session, claimed, due_at=until)


def keep_answer(session: Session, claimed: ClaimedJob, answer: JsonValue) -> bool:
    """Keep what the outside said until it is taken; false when the job is lost."""
    return _change_if_held(session, claimed, answer={"answer": answer})


def postpone_job(
    session: Session,
    claimed: ClaimedJob,
    *,
    due_at: datetime | None,
    error: str | None,
    is_counted: bool = True,
) -> bool:
    """Have a claimed job tried again at `due_at`, or never (None); false when it is lost.

    One that `is_counted` not has an attempt more.
    """
    most = Job.max_attempts if is_counted else Job.max_attempts + 1
    return _change_if_held(session, claimed, due_at=due_at, error=error, max_attempts=most)


def finish_job(session: Session, claimed: ClaimedJob) -> Job | None:
    """Remove a claimed job that is done, and give what it was; None when it is lost."""
    query = delete(Job).where(_is_held(claimed)).returning(Job)
    return session.scalars(_quietly(query)).one_or_none()


def next_due_at(session: Session) -> datetime | None:
    """Tell when the next job is due that does not wait for its case to be resumed; None: none."""
    query = (
        select(Job.due_at)
        .where(Job.due_at.is_not(None), ~_is_suspended())
        .order_by(Job.due_at)
        .limit(1)
    )
    return session.scalar(query)


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
    """Build the condition that a job belongs to a waiting point of a suspended instance."""
    return exists().where(
        Job.task_id.is_not(None),
        ProcessInstance.id == Job.instance_id,
        ProcessInstance.status == InstanceStatus.SUSPENDED,
    )


def _claim(session: Session, candidate: Select[UUID], until: datetime) -> ClaimedJob | None:
    chosen = candidate.with_for_update(skip_locked=True, of=Job).scalar_subquery()
    query = (
        update(Job)
        .where(Job.id == chosen)
        .values(attempts=Job.attempts + 1, due_at=until)
        .returning(*(getattr(Job, each.name) for each in fields(ClaimedJob)))
    )
    row = session.execute(_quietly(query)).one_or_none()
    return None if row is None else ClaimedJob(*row)


def _is_held(claimed: ClaimedJob) -> ColumnElement[bool]:
    return and_(Job.id == claimed.id, Job.attempts == claimed.attempts)


def _change_if_held(session: Session, claimed: ClaimedJob, **values: Any) -> bool:
    query = update(Job).where(_is_held(claimed)).values(**values).returning(Job.id)
    return session.scalar(_quietly(query)) is not None
