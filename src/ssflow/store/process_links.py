"""Queries for what started what."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.process_link import ProcessLink
from ssflow.store.instances import is_visible_to

MAX_LINKS = 200


def find_origin(session: Session, actor: Actor, instance_id: UUID) -> ProcessInstance | None:
    """Find the case that started an instance, if the actor may see it."""
    query = (
        select(ProcessInstance)
        .join(ProcessLink, ProcessLink.started_from == ProcessInstance.id)
        .where(ProcessLink.instance_id == instance_id, is_visible_to(actor))
    )
    return session.scalars(query).one_or_none()


def list_started(session: Session, actor: Actor, instance_id: UUID) -> Sequence[ProcessInstance]:
    """List the cases that an instance started and that the actor may see, oldest first."""
    query = (
        select(ProcessInstance)
        .join(ProcessLink, ProcessLink.instance_id == ProcessInstance.id)
        .where(ProcessLink.started_from == instance_id, is_visible_to(actor))
        .order_by(ProcessLink.created_at, ProcessLink.instance_id)
        .limit(MAX_LINKS)
    )
    return session.scalars(query).all()
