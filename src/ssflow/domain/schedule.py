"""Processes that start by themselves: when, and what came of each time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, new_id


class Schedule(Base):
    """When a process starts by itself; there is one while its newest version says so."""

    __tablename__ = "schedule"

    key: Mapped[str] = mapped_column(primary_key=True)
    """The process definition's key."""
    timetable: Mapped[str]
    """The property `schedule`, as it stands in the diagram."""
    counted_from: Mapped[datetime]
    """The last tick that was seen to; only later ones are still to come."""
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the job below is due; None while it is off, or when no tick is left."""
    job_id: Mapped[UUID | None] = mapped_column(default=None)
    """The one job that may see to the next tick."""
    is_on: Mapped[bool] = mapped_column(default=True)
    switched_at: Mapped[datetime | None] = mapped_column(default=None)
    switched_by: Mapped[str | None] = mapped_column(default=None)
    """The actor's key."""
    reason: Mapped[str | None] = mapped_column(default=None)
    """Why it was switched on or off last."""


class ScheduleRun(Base):
    """One case that a schedule was to start: for a tick, and for a record if it is for records."""

    __tablename__ = "schedule_run"
    __table_args__ = (
        UniqueConstraint("key", "tick_at", "record_id"),
        Index(None, "key", "created_at", "id"),
        Index(None, "created_at"),
    )

    key: Mapped[str]
    tick_at: Mapped[datetime]
    created_at: Mapped[datetime]
    record_id: Mapped[str] = mapped_column(default="")
    """Of the record that it is for; empty for none, so that the constraint above holds."""
    record_kind: Mapped[str | None] = mapped_column(default=None)
    missed: Mapped[int] = mapped_column(default=0)
    """How many earlier ticks had gone by unnoticed; this run stands for them, too."""
    asked_by: Mapped[str | None] = mapped_column(default=None)
    """The actor's key, when somebody had it run at once."""
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("process_instance.id", ondelete="SET NULL"), default=None
    )
    job_id: Mapped[UUID | None] = mapped_column(default=None)
    """The job that starts the case."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
