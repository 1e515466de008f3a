"""Queries for the board of the service portfolio."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.registers.portfolio import (
    Charter,
    Service,
    ServiceObjective,
    ServiceProposal,
    ServiceState,
    StageReport,
)


def count_services(session: Session) -> dict[ServiceState, int]:
    """Count the services in each state."""
    query = select(Service.state, func.count()).group_by(Service.state)
    return dict(session.execute(query).all())


def services_in(
    session: Session, states: Collection[ServiceState], limit: int
) -> Sequence[Service]:
    """List the services in some states, the newest number first."""
    query = select(Service).where(Service.state.in_(states))
    return session.scalars(query.order_by(Service.number.desc()).limit(limit)).all()


def count_objectives(session: Session, service_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count the strategic objectives that each service helps to reach."""
    query = (
        select(ServiceObjective.service_id, func.count())
        .where(ServiceObjective.service_id.in_(service_ids))
        .group_by(ServiceObjective.service_id)
    )
    return dict(session.execute(query).all())


def newest_charters(session: Session, service_ids: Collection[UUID]) -> dict[UUID, Charter]:
    """Find the newest charter about each service."""
    query = (
        select(ServiceProposal.service_id, Charter)
        .join(Charter, Charter.proposal_id == ServiceProposal.id)
        .where(ServiceProposal.service_id.in_(service_ids))
        .order_by(ServiceProposal.number, Charter.version)
    )
    return {service_id: found for service_id, found in session.execute(query) if service_id}


def newest_reports(session: Session, proposal_ids: Collection[UUID]) -> dict[UUID, StageReport]:
    """Find the newest stage report of each proposal."""
    query = (
        select(StageReport)
        .where(StageReport.proposal_id.in_(proposal_ids))
        .order_by(StageReport.created_at, StageReport.id)
    )
    return {report.proposal_id: report for report in session.scalars(query)}


def states_since(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Find when each case last wrote the state of a service."""
    query = (
        select(AuditEvent.instance_id, func.max(AuditEvent.at))
        .where(
            AuditEvent.stream.in_([str(instance_id) for instance_id in instance_ids]),
            AuditEvent.action.in_((AuditAction.RECORD_CREATED, AuditAction.RECORD_CHANGED)),
            AuditEvent.body.contains('"kind":"Service",'),
            AuditEvent.body.contains('"state":"'),
        )
        .group_by(AuditEvent.instance_id)
    )
    return {instance_id: at for instance_id, at in session.execute(query) if instance_id}
