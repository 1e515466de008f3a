"""An incident: an instance cannot go on at one element without an operator."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, Variables, new_id


class IncidentStatus(StrEnum):
    """How an incident stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    """Its element was cancelled, or its instance ended."""


class Incident(Base):
    """What went wrong at which element, with the data that was at hand.

    `kind` is one of script, condition, decision, operation, expression, budget, data, sandbox,
    engine.
    """

    __tablename__ = "incident"
    __table_args__ = (Index(None, "status", "created_at"), Index(None, "instance_id"))

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"))
    task_id: Mapped[UUID]
    """The engine's parked task."""
    activity_id: Mapped[str]
    kind: Mapped[str]
    message: Mapped[str]
    created_at: Mapped[datetime]
    line: Mapped[int | None] = mapped_column(default=None)
    source_line: Mapped[str | None] = mapped_column(default=None)
    variables: Mapped[Variables] = mapped_column(default_factory=dict)
    attempts: Mapped[int] = mapped_column(default=1)
    status: Mapped[IncidentStatus] = mapped_column(default=IncidentStatus.OPEN)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolved_by: Mapped[UUID | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
