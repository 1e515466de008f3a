"""Queries for message subscriptions: where instances wait for a message."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.message import MessageSubscription
from ssflow.store.instances import is_visible_to


def find_subscription(
    session: Session, name: str, correlation_key: str | None, *, visible_to: Actor | None = None
) -> MessageSubscription | None:
    """Find who waits for a message, longest first; None for the key finds those without one.

    With `visible_to` only cases that this actor may see are looked at.
    """
    query = (
        select(MessageSubscription)
        .where(
            MessageSubscription.name == name,
            MessageSubscription.correlation_key.is_not_distinct_from(correlation_key)
            if correlation_key is None
            else MessageSubscription.correlation_key == correlation_key,
        )
        .order_by(MessageSubscription.created_at, MessageSubscription.id)
        .limit(1)
    )
    if visible_to is not None:
        is_seen = is_visible_to(visible_to)
        query = query.join(ProcessInstance, MessageSubscription.instance_id == ProcessInstance.id)
        query = query.where(is_seen)
    return session.scalars(query).one_or_none()


def subscriptions_of(session: Session, instance_id: UUID) -> Sequence[MessageSubscription]:
    """List what an instance waits for, longest first."""
    query = (
        select(MessageSubscription)
        .where(MessageSubscription.instance_id == instance_id)
        .order_by(MessageSubscription.created_at, MessageSubscription.id)
    )
    return session.scalars(query).all()


def add_subscriptions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store subscriptions, one mapping of column names each."""
    if rows:
        session.execute(insert(MessageSubscription), list(rows))


def delete_subscriptions(session: Session, task_ids: Iterable[UUID]) -> None:
    """Drop the subscriptions of waiting points that are gone."""
    if ids := list(task_ids):
        query = delete(MessageSubscription).where(MessageSubscription.id.in_(ids))
        session.execute(query, execution_options={"synchronize_session": False})


def delete_subscriptions_of(session: Session, instance_id: UUID) -> None:
    """Drop everything that an instance waited for."""
    query = delete(MessageSubscription).where(MessageSubscription.instance_id == instance_id)
    session.execute(query, execution_options={"synchronize_session": False})
