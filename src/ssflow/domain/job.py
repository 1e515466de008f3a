"""Work that is due later or elsewhere: timers, effects and outside operations."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, JsonOrNull, Variables, new_id


class JobKind(StrEnum):
    """What a job does when it is due."""

    TIMER = "timer"
    OPERATION = "operation"
    START_PROCESS = "start_process"
    SEND_MESSAGE = "send_message"
    NOTICE = "notice"
    SCHEDULE = "schedule"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    DELIVER_MESSAGE = "deliver_message"
    MAIL = "mail"
    CLEAN_UP = "clean_up"
    RETRY_INCIDENT = "retry_incident"


DEFAULT_ATTEMPTS = 3
DEFAULT_WAIT_SECONDS = 2


class JobState(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    DUE = "due"
    RUNNING = "running"
    FAILED = "failed"


class Job(Base):
    """One piece of work for the worker; a timer is a job with a due time.

    `attempts` rises with every claim and fences off a worker that lost its lease; it never falls.
    A job with a `task_id` belongs to that waiting point of its instance and goes with it; one
    without, such as an effect, stands by itself, though it may name the instance it came from.
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
    """The engine's task that waits for it, or the user task that it is about."""
    activity_id: Mapped[str | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=DEFAULT_ATTEMPTS, server_default="3")
    """After that many it is given up."""
    wait_seconds: Mapped[int] = mapped_column(default=DEFAULT_WAIT_SECONDS, server_default="2")
    """Before the second attempt; twice as long before each further one, an hour at most."""
    error: Mapped[str | None] = mapped_column(default=None)
    was_due_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it was due, while a worker has it and `due_at` is the end of the lease."""
    answer: Mapped[Variables | None] = mapped_column(JsonOrNull, default=None)
    """What the outside said, as {"answer": …}, until it is taken."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)

    def state(self, now: datetime) -> JobState:
        """Tell how the job stands; one whose worker was lost is due again."""
        if self.due_at is None:
            return JobState.FAILED
        if self.due_at <= now:
            return JobState.DUE
        return JobState.WAITING if self.was_due_at is None else JobState.RUNNING


def build_watches(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Build the jobs that watch an open task, by its columns; one without a due date has none."""
    moments = {JobKind.REMINDER: task["remind_at"], JobKind.OVERDUE: task["due_at"]}
    return [
        {
            "kind": kind,
            "due_at": due_at,
            "payload": {},
            "created_at": task["created_at"],
            "instance_id": task["instance_id"],
            "task_id": task["id"],
            "activity_id": task["activity_id"],
        }
        for kind, due_at in moments.items()
        if due_at is not None
    ]


class WorkerHeartbeat(Base):
    """A sign of life of a worker, written every ten seconds at most."""

    __tablename__ = "worker_heartbeat"

    name: Mapped[str]
    """Host and process id."""
    carrier: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    jobs_done: Mapped[int] = mapped_column(default=0)
    median_lateness_ms: Mapped[int | None] = mapped_column(default=None)
    """Of the last hundred jobs begun, from when each was due."""
    worst_lateness_ms: Mapped[int | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
