"""Queries for jobs: work that is due later or elsewhere."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from ssflow.domain.base import JsonValue, UtcDateTime, new_id
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import Job, JobKind, JobState, WorkerHeartbeat
from ssflow.errors import NotFoundError
from ssflow.store.paging import Page, read_page

D = TypeVar("D", bound=Executable)

_FORGOTTEN = timedelta(days=1)
_MOST_WORKERS = 200
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


def is_any_of_task(session: Session, task_id: UUID) -> bool:
    """Tell whether a waiting point has a job that is still to be done."""
    query = select(Job.id).where(Job.task_id == task_id, Job.due_at.is_not(None)).limit(1)
    return session.scalar(query) is not None


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
    was_due_at: datetime | None


@dataclass(frozen=True)
class Share:
    """Which of the due jobs a worker takes: some kinds, or all but some."""

    only: frozenset[JobKind] | None = None
    without: frozenset[JobKind] = frozenset()
    patience: timedelta = timedelta(0)
    """How long it leaves jobs that were due when they were added to whom they were handed."""


EVERYTHING = Share()


def claim_due_job(
    session: Session, now: datetime, lease: timedelta, share: Share = EVERYTHING
) -> ClaimedJob | None:
    """Take the job that has been due longest, until `now + lease`; its `attempts` rises.

    Waiting points of suspended instances wait, and a timer waits for earlier ones of its instance.
    """
    moments = {"now": now, "until": now + lease, "handed_by": now - share.patience}
    return _claim(session, _claim_oldest(share), moments)


def claim_job(session: Session, job_id: UUID, now: datetime, lease: timedelta) -> ClaimedJob | None:
    """Take one job if it is due and nobody has it, until `now + lease`.

    One that was due when it was added is due, though the clock of who added it runs ahead.
    """
    return _claim(session, _claim_one(), {"now": now, "until": now + lease, "wanted": job_id})


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
    values = {"due_at": due_at, "error": error, "max_attempts": most, "was_due_at": None}
    return _change_if_held(session, claimed, **values)


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


def next_due_by(
    session: Session, by: datetime, kinds: Collection[JobKind]
) -> tuple[datetime | None, datetime | None]:
    """Tell when the next job of these kinds is due, and the next other one, if it is soon.

    Reads only the jobs that are due `by` then; those that wait for their case count not.
    """
    one, other = session.execute(_next_due_by(frozenset(kinds)), {"by": by}).one()
    return one, other


def revive_job(session: Session, job_id: UUID, now: datetime, attempts: int) -> bool:
    """Have a job that was given up tried again, so many times; false when it was not given up.

    It is handed to `submit` like one that was added.
    """
    query = (
        update(Job)
        .where(Job.id == job_id, Job.due_at.is_(None))
        .values(due_at=now, max_attempts=Job.attempts + attempts)
        .returning(Job.id)
    )
    if session.scalar(_quietly(query)) is None:
        return False
    session.info.setdefault(_ADDED, []).append((job_id, now))
    return True


def count_jobs(session: Session, now: datetime) -> dict[tuple[JobKind, JobState], int]:
    """Count jobs by kind and how they stand."""
    state = case(
        (Job.due_at.is_(None), JobState.FAILED),
        (Job.due_at <= now, JobState.DUE),
        (Job.was_due_at.is_(None), JobState.WAITING),
        else_=JobState.RUNNING,
    )
    query = select(Job.kind, state, func.count()).group_by(Job.kind, state)
    return {(kind, JobState(found)): count for kind, found, count in session.execute(query)}


def save_heartbeat(session: Session, beat: WorkerHeartbeat) -> None:
    """Write a worker's sign of life, and forget workers that were not seen for a day."""
    session.merge(beat)
    query = delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < beat.seen_at - _FORGOTTEN)
    session.execute(_quietly(query))


def delete_heartbeat(session: Session, worker_id: UUID) -> None:
    """Forget a worker that ended in good order."""
    session.execute(_quietly(delete(WorkerHeartbeat).where(WorkerHeartbeat.id == worker_id)))


def list_heartbeats(session: Session, *, seen_since: datetime) -> Sequence[WorkerHeartbeat]:
    """List the workers that gave a sign of life since then, oldest first."""
    query = (
        select(WorkerHeartbeat)
        .where(WorkerHeartbeat.seen_at >= seen_since)
        .order_by(WorkerHeartbeat.started_at, WorkerHeartbeat.id)
        .limit(_MOST_WORKERS)
    )
    return session.scalars(query).all()


def list_jobs(
    session: Session,
    *,
    kind: JobKind | None = None,
    instance_id: UUID | None = None,
    has_failed: bool | None = None,
    state: JobState | None = None,
    now: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Job]:
    """List jobs, newest first; `has_failed`: only those given up (or only the others).

    A `state` is that of the moment `now`.
    """
    query = select(Job)
    if kind is not None:
        query = query.where(Job.kind == kind)
    if instance_id is not None:
        query = query.where(Job.instance_id == instance_id)
    if has_failed is not None:
        query = query.where(Job.due_at.is_(None) if has_failed else Job.due_at.is_not(None))
    if state is not None:
        query = query.where(*_stands(state, now))
    keys = (Job.created_at, Job.id)
    return read_page(
        session, query, name="jobs", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def _stands(state: JobState, now: datetime | None) -> list[ColumnElement[bool]]:
    if state is JobState.FAILED:
        return [Job.due_at.is_(None)]
    if state is JobState.DUE:
        return [Job.due_at <= now]
    is_claimed = Job.was_due_at.is_not(None)
    return [Job.due_at > now, is_claimed if state is JobState.RUNNING else ~is_claimed]


def _quietly(query: D) -> D:
    """Leave objects in the session as they are: nobody looks at them any more."""
    return query.execution_options(synchronize_session=False)


# What workers ask all the time is built once: building costs more than the database takes.

_NOW, _UNTIL, _HANDED_BY = (
    bindparam(name, type_=UtcDateTime) for name in ("now", "until", "handed_by")
)


@cache
def _claim_oldest(share: Share) -> Executable:
    oldest = (
        select(Job.id)
        .where(*_is_due(_NOW), *_is_shared(share))
        .order_by(Job.due_at, Job.id)
        .limit(1)
    )
    return _claim_chosen(oldest)


@cache
def _claim_one() -> Executable:
    is_handed_over = and_(Job.due_at == Job.created_at, Job.attempts == 0)
    by = case((is_handed_over, Job.due_at), else_=_NOW)
    return _claim_chosen(select(Job.id).where(Job.id == bindparam("wanted"), *_is_due(by)))


def _claim_chosen(candidate: Select[UUID]) -> Executable:
    chosen = candidate.with_for_update(skip_locked=True, of=Job).scalar_subquery()
    query = (
        update(Job)
        .where(Job.id == chosen)
        .values(
            attempts=Job.attempts + 1,
            due_at=_UNTIL,
            was_due_at=func.coalesce(Job.was_due_at, Job.due_at),
        )
        .returning(*(getattr(Job, each.name) for each in fields(ClaimedJob)))
    )
    return _quietly(query)


@cache
def _next_due_by(kinds: frozenset[JobKind]) -> Select[datetime | None, datetime | None]:
    is_one = Job.kind.in_(kinds)
    earliest = [func.min(case((each, Job.due_at))) for each in (is_one, ~is_one)]
    by = bindparam("by", type_=UtcDateTime)
    return select(earliest[0], earliest[1]).where(Job.due_at <= by, ~_is_suspended())


def _is_due(by: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [Job.due_at <= by, ~_is_suspended(), or_(Job.kind != JobKind.TIMER, ~_is_overtaking())]


def _is_shared(share: Share) -> Iterator[ColumnElement[bool]]:
    if share.only is not None:
        yield Job.kind.in_(share.only)
    if share.without:
        yield Job.kind.not_in(share.without)
    if share.patience:
        yield or_(Job.due_at > Job.created_at, Job.due_at <= _HANDED_BY)


def _is_overtaking() -> ColumnElement[bool]:
    """Build the condition that an earlier timer of the instance is due or being fired."""
    earlier = aliased(Job)
    return exists().where(
        earlier.instance_id == Job.instance_id,
        earlier.kind == JobKind.TIMER,
        func.coalesce(earlier.was_due_at, earlier.due_at)
        < func.coalesce(Job.was_due_at, Job.due_at),
    )


def _is_suspended() -> ColumnElement[bool]:
    """Build the condition that a job belongs to a waiting point of a suspended instance."""
    return exists().where(
        Job.task_id.is_not(None),
        ProcessInstance.id == Job.instance_id,
        ProcessInstance.status == InstanceStatus.SUSPENDED,
    )


def _claim(session: Session, statement: Executable, values: Mapping[str, Any]) -> ClaimedJob | None:
    row = session.execute(statement, values).one_or_none()
    return None if row is None else ClaimedJob(*row)


def _is_held(claimed: ClaimedJob) -> ColumnElement[bool]:
    return and_(Job.id == claimed.id, Job.attempts == claimed.attempts)


def _change_if_held(session: Session, claimed: ClaimedJob, **values: Any) -> bool:
    query = update(Job).where(_is_held(claimed)).values(**values).returning(Job.id)
    return session.scalar(_quietly(query)) is not None
