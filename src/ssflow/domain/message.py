"""Where instances wait for a message."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base


class MessageSubscription(Base):
    """One instance waits at one element for a message with a name and a correlation key."""

    __tablename__ = "message_subscription"
    __table_args__ = (Index(None, "name", "correlation_key"), Index(None, "instance_id"))

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"))
    activity_id: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The engine's task that waits."""
    correlation_key: Mapped[str | None] = mapped_column(default=None)
