"""Let an operator bring a faulty instance back on its way."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.incident import Incident, IncidentStatus
from ssflow.engine.commands import Retry
from ssflow.engine.execution import StepResult
from ssflow.engine.snapshot import ParkedIncident
from ssflow.errors import ConflictError, ForbiddenError, NotFoundError
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry
from ssflow.services.instances import read_reason
from ssflow.services.variables import check_variables
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store.unit_of_work import UnitOfWork


class IncidentClosedError(ConflictError):
    """The incident was resolved, or its element is gone."""


def get_visible_incident(work: UnitOfWork, incident_id: UUID) -> Incident:
    """Give an incident of a case that the actor may see.

    Raises:
        NotFoundError: there is none, or it is none of the actor's business.
    """
    incident = incident_rows.find_incident(work.session, incident_id)
    if incident is None or not _may_see(work, incident):
        raise NotFoundError("There is no such incident, or you may not see it.")
    return incident


def retry_incident(
    work: UnitOfWork,
    incident_id: UUID,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Incident:
    """Run the faulty element again, with changed data if given; it may fail again.

    Raises:
        NotFoundError: as `get_visible_incident`.
        ForbiddenError: the actor does not administer.
        IncidentClosedError: it is settled already.
        InstanceNotRunningError: the case is suspended or has ended.
        InvalidInputError: the changes or the reason cannot be kept.
    """
    incident = get_visible_incident(work, incident_id)
    if not work.actor.is_admin:
        raise ForbiddenError("Only an administrator may retry a faulty step.")
    check_variables(changes or {})
    told = read_reason(reason, is_needed=False)
    instance = instance_rows.lock_instance(work.session, incident.instance_id)
    work.session.refresh(incident)
    if incident.status is not IncidentStatus.OPEN:
        raise IncidentClosedError("This incident is settled already.")
    instance.require_running()
    because = _because(incident, changes or {}, told)
    retry = Retry(incident.task_id, dict(changes or {}))
    result = advance_instance(work, instance, retry, because)
    work.session.flush()
    work.session.refresh(incident)
    incident.attempts += 1
    again = _find_again(incident, result)
    if again is None:
        incident.resolved_by = work.actor.user_id
    else:
        _reopen(work, incident, again)
    return incident


def _find_again(incident: Incident, result: StepResult) -> ParkedIncident | None:
    """Find the incident with which the same element failed again."""
    before, after = result.before.incidents, result.after.incidents
    new = (parked for i, parked in after.items() if i not in before)
    return next((parked for parked in new if parked.activity_id == incident.activity_id), None)


def _reopen(work: UnitOfWork, incident: Incident, again: ParkedIncident) -> None:
    """Go on with the same incident under its new fault, instead of one incident an attempt."""
    if (double := incident_rows.find_by_task(work.session, again.id)) is not None:
        work.session.delete(double)
    incident.status, incident.resolved_at = IncidentStatus.OPEN, None
    incident.task_id, incident.kind, incident.message = again.id, str(again.kind), again.message
    incident.line, incident.source_line = again.line, again.source_line
    incident.variables = dict(again.variables)


def _because(incident: Incident, changes: Mapping[str, Any], reason: str) -> Entry:
    before = {name: incident.variables.get(name) for name in changes}
    details: dict[str, Any] = {"incident": str(incident.id)}
    if changes:
        details |= {"before": before, "after": dict(changes)}
    if reason:
        details["reason"] = reason
    return Entry(AuditAction.INCIDENT_RETRIED, incident.activity_id, details)


def _may_see(work: UnitOfWork, incident: Incident) -> bool:
    seen = instance_rows.find_visible_instance(work.session, work.actor, incident.instance_id)
    return seen is not None
