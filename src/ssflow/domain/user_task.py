"""A user task: work that waits for a person."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, TextClause, text
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, JsonOrNull, Variables
from ssflow.domain.identity import Actor
from ssflow.errors import ConflictError, ForbiddenError
from ssflow.sentences import Sentence

DEFAULT_PRIORITY = 50


class TaskStatus(StrEnum):
    """How a task stands."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class TaskNotOpenError(ConflictError):
    """The task was completed or cancelled already; `winner` is who completed it."""

    def __init__(self, message: str, *, winner: UUID | None = None) -> None:
        super().__init__(message)
        self.winner = winner


class TaskClaimedByOtherError(ConflictError):
    """Somebody else holds the task; `winner` is who."""

    def __init__(self, winner: UUID) -> None:
        super().__init__("Somebody else has claimed this task.")
        self.winner = winner


class SeparationOfDutiesError(ForbiddenError):
    """The actor did other work in this case that rules this task out."""


_URGENCY = text("(-priority)")


def _partial_index(name: str, *columns: str | TextClause, where: str) -> Index:
    """Make an index over some tasks only: that of open ones is as small as the work that waits."""
    condition = text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


_mine = partial(_partial_index, where="status = 'open' AND assignee IS NOT NULL")
_lost = partial(_partial_index, where="status = 'cancelled' AND assignee IS NOT NULL")
_offered = partial(_partial_index, where="status = 'open' AND assignee IS NULL")
_escalated = partial(_partial_index, where="status = 'open' AND escalated_to IS NOT NULL")


class UserTask(Base):
    """Work in one instance that waits for a person; its id is the engine's."""

    __tablename__ = "user_task"
    __table_args__ = (
        Index("ix_user_task_instance", "instance_id"),
        # The columns behind the id let the counts read these three indexes and no row.
        _mine("ix_user_task_mine_due", "assignee", "due_at", "id", "status"),
        _mine("ix_user_task_mine_created", "assignee", "created_at", "id"),
        _mine("ix_user_task_mine_urgency", "assignee", _URGENCY, "created_at", "id"),
        _offered(
            "ix_user_task_offered_due", "role", "due_at", "id", "exclude", "status", "assignee"
        ),
        _offered("ix_user_task_offered_created", "role", "created_at", "id"),
        _offered("ix_user_task_offered_urgency", "role", _URGENCY, "created_at", "id"),
        _escalated(
            "ix_user_task_escalated_due",
            *("due_at", "id", "escalated_to", "exclude", "role", "status", "assignee"),
        ),
        _escalated("ix_user_task_escalated_created", "created_at", "id", "escalated_to"),
        _escalated("ix_user_task_escalated_urgency", _URGENCY, "created_at", "id", "escalated_to"),
        Index("ix_user_task_done", "completed_by", "completed_at", "id"),
        _lost("ix_user_task_lost", "assignee"),
    )

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"))
    key: Mapped[str]
    """The process definition's key."""
    activity_id: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str | None] = mapped_column(default=None)
    assignee: Mapped[UUID | None] = mapped_column(default=None)
    is_fixed: Mapped[bool] = mapped_column(default=False)
    """It was given to one person: it cannot be released to a role."""
    exclude: Mapped[frozenset[str]] = mapped_column(default=frozenset())
    """Ids of users who may not do it (separation of duties)."""
    status: Mapped[TaskStatus] = mapped_column(default=TaskStatus.OPEN)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    remind_at: Mapped[datetime | None] = mapped_column(default=None)
    escalate_to: Mapped[str | None] = mapped_column(default=None)
    """The role that may do it, too, once it is overdue."""
    escalated_to: Mapped[str | None] = mapped_column(default=None)
    """The same role, since it is overdue."""
    priority: Mapped[int] = mapped_column(default=DEFAULT_PRIORITY)
    form_id: Mapped[str | None] = mapped_column(default=None)
    variable_name: Mapped[str | None] = mapped_column(default=None)
    claimed_at: Mapped[datetime | None] = mapped_column(default=None)
    completed_at: Mapped[datetime | None] = mapped_column(default=None)
    completed_by: Mapped[UUID | None] = mapped_column(default=None)
    instructions: Mapped[str | None] = mapped_column(Text, default=None, deferred=True)
    draft: Mapped[Variables | None] = mapped_column(JsonOrNull, default=None, deferred=True)

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.status is TaskStatus.OPEN

    @property
    def is_taken_over(self) -> bool:
        """Whether somebody stepped in for the one person whom it was given to."""
        return self.is_fixed and self.claimed_at is not None

    def is_excluded(self, actor: Actor) -> bool:
        """Whether separation of duties keeps the actor from this task."""
        return actor.user_id is not None and str(actor.user_id) in self.exclude

    def is_offered_to(self, actor: Actor) -> bool:
        """Whether the actor may claim it, or holds it already."""
        if not self.is_open or self.is_excluded(actor):
            return False
        if self.assignee is None:
            return self.role in actor.roles or self.is_escalated_to(actor)
        return self.assignee == actor.user_id or self.is_escalated_to(actor)

    def is_escalated_to(self, actor: Actor) -> bool:
        """Whether the actor may do it because it is overdue, even if somebody else holds it."""
        return actor.user_id is not None and self.escalated_to in actor.roles

    def escalate(self) -> None:
        """Let the role that is named for that do it, too: it is overdue."""
        self.escalated_to = self.escalate_to

    def claim(self, actor: Actor, *, at: datetime) -> None:
        """Reserve the task for `actor`; claiming one's own task again changes nothing.

        Who may do it because it is overdue takes it over from whoever holds it.

        Raises:
            TaskNotOpenError: it was completed or cancelled already.
            SeparationOfDutiesError: other work in this case rules the actor out.
            TaskClaimedByOtherError: somebody else holds it.
            ForbiddenError: the actor does not hold the task's role.
        """
        self._require_open()
        self._require_allowed(actor)
        if self.assignee != actor.user_id:
            self.assignee = actor.user_id
            self.claimed_at = at

    def release(self, actor: Actor, *, to: UUID | None = None) -> None:
        """Give the task back to its role; what was taken over from one person, `to` that person.

        Raises:
            TaskNotOpenError: it was completed or cancelled already.
            ForbiddenError: the actor neither holds it nor administers, or the diagram assigned it.
        """
        self._require_open()
        if self.assignee is None:
            return
        if self.assignee != actor.user_id and not actor.is_admin:
            raise ForbiddenError("Only the person who holds this task may give it back.")
        if self.is_fixed and (not self.is_taken_over or to in (None, self.assignee)):
            raise ForbiddenError("The process assigned this task to one person.")
        self.assignee = to if self.is_fixed else None
        self.claimed_at = None

    def complete(self, actor: Actor, *, at: datetime) -> None:
        """Finish the task; an unclaimed task that the actor may claim is claimed with it.

        Raises:
            TaskNotOpenError, SeparationOfDutiesError, TaskClaimedByOtherError, ForbiddenError:
                as `claim`.
        """
        self.claim(actor, at=at)
        self.status = TaskStatus.COMPLETED
        self.completed_at = at
        self.completed_by = actor.user_id
        self.draft = None

    def require_workable_by(self, actor: Actor) -> None:
        """Refuse an actor that could not complete the task now; changes nothing.

        Raises:
            TaskNotOpenError, SeparationOfDutiesError, TaskClaimedByOtherError, ForbiddenError:
                as `claim`.
        """
        self._require_open()
        self._require_allowed(actor)

    def _require_open(self) -> None:
        if self.status is TaskStatus.COMPLETED:
            raise TaskNotOpenError(
                "This task has been completed already.", winner=self.completed_by
            )
        if self.status is TaskStatus.CANCELLED:
            raise TaskNotOpenError("This task was cancelled: the case went another way.")

    def _require_allowed(self, actor: Actor) -> None:
        if self.is_excluded(actor):
            raise SeparationOfDutiesError(
                "You did other work in this case, so somebody else must do this task."
            )
        if self.assignee == actor.user_id and actor.user_id is not None:
            return
        if self.is_escalated_to(actor):
            return
        if self.is_taken_over and self.assignee is not None:
            raise TaskClaimedByOtherError(self.assignee)
        if self.is_fixed:
            raise ForbiddenError("The process gave this task to one person, and that is not you.")
        if actor.user_id is None or self.role not in actor.roles:
            raise ForbiddenError(Sentence("Only a %(role)s may do this task.", role=self.role))
        if self.assignee is not None:
            raise TaskClaimedByOtherError(self.assignee)
