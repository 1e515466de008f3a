"""Queries for mails on their way out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, defer

from ssflow.domain.mail import Mail, MailState
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page

_ON_THE_WAY = (MailState.QUEUED, MailState.HELD)


def add_mails(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store mails, one mapping of column names a mail."""
    if rows:
        session.execute(insert(Mail), list(rows))


def find_mail(session: Session, mail_id: UUID) -> Mail | None:
    """Find a mail."""
    return session.get(Mail, mail_id, populate_existing=True)


def states_by_address(session: Session, source_id: UUID) -> dict[str, MailState]:
    """Tell to which addresses a source sent already, and how these mails stand."""
    query = select(Mail.address, Mail.state).where(Mail.source_id == source_id)
    return {row.address: row.state for row in session.execute(query)}


def mails_of_task(session: Session, task_id: UUID) -> Sequence[Mail]:
    """List the mails that a service task waits for, without their texts, by address."""
    query = (
        select(Mail)
        .where(Mail.task_id == task_id)
        .options(defer(Mail.text), defer(Mail.html))
        .order_by(Mail.address)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def is_any_on_the_way(session: Session, task_id: UUID) -> bool:
    """Tell whether a service task still waits for one of its mails."""
    query = select(Mail.id).where(Mail.task_id == task_id, Mail.state.in_(_ON_THE_WAY)).limit(1)
    return session.scalar(query) is not None


def remove_unsent(session: Session, source_id: UUID) -> None:
    """Forget the mails of a source that did not leave; they are about to be made anew."""
    query = delete(Mail).where(Mail.source_id == source_id, Mail.state != MailState.SENT)
    session.execute(query.execution_options(synchronize_session=False))


def drop_mails_of_tasks(session: Session, task_ids: Iterable[UUID]) -> None:
    """Give up the mails that service tasks were waiting for; they wait no more."""
    if ids := list(task_ids):
        query = update(Mail).where(Mail.task_id.in_(ids), Mail.state.in_(_ON_THE_WAY))
        query = query.values(state=MailState.DROPPED)
        session.execute(query.execution_options(synchronize_session=False))


def drop_mails_of_instance(session: Session, instance_id: UUID) -> None:
    """Give up the mails that an instance was waiting for; notices about it still leave."""
    query = update(Mail).where(
        Mail.instance_id == instance_id, Mail.task_id.is_not(None), Mail.state.in_(_ON_THE_WAY)
    )
    query = query.values(state=MailState.DROPPED)
    session.execute(query.execution_options(synchronize_session=False))


def take_held(session: Session, user_id: UUID, at: datetime) -> list[str]:
    """Take the subjects and texts of what waits for somebody's digest, oldest first.

    They count as sent: the digest carries them. Two digests at once never take the same.
    """
    query = (
        update(Mail)
        .where(Mail.user_id == user_id, Mail.state == MailState.HELD)
        .values(state=MailState.SENT, sent_at=at)
        .returning(Mail.created_at, Mail.id, Mail.subject)
        .execution_options(synchronize_session=False)
    )
    return [row.subject for row in sorted(session.execute(query))]


def list_mails(
    session: Session,
    *,
    state: MailState | None = None,
    user_id: UUID | None = None,
    instance_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Mail]:
    """List mails without their texts, newest first; `user_id`: only those to this person."""
    query = select(Mail).options(defer(Mail.text), defer(Mail.html))
    if state is not None:
        query = query.where(Mail.state == state)
    if user_id is not None:
        query = query.where(Mail.user_id == user_id)
    if instance_id is not None:
        query = query.where(Mail.instance_id == instance_id)
    keys = (Mail.created_at, Mail.id)
    return read_page(
        session, query, name="mails", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def count_mails(session: Session) -> dict[MailState, int]:
    """Count the mails by how they stand."""
    query = select(Mail.state, func.count()).group_by(Mail.state)
    return {MailState(state): count for state, count in session.execute(query)}


def delete_mails_before(session: Session, moment: datetime) -> int:
    """Remove mails that were settled before a moment; gives how many there were."""
    query = delete(Mail).where(Mail.created_at < moment, Mail.state.not_in(_ON_THE_WAY))
    return len(session.scalars(query.returning(Mail.id)).all())
