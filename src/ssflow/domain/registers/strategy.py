"""The strategy: the document with its four parts, its objectives and initiatives, the segments."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.registers.portfolio import WrongStateError
from ssflow.domain.registers.record import Record
from ssflow.sentences import Sentence


class StrategyState(StrEnum):
    """How far a strategy is; one of them is in force."""

    ASSESSING = "assessing"
    DEFINING = "defining"
    CONSULTATION = "consultation"
    SUBMITTED = "submitted"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    COMPLETED = "completed"
    REJECTED = "rejected"


_NEXT = {
    StrategyState.ASSESSING: {StrategyState.DEFINING},
    StrategyState.DEFINING: {StrategyState.CONSULTATION},
    StrategyState.CONSULTATION: {StrategyState.CONSULTATION, StrategyState.SUBMITTED},
    StrategyState.SUBMITTED: {
        StrategyState.CONSULTATION,
        StrategyState.ACTIVE,
        StrategyState.REJECTED,
    },
    StrategyState.ACTIVE: {StrategyState.SUPERSEDED, StrategyState.COMPLETED},
}


class ObjectiveStatus(StrEnum):
    """Whether an objective belongs to the strategy in force, or to one that is being made."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


class Rag(StrEnum):
    """How something stands: red, amber or green."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class StrategyDocument(Record, Base):
    """One strategy: perspective, position, plan and pattern, and what they rest on."""

    __tablename__ = "strategy_document"
    __table_args__ = (Index(None, "state"), Index(None, "instance_id"))

    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    horizon_from: Mapped[date]
    horizon_to: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    business_strategy: Mapped[str] = mapped_column(default="")
    state: Mapped[StrategyState] = mapped_column(default=StrategyState.ASSESSING)
    version: Mapped[int] = mapped_column(default=1)
    """Rises each time its parts are defined again."""
    assessment: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    swot: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    perspective: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    position: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    plan: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    pattern: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    impact: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    views: Mapped[list[Any]] = mapped_column(default_factory=list)
    """What the consulted customers said."""
    activated_on: Mapped[date | None] = mapped_column(default=None)
    ended_on: Mapped[date | None] = mapped_column(default=None)
    achieved: Mapped[str] = mapped_column(default="")
    lessons: Mapped[str] = mapped_column(default="")
    instance_id: Mapped[UUID | None] = mapped_column(default=None)
    """The case that works on it."""

    def move_to(self, state: StrategyState) -> None:
        """Go on to another state.

        Raises:
            WrongStateError: no way leads there from where it is.
        """
        if state not in _NEXT.get(self.state, set()):
            message = Sentence(
                "Strategy %(number)s is “%(state)s” and cannot become “%(next_state)s”.",
                number=self.number,
                state=self.state,
                next_state=state,
            )
            raise WrongStateError(message)
        self.state = state


class StrategicObjective(Record, Base):
    """What the organisation wants to reach, with its measure."""

    __tablename__ = "strategic_objective"

    text: Mapped[str] = mapped_column(unique=True)
    kpi: Mapped[str] = mapped_column(default="")
    baseline: Mapped[str] = mapped_column(default="")
    target: Mapped[str] = mapped_column(default="")
    by: Mapped[date | None] = mapped_column(default=None)
    status: Mapped[ObjectiveStatus] = mapped_column(default=ObjectiveStatus.ACTIVE)
    strategy_id: Mapped[UUID | None] = mapped_column(default=None)
    """The strategy that set it last; None when an administrator did."""
    segment: Mapped[str | None] = mapped_column(default=None)
    owner: Mapped[UUID | None] = mapped_column(default=None)
    actual: Mapped[str | None] = mapped_column(default=None)
    """What the last checkpoint measured."""
    rag: Mapped[Rag | None] = mapped_column(default=None)


class Initiative(Record, Base):
    """An action by which a strategy is carried out."""

    __tablename__ = "initiative"
    __table_args__ = (Index(None, "strategy_id"),)

    title: Mapped[str]
    kind: Mapped[str]
    strategy_id: Mapped[UUID] = mapped_column(ForeignKey("strategy_document.id"))
    objective_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("strategic_objective.id"), default=None
    )
    owner: Mapped[UUID | None] = mapped_column(default=None)
    from_date: Mapped[date | None] = mapped_column(default=None)
    to_date: Mapped[date | None] = mapped_column(default=None)
    money: Mapped[Decimal] = mapped_column(default=Decimal(0))
    budget_class: Mapped[str] = mapped_column(default="")
    rag: Mapped[Rag | None] = mapped_column(default=None)
    is_late: Mapped[bool] = mapped_column(default=False)
    is_launched: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(default="")


class MarketSegment(Record, Base):
    """A group of customers with like needs."""

    __tablename__ = "market_segment"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="")
    needs: Mapped[str] = mapped_column(default="")
