"""Queries that count and sum over many records: what dashboards are made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.registers.portfolio import (
    CATALOGUE_STATES,
    EARLY_ENDS,
    BusinessCase,
    ProposalState,
    Service,
    ServiceObjective,
    ServiceProposal,
    ServiceReview,
    ServiceState,
)
from ssflow.domain.registers.strategy import StrategyDocument
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.store.text_search import contains_text

MOST_SERVICES = 500
LATEST_TASKS = 10_000
"""How many completed tasks the time of a step is told from."""


@dataclass(frozen=True)
class DueCounts:
    """How many open tasks are late, due soon, due later, or have no date."""

    overdue: int
    today: int
    this_week: int
    later: int
    no_date: int


@dataclass(frozen=True)
class TaskTime:
    """How long one completed task took, from when it opened."""

    key: str
    activity_id: str
    name: str
    days: float


@dataclass(frozen=True)
class EndCount:
    """How many cases of a process came to an end event, or were cancelled (no end event)."""

    key: str
    end_event: str | None
    count: int


@dataclass(frozen=True)
class ReviewedService:
    """A service with what its latest review found."""

    service: Service
    review: ServiceReview


def count_open_tasks(
    session: Session,
    *,
    now: datetime,
    day_end: datetime,
    week_end: datetime,
    assignee: UUID | None = None,
) -> DueCounts:
    """Count the open tasks of everybody, or those that one person holds, by when they are due."""
    due = UserTask.due_at
    parts = (
        due < now,
        (due >= now) & (due < day_end),
        (due >= day_end) & (due < week_end),
        due >= week_end,
        due.is_(None),
    )
    query = select(*(func.count(case((part, 1))) for part in parts)).where(
        UserTask.status == TaskStatus.OPEN
    )
    if assignee is not None:
        query = query.where(UserTask.assignee == assignee)
    found = session.execute(query).one()
    return DueCounts(
        overdue=found[0], today=found[1], this_week=found[2], later=found[3], no_date=found[4]
    )


def load_by_role(session: Session, now: datetime) -> Sequence[tuple[str, int, int, int]]:
    """Count the open tasks of each role: nobody's yet, held by somebody, and overdue ones."""
    query = (
        select(
            UserTask.role,
            func.count(case((UserTask.assignee.is_(None), 1))),
            func.count(UserTask.assignee),
            func.count(case((UserTask.due_at < now, 1))),
        )
        .where(UserTask.status == TaskStatus.OPEN)
        .group_by(UserTask.role)
        .order_by(func.count().desc(), UserTask.role)
    )
    return [(role or "", free, held, late) for role, free, held, late in session.execute(query)]


def latest_task_times(session: Session) -> list[TaskTime]:
    """Tell how long the tasks took that were completed last, `LATEST_TASKS` at most."""
    query = (
        select(
            UserTask.key,
            UserTask.activity_id,
            UserTask.name,
            UserTask.created_at,
            UserTask.completed_at,
        )
        .where(UserTask.status == TaskStatus.COMPLETED)
        .order_by(UserTask.completed_at.desc())
        .limit(LATEST_TASKS)
    )
    return [
        TaskTime(key, activity_id, name, (completed - created).total_seconds() / 86_400)
        for key, activity_id, name, created, completed in session.execute(query)
        if completed is not None
    ]


def count_ends(session: Session) -> list[EndCount]:
    """Count the cases that are over by process and end event."""
    query = (
        select(ProcessInstance.key, ProcessInstance.end_event, func.count())
        .where(ProcessInstance.status.in_([InstanceStatus.COMPLETED, InstanceStatus.CANCELLED]))
        .group_by(ProcessInstance.key, ProcessInstance.end_event)
        .order_by(ProcessInstance.key, func.count().desc())
    )
    return [EndCount(key, end_event, count) for key, end_event, count in session.execute(query)]


def reviewed_services(session: Session) -> list[ReviewedService]:
    """Give the services in the catalogue that were reviewed, each with its latest review."""
    is_reviewed = select(ServiceReview.id).where(ServiceReview.service_id == Service.id).exists()
    query = select(Service).where(Service.state.in_(CATALOGUE_STATES), is_reviewed)
    services = session.scalars(query.order_by(Service.name).limit(MOST_SERVICES)).all()
    reviews = latest_reviews(session, [service.id for service in services])
    return [ReviewedService(service, reviews[service.id]) for service in services]


def latest_reviews(session: Session, service_ids: Collection[UUID]) -> dict[UUID, ServiceReview]:
    """Give the latest review of each service that has one."""
    query = (
        select(ServiceReview)
        .where(ServiceReview.service_id.in_(service_ids))
        .order_by(ServiceReview.reviewed_on, ServiceReview.created_at)
    )
    return {review.service_id: review for review in session.scalars(query)}


def services_in_catalogue(session: Session, q: str = "") -> Sequence[Service]:
    """List the services that customers may use, by name; `q` looks into what they read of it."""
    query = select(Service).where(Service.state.in_(CATALOGUE_STATES))
    if q:
        query = query.where(contains_text(q, Service.name, Service.catalogue_text, Service.utility))
    return session.scalars(query.order_by(Service.name).limit(MOST_SERVICES)).all()


def risk_levels(session: Session, service_ids: Collection[UUID]) -> dict[UUID, str]:
    """Give the risk level of each service: that of the latest business case that went live."""
    query = (
        select(ServiceProposal.service_id, BusinessCase.risk_level)
        .join(BusinessCase, BusinessCase.proposal_id == ServiceProposal.id)
        .where(
            ServiceProposal.service_id.in_(service_ids),
            ServiceProposal.state == ProposalState.LIVE,
        )
        .order_by(BusinessCase.created_at)
    )
    found = session.execute(query)
    return {service_id: level for service_id, level in found if service_id and level}


def count_proposals(session: Session) -> dict[str, int]:
    """Count the proposals in each state."""
    query = select(ServiceProposal.state, func.count()).group_by(ServiceProposal.state)
    return {str(state): count for state, count in session.execute(query)}


def links_of_services(
    session: Session, service_ids: Collection[UUID], objective_ids: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    """Give which of these services helps to reach which of these objectives."""
    query = select(ServiceObjective.service_id, ServiceObjective.objective_id).where(
        ServiceObjective.service_id.in_(service_ids),
        ServiceObjective.objective_id.in_(objective_ids),
    )
    return {(service_id, objective_id) for service_id, objective_id in session.execute(query)}


def services_beside_objectives(
    session: Session, objective_ids: Collection[UUID]
) -> Sequence[Service]:
    """List the services in the catalogue and those on their way that help an objective, by name.

    Services that ended, early or after their time, help to reach nothing any more.
    """
    is_linked = (
        select(ServiceObjective.id)
        .where(
            ServiceObjective.service_id == Service.id,
            ServiceObjective.objective_id.in_(objective_ids),
        )
        .exists()
    )
    is_over = Service.state.in_([*EARLY_ENDS, ServiceState.RETIRED])
    query = select(Service).where(or_(Service.state.in_(CATALOGUE_STATES), is_linked & ~is_over))
    return session.scalars(query.order_by(Service.name).limit(MOST_SERVICES)).all()


def latest_strategy(session: Session) -> StrategyDocument | None:
    """Give the strategy that was begun last."""
    query = select(StrategyDocument).order_by(StrategyDocument.created_at.desc()).limit(1)
    return session.scalars(query).first()
