"""Mails on their way out: one row a mail, from the moment it was asked for."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, Variables, new_id


class MailState(StrEnum):
    """How a mail stands."""

    QUEUED = "queued"
    HELD = "held"
    """It waits for the day's digest of its reader."""
    SENT = "sent"
    FAILED = "failed"
    """Given up after the last attempt."""
    DROPPED = "dropped"
    """What it was about is gone: its case was cancelled, or its step left."""


class Mail(Base):
    """One mail to one person; its id is its job's, and makes its Message-ID.

    `source_id` is what asked for it (a job, or a service task that waits): nobody gets two mails
    from one source.
    """

    __tablename__ = "mail"
    __table_args__ = (
        UniqueConstraint("source_id", "address"),
        Index(None, "state", "created_at"),
        Index(None, "user_id", "created_at"),
        Index(None, "task_id"),
        Index(None, "instance_id"),
    )

    source_id: Mapped[UUID]
    template: Mapped[str]
    address: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime]
    files: Mapped[list[Variables]] = mapped_column(JSON, default_factory=list)
    """Attachments and documents that go along: {"kind", "id"}."""
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("app_user.id", ondelete="SET NULL"), default=None
    )
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("process_instance.id", ondelete="CASCADE"), default=None
    )
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    """The service task that waits until the mail is sent."""
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(default=None)
    is_refused: Mapped[bool] = mapped_column(default=False)
    """The receiving side does not know the address: another attempt would not help."""
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)

    def note_sent(self, at: datetime, attempts: int) -> None:
        """Keep that it left."""
        self.state, self.sent_at, self.attempts, self.error = MailState.SENT, at, attempts, None

    def note_failure(self, error: str, attempts: int, *, is_last: bool) -> None:
        """Keep why it did not leave."""
        self.attempts, self.error = attempts, error
        if is_last:
            self.state = MailState.FAILED
