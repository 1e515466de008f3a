"""Queries for the audit trail; it only grows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select, text
from sqlalchemy.orm import Session

from ssflow.domain.audit import GENESIS, AuditAction, AuditEvent
from ssflow.domain.identity import Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.user_task import UserTask
from ssflow.store.instances import is_visible_to
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page
from ssflow.store.text_search import contains_text

_BATCH = 500
_APPEND = insert(AuditEvent)
"""Built once: it is on the path of every step."""


class StreamHead(NamedTuple):
    """The last event of a stream; before the first one: 0 and `GENESIS`."""

    seq: int
    hash: bytes


def head_of_stream(session: Session, stream: str) -> StreamHead:
    """Read the last event of a stream that is not an instance's, and keep others from adding to it.

    An instance carries its own head and is locked with it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(stream, 0))))
    query = (
        select(AuditEvent.seq, AuditEvent.hash)
        .where(AuditEvent.stream == stream)
        .order_by(AuditEvent.seq.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    return StreamHead(0, GENESIS) if found is None else StreamHead(found.seq, found.hash)


class StoredEvent(NamedTuple):
    """An event as it stands in the database: nothing about it is sure but that there is a row."""

    seq: Any
    stream: Any
    at: Any
    actor: Any
    action: Any
    body: Any
    prev: Any
    hash: Any
    instance_id: Any
    activity_id: Any


def append_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write events, in order; the database refuses whatever does not continue its stream."""
    if rows:
        session.connection().execute(_APPEND, list(rows))


def events_of_stream(session: Session, stream: str) -> Iterator[AuditEvent]:
    """Read a stream from its first event on, without holding all of it."""
    query = select(AuditEvent).where(AuditEvent.stream == stream).order_by(AuditEvent.seq)
    return iter(session.scalars(query, execution_options={"yield_per": _BATCH}))


def stored_events_of_stream(session: Session, stream: str) -> Iterator[StoredEvent]:
    """Read a stream for somebody who trusts nobody: no value is read as what it should be."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    columns = (f"CAST({name} AS BLOB)" if is_sqlite else name for name in StoredEvent._fields[1:])
    query = text(
        f"SELECT seq, {', '.join(columns)} FROM audit_event "  # noqa: S608 - our own names
        "WHERE stream = :stream AND seq > :after ORDER BY seq LIMIT :batch"
    )
    after: Any = -1
    while rows := session.execute(
        query, {"stream": stream, "after": after, "batch": _BATCH}
    ).fetchall():
        yield from (StoredEvent(*row) for row in rows)
        after = rows[-1].seq


def cases_with_events(session: Session) -> Sequence[UUID]:
    """List the instances that know of events of theirs."""
    return session.scalars(select(ProcessInstance.id).where(ProcessInstance.audit_seq > 0)).all()


def streams(session: Session) -> Sequence[str]:
    """List the names of all streams."""
    return session.scalars(select(AuditEvent.stream).distinct().order_by(AuditEvent.stream)).all()


def list_events(
    session: Session,
    actor: Actor,
    *,
    instance_id: UUID | None = None,
    actor_key: str | None = None,
    action: AuditAction | None = None,
    activity_id: str | None = None,
    from_: datetime | None = None,
    to: datetime | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AuditEvent]:
    """List events that the actor may see, newest first; `q` looks into their bodies.

    `from_` is included, `to` is not. Events of no instance are for those who see everything.
    """
    conditions = _conditions(actor_key, action, activity_id, from_, to, q)
    query = _visible_events(actor).where(*conditions)
    if instance_id is None:
        keys, name = (AuditEvent.id,), "events"
    else:
        query = query.where(AuditEvent.stream == str(instance_id))
        keys, name = (AuditEvent.seq,), "events-of-instance"
    return read_page(
        session, query, name=name, keys=keys, descending=True, cursor=cursor, limit=limit
    )


def claims_of_task(session: Session, task: UserTask) -> Iterator[AuditEvent]:
    """Read who claimed a task, newest first."""
    query = (
        select(AuditEvent)
        .where(
            AuditEvent.stream == str(task.instance_id),
            AuditEvent.action == AuditAction.TASK_CLAIMED,
            AuditEvent.activity_id == task.activity_id,
            contains_text(str(task.id), AuditEvent.body),
        )
        .order_by(AuditEvent.seq.desc())
    )
    return iter(session.scalars(query))


def _visible_events(actor: Actor) -> Select[AuditEvent]:
    query = select(AuditEvent)
    if actor.sees_everything:
        return query
    return query.join(ProcessInstance, ProcessInstance.id == AuditEvent.instance_id).where(
        is_visible_to(actor)
    )


def _conditions(
    actor_key: str | None,
    action: AuditAction | None,
    activity_id: str | None,
    from_: datetime | None,
    to: datetime | None,
    q: str | None,
) -> Iterator[ColumnElement[bool]]:
    if actor_key is not None:
        yield AuditEvent.actor == actor_key
    if action is not None:
        yield AuditEvent.action == action
    if activity_id is not None:
        yield AuditEvent.activity_id == activity_id
    if from_ is not None:
        yield AuditEvent.at >= from_
    if to is not None:
        yield AuditEvent.at < to
    if q:
        yield contains_text(q, AuditEvent.body)
