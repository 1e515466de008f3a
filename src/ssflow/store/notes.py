"""Queries for what people add to cases: comments and attachments."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ssflow.domain.note import Attachment, Comment
from ssflow.errors import NotFoundError


def comments_of(session: Session, instance_id: UUID) -> Sequence[Comment]:
    """List what was said about a case, oldest first."""
    query = (
        select(Comment)
        .where(Comment.instance_id == instance_id)
        .order_by(Comment.created_at, Comment.id)
    )
    return session.scalars(query).all()


def attachments_of(session: Session, instance_id: UUID) -> Sequence[Attachment]:
    """List the files of a case, oldest first; their content is read when it is asked for."""
    query = (
        select(Attachment)
        .where(Attachment.instance_id == instance_id)
        .order_by(Attachment.uploaded_at, Attachment.id)
    )
    return session.scalars(query).all()


def find_attachment(session: Session, attachment_id: UUID) -> Attachment | None:
    """Find a file, without its content until it is asked for."""
    return session.get(Attachment, attachment_id)


def get_attachment(session: Session, attachment_id: UUID) -> Attachment:
    """Get a file, without its content until it is asked for.

    Raises:
        NotFoundError: there is none.
    """
    if (attachment := find_attachment(session, attachment_id)) is None:
        raise NotFoundError("There is no such file.")
    return attachment


def attachment_names(session: Session, attachment_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Look up the names of files."""
    ids = set(attachment_ids)
    if not ids:
        return {}
    query = select(Attachment.id, Attachment.name).where(Attachment.id.in_(ids))
    return dict(session.execute(query).all())


def unbound_attachments(
    session: Session, attachment_ids: Iterable[UUID], uploaded_by: UUID | None
) -> Sequence[Attachment]:
    """Find those of a user's files that belong to no case yet, oldest first."""
    ids = set(attachment_ids)
    if not ids or uploaded_by is None:
        return []
    query = (
        select(Attachment)
        .where(
            Attachment.id.in_(ids),
            Attachment.instance_id.is_(None),
            Attachment.uploaded_by == uploaded_by,
        )
        .order_by(Attachment.uploaded_at, Attachment.id)
    )
    return session.scalars(query).all()


def bind_attachments(
    session: Session, attachment_ids: Iterable[UUID], instance_id: UUID, task_id: UUID | None
) -> None:
    """Let files that belong to no case yet belong to this one, and to one of its tasks."""
    if ids := set(attachment_ids):
        query = (
            update(Attachment)
            .where(Attachment.id.in_(ids), Attachment.instance_id.is_(None))
            .values(instance_id=instance_id, task_id=task_id)
        )
        session.execute(query)
