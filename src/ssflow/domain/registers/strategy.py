"""What the strategy says that other processes refer to: objectives and market segments."""

from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.registers.record import Record


class ObjectiveStatus(StrEnum):
    """Whether an objective belongs to the strategy in force."""

    ACTIVE = "active"
    ENDED = "ended"


class StrategicObjective(Record, Base):
    """What the organisation wants to reach, with its measure."""

    __tablename__ = "strategic_objective"

    text: Mapped[str] = mapped_column(unique=True)
    kpi: Mapped[str] = mapped_column(default="")
    baseline: Mapped[str] = mapped_column(default="")
    target: Mapped[str] = mapped_column(default="")
    by: Mapped[date | None] = mapped_column(default=None)
    status: Mapped[ObjectiveStatus] = mapped_column(default=ObjectiveStatus.ACTIVE)


class MarketSegment(Record, Base):
    """A group of customers with like needs."""

    __tablename__ = "market_segment"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="")
    needs: Mapped[str] = mapped_column(default="")
