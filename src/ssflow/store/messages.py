"""Queries for messages: where instances wait for one, and those that wait for an instance."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.message import Message, MessageStatus, MessageSubscription
from ssflow.store.instances import is_visible_to
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page

NameAndKey: TypeAlias = tuple[str, str | None]

MAX_DROPPED = 100
"""How many messages, each with its payload, are dropped in one go."""
_LOCK_BYTES = 8


def find_subscription(
    session: Session,
    name: str,
    correlation_key: str | None,
    *,
    visible_to: Actor | None = None,
    in_status: InstanceStatus | None = None,
) -> MessageSubscription | None:
    """Find who waits for a message, longest first; None for the key finds those without one.

    With `visible_to` only cases that this actor may see are looked at, with `in_status` only
    those that stand so.
    """
    query = (
        select(MessageSubscription)
        .where(_is_about(MessageSubscription, name, correlation_key))
        .order_by(MessageSubscription.created_at, MessageSubscription.id)
        .limit(1)
    )
    if visible_to is not None or in_status is not None:
        query = query.join(ProcessInstance, MessageSubscription.instance_id == ProcessInstance.id)
    if visible_to is not None:
        query = query.where(is_visible_to(visible_to))
    if in_status is not None:
        query = query.where(ProcessInstance.status == in_status)
    return session.scalars(query).one_or_none()


def find_subscription_of(
    session: Session, instance_id: UUID, name: str, correlation_key: str | None
) -> MessageSubscription | None:
    """Find where one instance waits for a message, longest first."""
    query = (
        select(MessageSubscription)
        .where(
            MessageSubscription.instance_id == instance_id,
            _is_about(MessageSubscription, name, correlation_key),
        )
        .order_by(MessageSubscription.created_at, MessageSubscription.id)
        .limit(1)
    )
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


# --- messages that are kept -----------------------------------------------------------------------


def find_message(session: Session, sender: str, message_id: str) -> Message | None:
    """Find a message by its sender and what that calls it."""
    query = select(Message).where(Message.sender == sender, Message.message_id == message_id)
    return session.scalars(query).one_or_none()


def find_buffered(
    session: Session, name: str, correlation_key: str | None, now: datetime, limit: int
) -> Sequence[Message]:
    """List the messages with a name and key that wait for an instance, oldest first."""
    query = (
        select(Message)
        .where(_is_about(Message, name, correlation_key), *_waits(now))
        .order_by(Message.created_at, Message.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def has_buffered(session: Session, name: str, now: datetime) -> bool:
    """Tell whether messages with this name wait for an instance, by whatever key."""
    query = select(Message.id).where(Message.name == name, *_waits(now)).limit(1)
    return session.scalar(query) is not None


def lock_buffered(session: Session, name: str, now: datetime, limit: int) -> Sequence[Message]:
    """Hold messages with a name that wait for an instance, by whatever key, oldest first."""
    query = (
        select(Message)
        .where(Message.name == name, *_waits(now))
        .order_by(Message.created_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def find_awaited(
    session: Session, awaited: Iterable[NameAndKey], now: datetime
) -> frozenset[NameAndKey]:
    """Tell for which of these names and keys messages wait; one statement."""
    wanted = sorted(set(awaited), key=str)
    is_awaited = or_(*(_is_about(Message, name, key) for name, key in wanted))
    query = select(Message.name, Message.correlation_key).where(is_awaited, *_waits(now)).distinct()
    return frozenset((name, key) for name, key in session.execute(query))


def take_message(session: Session, message: Message, instance_id: UUID) -> bool:
    """Take a buffered message for an instance; false when somebody else took it.

    One that its sender calls by an id is remembered, without its payload.
    """
    is_free = and_(Message.id == message.id, Message.status == MessageStatus.BUFFERED)
    options = {"synchronize_session": False}
    if message.message_id is None:
        gone = delete(Message).where(is_free).returning(Message.id)
        return session.scalar(gone, execution_options=options) is not None
    taken = (
        update(Message)
        .where(is_free)
        .values(status=MessageStatus.DELIVERED, instance_id=instance_id, payload={})
        .returning(Message.id)
    )
    return session.scalar(taken, execution_options=options) is not None


def count_buffered_of(session: Session, sender: str, most: int) -> int:
    """Count the messages of a sender that wait, up to `most`."""
    few = (
        select(literal(1))
        .where(Message.sender == sender, Message.status == MessageStatus.BUFFERED)
        .limit(most)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(few)) or 0


def list_buffered(
    session: Session,
    now: datetime,
    *,
    name: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Message]:
    """List the messages that wait for an instance, newest first."""
    query = select(Message).where(*_waits(now))
    if name is not None:
        query = query.where(Message.name == name)
    keys = (Message.created_at, Message.id)
    return read_page(
        session, query, name="messages", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def count_buffered(session: Session, now: datetime) -> int:
    """Count the messages that wait for an instance."""
    return session.scalar(select(func.count(Message.id)).where(*_waits(now))) or 0


def delete_expired(session: Session, now: datetime) -> Sequence[Message]:
    """Drop messages whose time is over, and give them: `MAX_DROPPED` at most, so ask again."""
    query = select(Message).where(Message.expires_at <= now).order_by(Message.expires_at)
    gone = session.scalars(query.limit(MAX_DROPPED).with_for_update(skip_locked=True)).all()
    if gone:
        drop = delete(Message).where(Message.id.in_([message.id for message in gone]))
        session.execute(drop, execution_options={"synchronize_session": False})
    return gone


# --- locks ----------------------------------------------------------------------------------------


def lock_for_waiting(session: Session, awaited: Iterable[NameAndKey]) -> None:
    """Let nobody keep messages with these names and keys until this work is done.

    Who begins to wait looks for messages, who keeps one looks for who waits: without the lock
    both could look before the other one's work is done, and the message would lie there.
    On SQLite one writes at a time anyway.
    """
    if _has_locks(session):
        for number in sorted({_lock_number("message", *one) for one in awaited}):
            session.execute(select(func.pg_advisory_xact_lock_shared(number)))


def lock_for_keeping(session: Session, name: str, correlation_key: str | None) -> None:
    """Let nobody begin to wait for a message with this name and key until this work is done."""
    if _has_locks(session):
        number = _lock_number("message", name, correlation_key)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def lock_for_start(session: Session, name: str, *, is_new: bool) -> None:
    """Let no process that starts with this message be deployed until this work is done.

    With `is_new` one is: then let nobody look in vain for a process that the message starts.
    """
    if _has_locks(session):
        number = _lock_number("message start", name)
        lock = func.pg_advisory_xact_lock if is_new else func.pg_advisory_xact_lock_shared
        session.execute(select(lock(number)))


def lock_message_id(session: Session, sender: str, message_id: str) -> None:
    """Let a message that comes twice at once wait for what becomes of the first one."""
    if _has_locks(session):
        number = _lock_number("message id", sender, message_id)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def _has_locks(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _lock_number(*parts: str | None) -> int:
    text = "\0".join("" if part is None else f"+{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:_LOCK_BYTES], "big", signed=True)


def _is_about(
    noun: type[Message] | type[MessageSubscription], name: str, correlation_key: str | None
) -> ColumnElement[bool]:
    key: InstrumentedAttribute[str | None] = noun.correlation_key
    is_key = key.is_(None) if correlation_key is None else key == correlation_key
    return and_(noun.name == name, is_key)


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Message.status == MessageStatus.BUFFERED, Message.expires_at > now
