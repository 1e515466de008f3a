"""Queries for incidents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.incident import (
    BulkRetry,
    BulkRetryItem,
    Incident,
    IncidentKind,
    IncidentStatus,
    RetryOutcome,
)
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job
from ssflow.errors import NotFoundError
from ssflow.store.instances import is_visible_to
from ssflow.store.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, read_page
from ssflow.store.text_search import contains_text


def find_incident(session: Session, incident_id: UUID) -> Incident | None:
    """Find an incident, without asking who may see it."""
    return session.get(Incident, incident_id)


def get_incident(session: Session, incident_id: UUID) -> Incident:
    """Get an incident, without asking who may see it.

    Raises:
        NotFoundError: there is none.
    """
    if (incident := find_incident(session, incident_id)) is None:
        raise NotFoundError("There is no such incident.")
    return incident


def open_incidents_of(session: Session, instance_id: UUID) -> Sequence[Incident]:
    """List what keeps an instance from going on, oldest first."""
    query = (
        select(Incident)
        .where(Incident.instance_id == instance_id, Incident.status == IncidentStatus.OPEN)
        .order_by(Incident.created_at, Incident.id)
    )
    return session.scalars(query).all()


def find_by_task(session: Session, task_id: UUID) -> Incident | None:
    """Find the newest incident at one of the engine's parked tasks."""
    query = (
        select(Incident)
        .where(Incident.task_id == task_id)
        .order_by(Incident.created_at.desc(), Incident.id.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def note_attempts(session: Session, task_ids: Iterable[UUID], attempts: int) -> None:
    """Tell how often the work of these parked tasks was tried before they were parked."""
    if ids := list(task_ids):
        open_ones = (Incident.task_id.in_(ids), Incident.status == IncidentStatus.OPEN)
        session.execute(update(Incident).where(*open_ones).values(attempts=attempts))


def settle_incidents(
    session: Session, task_ids: Iterable[UUID], *, status: IncidentStatus, at: datetime
) -> None:
    """Close the open incidents of the engine's tasks that are parked no more."""
    if ids := list(task_ids):
        _settle(session, Incident.task_id.in_(ids), status, at)


def close_incidents_of(session: Session, instance_id: UUID, *, at: datetime) -> None:
    """Close what is open in an instance that ends without it."""
    _settle(session, Incident.instance_id == instance_id, IncidentStatus.CLOSED, at)


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents are meant; what is None does not count.

    `q` looks into the message and into the case's title and key; `before` and `after` are about
    the moment when the incident came up, `after` itself included.
    """

    status: IncidentStatus | None = None
    key: str | None = None
    activity_id: str | None = None
    kind: IncidentKind | None = None
    instance_id: UUID | None = None
    q: str | None = None
    before: datetime | None = None
    after: datetime | None = None


def list_incidents(
    session: Session,
    actor: Actor,
    wanted: IncidentFilter | None = None,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Incident]:
    """List the incidents of cases that the actor may see, newest first."""
    query = select(Incident).where(*_wanted(actor, wanted or IncidentFilter()))
    keys = (Incident.created_at, Incident.id)
    return read_page(
        session, query, name="incidents", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def count_incidents(session: Session, actor: Actor, wanted: IncidentFilter) -> int:
    """Count the incidents of cases that the actor may see."""
    query = select(func.count(Incident.id)).where(*_wanted(actor, wanted))
    return session.scalar(query) or 0


def ids_of_incidents(
    session: Session, actor: Actor, wanted: IncidentFilter, limit: int
) -> Sequence[UUID]:
    """Give the ids of incidents of cases that the actor may see, oldest first."""
    query = select(Incident.id).where(*_wanted(actor, wanted))
    return session.scalars(query.order_by(Incident.created_at, Incident.id).limit(limit)).all()


def open_incidents_by_place(session: Session, actor: Actor) -> Sequence[tuple[str, str, str, int]]:
    """Count the open incidents by process, element and kind, most first."""
    place = (ProcessInstance.key, Incident.activity_id, Incident.kind)
    many = func.count(Incident.id)
    query = (
        select(*place, many)
        .where(*_wanted(actor, IncidentFilter(status=IncidentStatus.OPEN)))
        .group_by(*place)
        .order_by(many.desc(), *place)
        .limit(MAX_LIMIT)
    )
    return [(key, step, kind, count) for key, step, kind, count in session.execute(query)]


# --- many at once --------------------------------------------------------------------------------


def add_bulk_retry(session: Session, retry: BulkRetry, items: Sequence[Mapping[str, Any]]) -> None:
    """Store a bulk retry with its items, one mapping of column names an item."""
    session.add(retry)
    session.flush()
    if items:
        session.execute(insert(BulkRetryItem), [{"bulk_retry_id": retry.id, **i} for i in items])


def find_bulk_retry(session: Session, bulk_retry_id: UUID) -> BulkRetry | None:
    """Find a bulk retry."""
    return session.get(BulkRetry, bulk_retry_id)


def find_bulk_item(
    session: Session, bulk_retry_id: UUID, incident_id: UUID
) -> BulkRetryItem | None:
    """Find what a bulk retry says about one incident."""
    return session.get(BulkRetryItem, (bulk_retry_id, incident_id))


def newest_bulk_retries(session: Session, limit: int = 10) -> Sequence[BulkRetry]:
    """List bulk retries, newest first."""
    query = select(BulkRetry).order_by(BulkRetry.asked_at.desc(), BulkRetry.id)
    return session.scalars(query.limit(limit)).all()


def count_outcomes(session: Session, bulk_retry_id: UUID) -> dict[RetryOutcome | None, int]:
    """Count what came of a bulk retry's items so far; None: what still waits."""
    query = (
        select(BulkRetryItem.outcome, func.count())
        .where(BulkRetryItem.bulk_retry_id == bulk_retry_id)
        .group_by(BulkRetryItem.outcome)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def count_given_up(session: Session, bulk_retry_id: UUID) -> int:
    """Count the items that wait for nothing any more: their jobs were given up or are gone."""
    query = (
        select(func.count())
        .select_from(BulkRetryItem)
        .outerjoin(Job, Job.id == BulkRetryItem.job_id)
        .where(
            BulkRetryItem.bulk_retry_id == bulk_retry_id,
            BulkRetryItem.outcome.is_(None),
            Job.due_at.is_(None),
        )
    )
    return session.scalar(query) or 0


def list_bulk_items(
    session: Session,
    bulk_retry_id: UUID,
    outcome: RetryOutcome | None = None,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[BulkRetryItem]:
    """List what came of a bulk retry's items, in no order that means anything."""
    query = select(BulkRetryItem).where(BulkRetryItem.bulk_retry_id == bulk_retry_id)
    if outcome is not None:
        query = query.where(BulkRetryItem.outcome == outcome)
    keys = (BulkRetryItem.incident_id,)
    return read_page(session, query, name="bulk", keys=keys, cursor=cursor, limit=limit)


def _wanted(actor: Actor, wanted: IncidentFilter) -> Iterator[ColumnElement[bool]]:
    """Build the conditions on incidents and their cases, which the query names too."""
    yield Incident.instance_id == ProcessInstance.id
    yield is_visible_to(actor)
    for column, value in (
        (Incident.status, wanted.status),
        (ProcessInstance.key, wanted.key),
        (Incident.activity_id, wanted.activity_id),
        (Incident.kind, wanted.kind),
        (Incident.instance_id, wanted.instance_id),
    ):
        if value is not None:
            yield column == value
    if wanted.before is not None:
        yield Incident.created_at < wanted.before
    if wanted.after is not None:
        yield Incident.created_at >= wanted.after
    if wanted.q:
        case = (ProcessInstance.title, ProcessInstance.business_key)
        yield contains_text(wanted.q, Incident.message, *case)


def _settle(
    session: Session, which: ColumnElement[bool], status: IncidentStatus, at: datetime
) -> None:
    query = (
        update(Incident)
        .where(which, Incident.status == IncidentStatus.OPEN)
        .values(status=status, resolved_at=at)
    )
    session.execute(query)
