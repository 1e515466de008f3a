"""A process instance: one run of a definition."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, JsonOrNull, Variables, new_id
from ssflow.errors import ConflictError


class InstanceStatus(StrEnum):
    """How an instance stands."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


ENDED = frozenset({InstanceStatus.COMPLETED, InstanceStatus.CANCELLED})


class InstanceNotRunningError(ConflictError):
    """The instance is suspended, or it has ended."""


class ProcessInstance(Base):
    """One run of a definition; `state` is the engine's live part and empty once it has ended.

    `revision` rises with every step, so that the later of two writers is refused.
    """

    __tablename__ = "process_instance"
    __table_args__ = (
        Index(None, "status", "started_at", "id"),
        Index(None, "key", "business_key"),
        Index(None, "started_at", "id"),
        Index(None, "started_by", "started_at", "id"),
        Index(
            "ix_process_instance_confidential",
            "started_at",
            "id",
            sqlite_where=text("readers IS NOT NULL"),
            postgresql_where=text("readers IS NOT NULL"),
        ),
    )

    definition_id: Mapped[UUID] = mapped_column(ForeignKey("process_definition.id"), index=True)
    key: Mapped[str]
    version: Mapped[int]
    started_by: Mapped[str]
    """The starter's actor key; `initiator` in the diagram."""
    started_at: Mapped[datetime]
    business_key: Mapped[str | None] = mapped_column(default=None)
    title: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[InstanceStatus] = mapped_column(default=InstanceStatus.RUNNING)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    end_event: Mapped[str | None] = mapped_column(default=None)
    open_incidents: Mapped[int] = mapped_column(default=0)
    done_by: Mapped[Variables] = mapped_column(default_factory=dict)
    """Activity id -> id of the user who completed it last."""
    revision: Mapped[int] = mapped_column(default=None, init=False)
    audit_seq: Mapped[int] = mapped_column(default=0)
    audit_hash: Mapped[bytes] = mapped_column(LargeBinary, default=bytes(32), repr=False)
    state: Mapped[bytes | None] = mapped_column(
        LargeBinary, default=None, repr=False, deferred=True
    )
    final_variables: Mapped[Variables | None] = mapped_column(
        JsonOrNull, default=None, repr=False, deferred=True
    )
    is_demo: Mapped[bool] = mapped_column(default=False)
    readers: Mapped[frozenset[str] | None] = mapped_column(default=None)
    """The only roles that may see it, beside who works on it now; None: all viewers may."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)

    __mapper_args__ = {"version_id_col": revision}  # read by SQLAlchemy

    @property
    def has_ended(self) -> bool:
        """Whether it was completed or cancelled."""
        return self.status in ENDED

    def require_running(self) -> None:
        """Refuse work on an instance that does not run.

        Raises:
            InstanceNotRunningError: it is suspended or has ended.
        """
        if self.status is InstanceStatus.SUSPENDED:
            raise InstanceNotRunningError("This case is suspended. Resume it first.")
        if self.has_ended:
            raise InstanceNotRunningError("This case has ended.")

    def suspend(self) -> None:
        """Hold the instance: its tasks, timers and messages wait.

        Raises:
            InstanceNotRunningError: it is suspended already or has ended.
        """
        self.require_running()
        self.status = InstanceStatus.SUSPENDED

    def resume(self) -> None:
        """Let a suspended instance go on.

        Raises:
            InstanceNotRunningError: it is not suspended.
        """
        if self.status is not InstanceStatus.SUSPENDED:
            raise InstanceNotRunningError("Only a suspended case can be resumed.")
        self.status = InstanceStatus.RUNNING

    def cancel(self, *, at: datetime) -> None:
        """End the instance without finishing it.

        Raises:
            InstanceNotRunningError: it has ended already.
        """
        if self.has_ended:
            raise InstanceNotRunningError("This case has ended already.")
        self.status = InstanceStatus.CANCELLED
        self.ended_at = at
        self.state = None
        self.open_incidents = 0
