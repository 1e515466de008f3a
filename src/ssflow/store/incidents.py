"""Queries for incidents."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.incident import Incident, IncidentStatus
from ssflow.domain.instance import ProcessInstance
from ssflow.errors import NotFoundError
from ssflow.store.instances import is_visible_to
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page


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


def settle_incidents(
    session: Session, task_ids: Iterable[UUID], *, status: IncidentStatus, at: datetime
) -> None:
    """Close the open incidents of the engine's tasks that are parked no more."""
    if ids := list(task_ids):
        _settle(session, Incident.task_id.in_(ids), status, at)


def close_incidents_of(session: Session, instance_id: UUID, *, at: datetime) -> None:
    """Close what is open in an instance that ends without it."""
    _settle(session, Incident.instance_id == instance_id, IncidentStatus.CLOSED, at)


def list_incidents(
    session: Session,
    actor: Actor,
    *,
    status: IncidentStatus | None = None,
    key: str | None = None,
    instance_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Incident]:
    """List the incidents of cases that the actor may see, newest first; `key`: of one process."""
    query = (
        select(Incident)
        .join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
        .where(is_visible_to(actor))
    )
    if status is not None:
        query = query.where(Incident.status == status)
    if key is not None:
        query = query.where(ProcessInstance.key == key)
    if instance_id is not None:
        query = query.where(Incident.instance_id == instance_id)
    keys = (Incident.created_at, Incident.id)
    return read_page(
        session, query, name="incidents", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def _settle(
    session: Session, which: ColumnElement[bool], status: IncidentStatus, at: datetime
) -> None:
    query = (
        update(Incident)
        .where(which, Incident.status == IncidentStatus.OPEN)
        .values(status=status, resolved_at=at)
    )
    session.execute(query)
