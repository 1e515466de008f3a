"""Where instances wait for a message, and messages that wait for an instance."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, Variables, new_id


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


class MessageStatus(StrEnum):
    """How a message stands."""

    BUFFERED = "buffered"
    DELIVERED = "delivered"


class Message(Base):
    """A message that is kept until `expires_at`.

    It waits for an instance (buffered), or it is remembered by its sender's id for it, so that
    the same message is not taken twice (delivered; its payload is in the instance's trail).
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("sender", "message_id"),
        Index(None, "name", "correlation_key", "created_at"),
        Index(None, "expires_at"),
    )

    name: Mapped[str]
    sender: Mapped[str]
    """The actor's key."""
    payload: Mapped[Variables]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    correlation_key: Mapped[str | None] = mapped_column(default=None)
    message_id: Mapped[str | None] = mapped_column(default=None)
    """What its sender calls it."""
    status: Mapped[MessageStatus] = mapped_column(default=MessageStatus.BUFFERED)
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("process_instance.id", ondelete="SET NULL"), default=None
    )
    """Which instance took it."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
