"""An incident: an instance cannot go on at one element without an operator."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, JsonOrNull, Variables, new_id
from ssflow.errors import ConflictError

KEPT_FAULTS = 10
"""How many of its attempts an incident remembers; the trail has them all."""


class IncidentStatus(StrEnum):
    """How an incident stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    """Its element was cancelled, or its instance ended."""


class IncidentKind(StrEnum):
    """What kind of fault the engine met at an element."""

    SCRIPT = "script"
    CONDITION = "condition"
    DECISION = "decision"
    OPERATION = "operation"
    EXPRESSION = "expression"
    BUDGET = "budget"
    DATA = "data"
    SANDBOX = "sandbox"
    ENGINE = "engine"


class IncidentClosedError(ConflictError):
    """The incident was resolved, or its element is gone; `winner` is who was quicker."""

    def __init__(self, *, winner: UUID | None = None) -> None:
        super().__init__("This incident is settled already.")
        self.winner = winner


class Incident(Base):
    """What went wrong at which element, with the data that was at hand."""

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
    faults: Mapped[list[Any] | None] = mapped_column(JsonOrNull, default=None)
    """What the last attempts said, the present one included: {"at", "message"}, oldest first."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)

    def require_open(self) -> None:
        """Refuse to do anything more to an incident that is settled.

        Raises:
            IncidentClosedError: it is.
        """
        if self.status is not IncidentStatus.OPEN:
            raise IncidentClosedError(winner=self.resolved_by)

    def remember_fault(self, at: datetime, message: str) -> None:
        """Keep what an attempt said, and forget the oldest one of too many."""
        self.faults = [*(self.faults or []), {"at": at.isoformat(), "message": message}][
            -KEPT_FAULTS:
        ]


class RetryOutcome(StrEnum):
    """What came of one incident that was tried again together with others."""

    SETTLED = "settled"
    FAILED_AGAIN = "failed_again"
    SKIPPED = "skipped"
    """Somebody settled it meanwhile, or its case is suspended or has ended."""


class BulkRetry(Base):
    """Many incidents that one person has tried again, each as a step of its own."""

    __tablename__ = "bulk_retry"

    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    reason: Mapped[str]
    total: Mapped[int]
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class BulkRetryItem(Base):
    """One incident of a bulk retry; without an outcome it still waits for its turn."""

    __tablename__ = "bulk_retry_item"
    __table_args__ = (Index(None, "bulk_retry_id", "outcome"), Index(None, "incident_id"))

    bulk_retry_id: Mapped[UUID] = mapped_column(
        ForeignKey("bulk_retry.id", ondelete="CASCADE"), primary_key=True
    )
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True
    )
    job_id: Mapped[UUID]
    outcome: Mapped[RetryOutcome | None] = mapped_column(default=None)
    message: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None] = mapped_column(default=None)
