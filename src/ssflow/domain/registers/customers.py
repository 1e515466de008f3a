"""Customers: who decides on IT services and pays for them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.registers.record import Record


class CustomerKind(StrEnum):
    """Whether the customer belongs to the organisation."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class CustomerTier(StrEnum):
    """How much attention a customer is promised."""

    STANDARD = "standard"
    KEY = "key"


class CustomerStatus(StrEnum):
    """How far the relation is."""

    LEAD = "lead"
    ACTIVE = "active"
    ENDED = "ended"


class Customer(Record, Base):
    """A part of a business that has a mandate to decide on, and a budget to pay for, services."""

    __tablename__ = "customer"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[CustomerKind] = mapped_column(default=CustomerKind.INTERNAL)
    tier: Mapped[CustomerTier] = mapped_column(default=CustomerTier.STANDARD)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"), default=None)
    brm: Mapped[UUID | None] = mapped_column(default=None)
    """The user who keeps the relation."""
    mandate_holder: Mapped[UUID | None] = mapped_column(default=None)
    """The user who decides and pays on the customer's behalf."""
    mandate_accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    cost_centre: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[CustomerStatus] = mapped_column(default=CustomerStatus.ACTIVE)
    next_review: Mapped[date | None] = mapped_column(default=None)


class CustomerRole(Record, Base):
    """What a user is for one customer: customer, orderer or user."""

    __tablename__ = "customer_role"
    __table_args__ = (Index(None, "customer_id"), Index(None, "user_id"))

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    user_id: Mapped[UUID]
    role: Mapped[str]
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)
