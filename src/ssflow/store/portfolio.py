"""Queries for the service portfolio."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ssflow.domain.registers.budget import Budget, BudgetLine, BudgetState, CostEntry
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import (
    CATALOGUE_STATES,
    ENDED_PROPOSALS,
    BusinessCase,
    Charter,
    Decision,
    ProposalState,
    RiskItem,
    Service,
    ServiceAsset,
    ServiceDependency,
    ServiceObjective,
    ServiceProposal,
    ServiceReview,
    ServiceState,
    StageReport,
)

MAX_DECISIONS = 500
_OPEN_STATES = [state for state in ProposalState if state not in ENDED_PROPOSALS]


def find_proposal_of_case(session: Session, instance_id: UUID) -> ServiceProposal | None:
    """Find the proposal that a case works on."""
    query = (
        select(ServiceProposal)
        .where(ServiceProposal.instance_id == instance_id)
        .order_by(ServiceProposal.number)
        .limit(1)
    )
    return session.scalars(query).first()


def similar_proposals(
    session: Session, proposal: ServiceProposal, limit: int
) -> Sequence[tuple[ServiceProposal, str | None]]:
    """Find other proposals with the same title, or open ones of the same customer, newest first.

    Each comes with the name of its customer.
    """
    same_title = func.lower(ServiceProposal.title) == proposal.title.lower()
    same_customer = (ServiceProposal.customer_id == proposal.customer_id) & (
        ServiceProposal.state.in_(_OPEN_STATES)
    )
    query = (
        select(ServiceProposal, Customer.name)
        .outerjoin(Customer, Customer.id == ServiceProposal.customer_id)
        .where(ServiceProposal.id != proposal.id, same_title | same_customer)
        .order_by(ServiceProposal.number.desc())
        .limit(limit)
    )
    return [(found, name) for found, name in session.execute(query)]


def objectives_of(session: Session, service_id: UUID) -> set[UUID]:
    """Find the strategic objectives that a service helps to reach."""
    query = select(ServiceObjective.objective_id).where(ServiceObjective.service_id == service_id)
    return set(session.scalars(query))


def objective_links_of(session: Session, service_id: UUID) -> Sequence[ServiceObjective]:
    """List what links a service to the objectives that it helps to reach."""
    query = (
        select(ServiceObjective)
        .where(ServiceObjective.service_id == service_id)
        .order_by(ServiceObjective.created_at, ServiceObjective.id)
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def dependencies_of(session: Session, service_id: UUID) -> set[tuple[UUID, str]]:
    """Find which services a service depends on or affects, and how."""
    query = select(ServiceDependency).where(ServiceDependency.service_id == service_id)
    return {(found.other_id, found.kind) for found in session.scalars(query)}


def delete_risks_of(session: Session, proposal_id: UUID) -> None:
    """Remove the risks of a proposal; newer ones are about to take their place."""
    session.execute(delete(RiskItem).where(RiskItem.proposal_id == proposal_id))


def find_latest_case(session: Session, proposal_id: UUID) -> BusinessCase | None:
    """Find the newest version of a proposal's business case."""
    query = (
        select(BusinessCase)
        .where(BusinessCase.proposal_id == proposal_id)
        .order_by(BusinessCase.version.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def find_charter(session: Session, proposal_id: UUID) -> Charter | None:
    """Find the charter of a proposal that is in force: the newest."""
    query = (
        select(Charter)
        .where(Charter.proposal_id == proposal_id)
        .order_by(Charter.version.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def find_stopping_report(session: Session, proposal_id: UUID) -> StageReport | None:
    """Find the stage report that stopped the delivery of a proposal."""
    query = (
        select(StageReport)
        .where(StageReport.proposal_id == proposal_id, StageReport.gate == "stop")
        .order_by(StageReport.created_at.desc(), StageReport.id)
        .limit(1)
    )
    return session.scalars(query).first()


def live_services(session: Session, limit: int) -> Sequence[Service]:
    """List the services that are live, by number."""
    query = select(Service).where(Service.state == ServiceState.LIVE)
    return session.scalars(query.order_by(Service.number).limit(limit)).all()


def cases_of_service(session: Session, service_id: UUID) -> Sequence[BusinessCase]:
    """List the newest business case of each proposal that brought a service to life."""
    newest = (
        select(func.max(BusinessCase.version))
        .where(BusinessCase.proposal_id == ServiceProposal.id)
        .correlate(ServiceProposal)
        .scalar_subquery()
    )
    query = (
        select(BusinessCase)
        .join(ServiceProposal, ServiceProposal.id == BusinessCase.proposal_id)
        .where(
            ServiceProposal.service_id == service_id,
            ServiceProposal.state == ProposalState.LIVE,
            BusinessCase.version == newest,
        )
        .order_by(ServiceProposal.number)
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def charters_of_service(session: Session, service_id: UUID) -> Sequence[Charter]:
    """List the charters of the proposals about a service, newest proposal first."""
    query = (
        select(Charter)
        .join(ServiceProposal, ServiceProposal.id == Charter.proposal_id)
        .where(ServiceProposal.service_id == service_id)
        .order_by(ServiceProposal.number.desc(), Charter.version.desc())
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def yearly_cost_of(session: Session, service_id: UUID, first: str, last: str) -> Decimal | None:
    """Sum what was booked for a service in the periods from `first` to `last`; None: nothing."""
    query = select(func.sum(CostEntry.amount)).where(
        CostEntry.service_id == service_id, CostEntry.period.between(first, last)
    )
    return session.scalar(query)


def complaints_about(session: Session, service_id: UUID, since: datetime) -> int:
    """Count the complaints about a service since a moment."""
    query = select(func.count(Feedback.id)).where(
        Feedback.service_id == service_id,
        Feedback.kind == "complaint",
        Feedback.created_at >= since,
    )
    return session.scalar(query) or 0


def last_review_of(session: Session, service_id: UUID) -> ServiceReview | None:
    """Find the newest review of a service."""
    query = (
        select(ServiceReview)
        .where(ServiceReview.service_id == service_id)
        .order_by(ServiceReview.reviewed_on.desc(), ServiceReview.created_at.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def customers_of_service(session: Session, service_id: UUID) -> Sequence[Customer]:
    """List the customers that a service was made for, or that had it changed, by name."""
    asked = select(ServiceProposal.customer_id).where(
        ServiceProposal.service_id == service_id, ServiceProposal.state == ProposalState.LIVE
    )
    owns = select(Service.customer_id).where(Service.id == service_id)
    query = select(Customer).where(Customer.id.in_(asked) | Customer.id.in_(owns))
    return session.scalars(query.order_by(Customer.name).limit(MAX_DECISIONS)).all()


def dependants_of(session: Session, service_id: UUID) -> Sequence[Service]:
    """List the live services that depend on a service, by number."""
    query = (
        select(Service)
        .join(ServiceDependency, ServiceDependency.service_id == Service.id)
        .where(
            ServiceDependency.other_id == service_id,
            ServiceDependency.kind == "depends_on",
            Service.state.in_(CATALOGUE_STATES),
        )
        .order_by(Service.number)
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def assets_of(session: Session, service_id: UUID) -> Sequence[ServiceAsset]:
    """List what a service is made with, by name."""
    query = select(ServiceAsset).where(ServiceAsset.service_id == service_id)
    return session.scalars(query.order_by(ServiceAsset.name).limit(MAX_DECISIONS)).all()


def budget_lines_of(session: Session, service_id: UUID, year: int) -> Sequence[BudgetLine]:
    """List the lines of a service in the approved budgets of a year and later ones, by name."""
    query = (
        select(BudgetLine)
        .join(Budget, Budget.id == BudgetLine.budget_id)
        .where(
            BudgetLine.service_id == service_id,
            Budget.fiscal_year >= year,
            Budget.state == BudgetState.APPROVED,
            BudgetLine.is_funded,
        )
        .order_by(Budget.fiscal_year, BudgetLine.name, BudgetLine.id)
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def decisions_on(session: Session, subject_id: UUID) -> Sequence[Decision]:
    """List the decisions on a record, oldest first."""
    query = (
        select(Decision)
        .where(Decision.subject_id == subject_id)
        .order_by(Decision.decided_at, Decision.number)
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def owners_of_affected(session: Session, service_id: UUID) -> Sequence[UUID]:
    """Find who owns the services that a service depends on or affects."""
    query = (
        select(Service.owner)
        .join(ServiceDependency, ServiceDependency.other_id == Service.id)
        .where(ServiceDependency.service_id == service_id, Service.owner.is_not(None))
        .order_by(Service.number)
    )
    return [owner for owner in session.scalars(query) if owner is not None]


def open_changes_of(session: Session, service_id: UUID) -> Sequence[ServiceProposal]:
    """List the proposals to change a service that go on, oldest first."""
    query = (
        select(ServiceProposal)
        .where(ServiceProposal.service_id == service_id, ServiceProposal.state.in_(_OPEN_STATES))
        .order_by(ServiceProposal.number)
        .limit(MAX_DECISIONS)
    )
    return session.scalars(query).all()


def open_proposals_of(session: Session, service_ids: Sequence[UUID]) -> dict[UUID, ServiceProposal]:
    """Find the newest open proposal about each service."""
    query = (
        select(ServiceProposal)
        .where(ServiceProposal.service_id.in_(service_ids), ServiceProposal.state.in_(_OPEN_STATES))
        .order_by(ServiceProposal.number)
    )
    return {p.service_id: p for p in session.scalars(query) if p.service_id is not None}
