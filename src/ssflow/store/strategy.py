"""Queries for strategies, objectives and initiatives."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ssflow.domain.registers.budget import GIVEN_UP, Budget, BudgetLine
from ssflow.domain.registers.customers import Customer, CustomerStatus, CustomerTier
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import Service, ServiceObjective
from ssflow.domain.registers.strategy import (
    Initiative,
    MarketSegment,
    ObjectiveStatus,
    StrategicObjective,
    StrategyDocument,
    StrategyState,
)

MAX_ROWS = 500


def strategies_in_force(session: Session) -> Sequence[StrategyDocument]:
    """List the strategies that are active, newest first; there should be one."""
    query = (
        select(StrategyDocument)
        .where(StrategyDocument.state == StrategyState.ACTIVE)
        .order_by(StrategyDocument.activated_on.desc(), StrategyDocument.number.desc())
        .limit(MAX_ROWS)
    )
    return session.scalars(query).all()


def find_objective_named(session: Session, text: str) -> StrategicObjective | None:
    """Find the objective with this text."""
    query = select(StrategicObjective).where(StrategicObjective.text == text).limit(1)
    return session.scalars(query).first()


def objectives_of(
    session: Session, strategy_id: UUID, status: ObjectiveStatus = ObjectiveStatus.ACTIVE
) -> Sequence[StrategicObjective]:
    """List the objectives of this status that a strategy set, in the order of their dates."""
    query = (
        select(StrategicObjective)
        .where(
            StrategicObjective.strategy_id == strategy_id,
            StrategicObjective.status == status,
        )
        .order_by(StrategicObjective.by, StrategicObjective.text)
        .limit(MAX_ROWS)
    )
    return session.scalars(query).all()


def find_segment_named(session: Session, name: str) -> MarketSegment | None:
    """Find the market segment of this name."""
    return session.scalars(select(MarketSegment).where(MarketSegment.name == name)).one_or_none()


def active_objectives(session: Session) -> Sequence[StrategicObjective]:
    """List all active objectives, whoever set them."""
    query = (
        select(StrategicObjective)
        .where(StrategicObjective.status == ObjectiveStatus.ACTIVE)
        .order_by(StrategicObjective.text)
        .limit(MAX_ROWS)
    )
    return session.scalars(query).all()


def initiatives_of(session: Session, strategy_id: UUID) -> Sequence[Initiative]:
    """List the initiatives of a strategy, first those that begin first."""
    query = (
        select(Initiative)
        .where(Initiative.strategy_id == strategy_id)
        .order_by(Initiative.from_date, Initiative.title)
        .limit(MAX_ROWS)
    )
    return session.scalars(query).all()


def unfunded_initiatives(session: Session) -> Sequence[Initiative]:
    """List launched initiatives of strategies in force whose money no standing budget has.

    Those that a process of the portfolio carries out get their money as proposals do.
    """
    budgeted = (
        select(BudgetLine.initiative)
        .join(Budget, Budget.id == BudgetLine.budget_id)
        .where(Budget.state.not_in(GIVEN_UP), BudgetLine.initiative.is_not(None))
    )
    query = (
        select(Initiative)
        .join(StrategyDocument, StrategyDocument.id == Initiative.strategy_id)
        .where(
            StrategyDocument.state == StrategyState.ACTIVE,
            Initiative.is_launched,
            Initiative.money > 0,
            Initiative.kind.not_in(("service_new", "service_change", "retirement")),
            Initiative.id.not_in(budgeted),
        )
        .order_by(Initiative.title, Initiative.id)
        .limit(MAX_ROWS)
    )
    return session.scalars(query).all()


def linked_services(session: Session, objective_id: UUID) -> set[UUID]:
    """Find the services that help to reach an objective."""
    query = select(ServiceObjective.service_id).where(ServiceObjective.objective_id == objective_id)
    return set(session.scalars(query))


def key_customers(session: Session) -> Sequence[Customer]:
    """List the key customers in business that have somebody who decides for them, by name."""
    query = (
        select(Customer)
        .where(
            Customer.tier == CustomerTier.KEY,
            Customer.status == CustomerStatus.ACTIVE,
            Customer.mandate_holder.is_not(None),
        )
        .order_by(Customer.name)
        .limit(MAX_ROWS)
    )
    return session.scalars(query).all()


def count_services_by_state(session: Session) -> dict[str, int]:
    """Count the services in each state."""
    query = select(Service.state, func.count()).group_by(Service.state)
    return {str(state): count for state, count in session.execute(query)}


def count_customers(session: Session) -> int:
    """Count the customers in business."""
    query = select(func.count(Customer.id)).where(Customer.status == CustomerStatus.ACTIVE)
    return session.scalar(query) or 0


def mean_rating(session: Session, since: datetime) -> float | None:
    """Give the mean of the ratings (1-5) of complaints since a moment; None: nobody rated."""
    query = select(func.avg(Feedback.satisfaction)).where(Feedback.created_at >= since)
    mean = session.scalar(query)
    return None if mean is None else float(mean)


def names_of_services(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Give the names of services by their ids."""
    query = select(Service.id, Service.name).where(Service.id.in_(ids))
    return dict(session.execute(query).all())
