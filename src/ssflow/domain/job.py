"""Work that is due later or elsewhere: timers, effects and outside operations."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, Variables, new_id


class JobKind(StrEnum):
    """What a job does when it is due."""

    TIMER = "timer"
    OPERATION = "operation"
    START_PROCESS = "start_process"
    SEND_MESSAGE = "send_message"
    NOTICE = "notice"


class Job(Base):
    """One piece of work for the worker; a timer is a job with a due time.

    `attempts` rises with every claim and fences off a worker that lost its lease.
    """

    __tablename__ = "job"
    __table_args__ = (Index(None, "due_at"), Index(None, "instance_id"), Index(None, "task_id"))

    kind: Mapped[JobKind]
    due_at: Mapped[datetime | None]
    """None: given up after the last attempt; it waits for an operator."""
    payload: Mapped[Variables]
    created_at: Mapped[datetime]
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("process_instance.id", ondelete="CASCADE"), default=None
    )
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    """The engine's task that waits for it."""
    activity_id: Mapped[str | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
