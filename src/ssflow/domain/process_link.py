"""Which instance started which other one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base


class ProcessLink(Base):
    """An instance was started by another one, with an effect or a message."""

    __tablename__ = "process_link"
    __table_args__ = (Index(None, "started_from"),)

    instance_id: Mapped[UUID] = mapped_column(
        ForeignKey("process_instance.id", ondelete="CASCADE"), primary_key=True
    )
    """The instance that was started."""
    started_from: Mapped[UUID] = mapped_column(
        ForeignKey("process_instance.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
    why: Mapped[str]
    """What it was started with: `process <key>` or `message <name>`."""
    depth: Mapped[int] = mapped_column(default=1)
    """How many instances started each other before this one."""
    activity_id: Mapped[str | None] = mapped_column(default=None)
    """The element of the starting instance, when it is known."""
