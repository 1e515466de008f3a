"""Queries for what the trail tells about business records."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.identity import Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.store.instances import is_visible_to

_ABOUT_RECORDS = (AuditAction.RECORD_CREATED, AuditAction.RECORD_CHANGED)


def events_of_record(
    session: Session,
    actor: Actor,
    record_id: UUID,
    *,
    first: datetime,
    last: datetime,
    limit: int,
) -> Sequence[AuditEvent]:
    """List the events about a record between two moments that the actor may see, newest first."""
    query = _visible(actor).where(
        AuditEvent.at.between(first, last),
        AuditEvent.action.in_(_ABOUT_RECORDS),
        AuditEvent.body.contains(f'"id":"{record_id}"', autoescape=True),
    )
    return session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def record_events_of_case(session: Session, instance_id: UUID, limit: int) -> Sequence[AuditEvent]:
    """List the events of a case that tell of records, oldest first."""
    query = select(AuditEvent).where(
        AuditEvent.stream == str(instance_id), AuditEvent.action.in_(_ABOUT_RECORDS)
    )
    return session.scalars(query.order_by(AuditEvent.seq).limit(limit)).all()


def cases_named(
    session: Session, actor: Actor, ids: set[UUID], business_key: str | None, limit: int
) -> Sequence[ProcessInstance]:
    """List the cases of these ids, or of this business key, that the actor may see."""
    has_key = ProcessInstance.business_key == business_key if business_key else false()
    wanted = or_(ProcessInstance.id.in_(ids), has_key)
    query = select(ProcessInstance).where(wanted, is_visible_to(actor))
    order = (ProcessInstance.started_at.desc(), ProcessInstance.id)
    return session.scalars(query.order_by(*order).limit(limit)).all()


def _visible(actor: Actor) -> Select[AuditEvent]:
    query = select(AuditEvent)
    if actor.sees_everything:
        return query
    return query.join(ProcessInstance, ProcessInstance.id == AuditEvent.instance_id).where(
        is_visible_to(actor)
    )
