"""What is left for somebody to do, outside the tasks of a case."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.registers.record import Record


class ActionState(StrEnum):
    """Whether an action is still to be done."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class ActionItem(Record, Base):
    """Something to be done, and where that was found out."""

    __tablename__ = "action_item"
    __table_args__ = (Index(None, "source_type", "source_id"), Index(None, "state", "due"))

    what: Mapped[str]
    source_type: Mapped[str] = mapped_column(default="")
    """A kind of record, or `case`."""
    source_id: Mapped[UUID | None] = mapped_column(default=None)
    kind: Mapped[str] = mapped_column(default="")
    owner: Mapped[UUID | None] = mapped_column(default=None)
    due: Mapped[date | None] = mapped_column(default=None)
    state: Mapped[ActionState] = mapped_column(default=ActionState.OPEN)
    result: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
