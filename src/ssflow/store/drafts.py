"""Queries for drafts: what is being edited but not deployed."""

from collections.abc import Sequence

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from ssflow.domain.definition import Draft


def find_draft(session: Session, process_key: str, file: str) -> Draft | None:
    """Find the draft of one file of a process."""
    return session.scalars(_draft_of(process_key, file)).one_or_none()


def lock_draft(session: Session, process_key: str, file: str) -> Draft | None:
    """Find the draft of one file as it is now; nobody else may change it meanwhile."""
    query = _draft_of(process_key, file).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def list_drafts(session: Session, process_key: str | None = None) -> Sequence[Draft]:
    """List the drafts of a process, or of all, by file."""
    query = select(Draft).order_by(Draft.process_key, Draft.file)
    if process_key is not None:
        query = query.where(Draft.process_key == process_key)
    return session.scalars(query).all()


def delete_draft(session: Session, process_key: str, file: str) -> None:
    """Throw the draft of one file away."""
    query = delete(Draft).where(Draft.process_key == process_key, Draft.file == file)
    session.execute(query)


def _draft_of(process_key: str, file: str) -> Select[Draft]:
    return select(Draft).where(Draft.process_key == process_key, Draft.file == file)
