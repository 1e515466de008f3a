"""Let an operator bring faulty instances back on their way, one or many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.incident import BulkRetry, Incident, IncidentStatus, RetryOutcome
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job, JobKind
from ssflow.engine.commands import PassBy, Retry
from ssflow.engine.element_code import ElementCode, read_element_code
from ssflow.engine.execution import StepResult
from ssflow.engine.snapshot import ParkedIncident
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry, record
from ssflow.services.definitions import diagrams_of
from ssflow.services.instances import read_reason
from ssflow.services.people import actor_of
from ssflow.services.variables import check_variables
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store.incidents import IncidentFilter
from ssflow.store.people import get_user
from ssflow.store.unit_of_work import LostRaceError, UnitOfWork

_SHOWN_LINES = 6
_PASSABLE = frozenset({"task", "scriptTask", "serviceTask", "businessRuleTask", "sendTask"})
"""Elements whose work a person can do instead: it writes variables, or changes something."""


class NotPassableError(ConflictError):
    """The faulty element cannot be passed over."""

    def __init__(self) -> None:
        super().__init__("Only a task's work can be done by hand; mend the data and try again.")


CALLED_AGAIN = "It is called again; if that fails, the incident opens again."
"""What came of an incident whose work a worker does."""
MAX_AT_ONCE = 10_000
"""How many incidents one bulk retry takes; those that came up first go first."""


@dataclass(frozen=True)
class CodeLine:
    """A line of the faulty code, counted from 1."""

    number: int
    text: str
    is_faulty: bool


@dataclass(frozen=True)
class FaultyCode:
    """What an operator needs to mend an incident.

    `lines` are those up to the faulty one; `given` are the variables that the code names, with
    what they hold, and `missing` those that it names in vain.
    """

    lines: Sequence[CodeLine]
    given: Mapping[str, Any]
    missing: Sequence[str]


@dataclass(frozen=True)
class Progress:
    """How far a bulk retry is; `given_up` are those that nothing works on any more."""

    retry: BulkRetry
    waiting: int
    settled: int
    failed_again: int
    skipped: int
    given_up: int

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is still to be done."""
        return self.waiting == 0


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

    What a worker does (a call to another system, mails) only begins: see `is_under_way`.

    Raises:
        NotFoundError: as `get_visible_incident`.
        ForbiddenError: the actor does not administer.
        IncidentClosedError: it is settled already.
        InstanceNotRunningError: the case is suspended or has ended.
        InvalidInputError: the changes or the reason cannot be kept.
    """
    incident = get_visible_incident(work, incident_id)
    _require_admin(work)
    check_variables(changes or {})
    told = read_reason(reason, is_needed=False)
    instance = _lock(work, incident)
    because = _because(incident, changes or {}, told)
    retry = Retry(incident.task_id, dict(changes or {}))
    result = advance_instance(work, instance, retry, because)
    work.session.flush()
    work.session.refresh(incident)
    if not incident.faults:
        incident.remember_fault(incident.created_at, incident.message)
    incident.attempts += 1
    again = _find_again(incident, result)
    if again is None:
        incident.resolved_by = work.actor.user_id
        incident.task_id = _find_call(incident, result) or incident.task_id
    else:
        _reopen(work, incident, again)
    return incident


def is_under_way(work: UnitOfWork, incident: Incident) -> bool:
    """Tell whether a worker still does what was tried again; it may fail once more."""
    is_tried = incident.status is IncidentStatus.RESOLVED
    return is_tried and job_rows.is_any_of_task(work.session, incident.task_id)


def go_on_with_incident(work: UnitOfWork, call_id: UUID, result: StepResult, attempts: int) -> None:
    """Open the incident again whose call was made anew and failed, instead of a further one."""
    new = [one for i, one in result.after.incidents.items() if i not in result.before.incidents]
    incident_rows.note_attempts(work.session, [one.id for one in new], attempts)
    incident = incident_rows.find_by_task(work.session, call_id)
    if incident is None or incident.status is not IncidentStatus.RESOLVED:
        return
    work.session.flush()
    again = _find_again(incident, result)
    if again is not None:
        incident.attempts += attempts - 1
        _reopen(work, incident, again)


def read_faulty_code(work: UnitOfWork, incident: Incident) -> FaultyCode:
    """Tell the code of the faulty element, and the data that it names."""
    instance = instance_rows.get_instance(work.session, incident.instance_id)
    code = _code_of(work, instance, incident)
    names = sorted(code.names)
    return FaultyCode(
        lines=_last_lines(incident, code),
        given={name: incident.variables[name] for name in names if name in incident.variables},
        missing=[name for name in names if name not in incident.variables],
    )


# --- many at once --------------------------------------------------------------------------------


def count_for_bulk_retry(work: UnitOfWork, wanted: IncidentFilter) -> int:
    """Count what a bulk retry would take.

    Raises:
        ForbiddenError: the actor does not administer.
    """
    _require_admin(work)
    return min(incident_rows.count_incidents(work.session, work.actor, _open(wanted)), MAX_AT_ONCE)


def retry_many(work: UnitOfWork, wanted: IncidentFilter, reason: str) -> BulkRetry:
    """Have every open incident like that tried again, each by a job and as a step of its own.

    Raises:
        ForbiddenError: the actor does not administer.
        InvalidInputError: the reason is empty or too long, or there is nothing like that.
    """
    _require_admin(work)
    told = read_reason(reason)
    ids = incident_rows.ids_of_incidents(work.session, work.actor, _open(wanted), MAX_AT_ONCE)
    if not ids or work.actor.user_id is None:
        raise InvalidInputError("There is no open incident like that.")
    asked = BulkRetry(asked_by=work.actor.user_id, asked_at=work.now, reason=told, total=len(ids))
    jobs = job_rows.add_jobs(work.session, [_job_row(work, asked, one) for one in ids])
    items = [{"incident_id": i, "job_id": j, "message": ""} for i, j in zip(ids, jobs, strict=True)]
    incident_rows.add_bulk_retry(work.session, asked, items)
    record(
        work, AuditAction.INCIDENTS_RETRIED, bulk_retry=str(asked.id), count=len(ids), reason=told
    )
    return asked


def get_bulk_retry(work: UnitOfWork, bulk_retry_id: UUID) -> BulkRetry:
    """Give a bulk retry.

    Raises:
        NotFoundError: there is none, or the actor does not see every case.
    """
    found = incident_rows.find_bulk_retry(work.session, bulk_retry_id)
    if found is None or not work.actor.sees_everything:
        raise NotFoundError("There is no such bulk retry.")
    return found


def progress_of(work: UnitOfWork, retry: BulkRetry) -> Progress:
    """Tell how far a bulk retry is."""
    counts = incident_rows.count_outcomes(work.session, retry.id)
    waiting = counts.get(None, 0)
    given_up = incident_rows.count_given_up(work.session, retry.id) if waiting else 0
    return Progress(
        retry=retry,
        waiting=waiting - given_up,
        settled=counts.get(RetryOutcome.SETTLED, 0),
        failed_again=counts.get(RetryOutcome.FAILED_AGAIN, 0),
        skipped=counts.get(RetryOutcome.SKIPPED, 0),
        given_up=given_up,
    )


def carry_out_retry(work: UnitOfWork, job: Job) -> None:
    """Try one incident of a bulk retry again, in the name of whoever asked for it."""
    retry_id, incident_id = (UUID(job.payload[name]) for name in ("bulk_retry", "incident"))
    retry = incident_rows.find_bulk_retry(work.session, retry_id)
    item = incident_rows.find_bulk_item(work.session, retry_id, incident_id)
    if retry is None or item is None or item.outcome is not None:
        return
    item.outcome, item.message = _outcome(work, retry, incident_id)
    item.done_at = work.now


def _outcome(work: UnitOfWork, retry: BulkRetry, incident_id: UUID) -> tuple[RetryOutcome, str]:
    try:
        user = get_user(work.session, retry.asked_by)
        in_their_name = replace(work, actor=actor_of(work, user))
        incident = retry_incident(in_their_name, incident_id, reason=retry.reason)
    except LostRaceError:
        raise  # the job runs again
    except (ConflictError, ForbiddenError, NotFoundError) as error:
        return RetryOutcome.SKIPPED, error.message
    if incident.status is IncidentStatus.OPEN:
        return RetryOutcome.FAILED_AGAIN, incident.message
    return RetryOutcome.SETTLED, CALLED_AGAIN if is_under_way(work, incident) else ""


def _open(wanted: IncidentFilter) -> IncidentFilter:
    return replace(wanted, status=IncidentStatus.OPEN)


def _require_admin(work: UnitOfWork) -> None:
    if not work.actor.is_admin:
        raise ForbiddenError("Only an administrator may retry a faulty step.")


def _job_row(work: UnitOfWork, asked: BulkRetry, incident_id: UUID) -> dict[str, Any]:
    """Build the job of one incident; it belongs to no case, since a suspended one would hold it."""
    return {
        "kind": JobKind.RETRY_INCIDENT,
        "due_at": work.now,
        "payload": {"bulk_retry": str(asked.id), "incident": str(incident_id)},
        "created_at": work.now,
    }


def _last_lines(incident: Incident, code: ElementCode) -> list[CodeLine]:
    """Give the lines of the code that end with the faulty one, or the faulty one alone."""
    if incident.line is None or not incident.source_line:
        return []
    for part in code.parts:
        lines = part.text.splitlines()[: incident.line]
        if len(lines) == incident.line and incident.source_line.strip() == lines[-1].strip():
            first = max(0, len(lines) - _SHOWN_LINES)
            return [
                CodeLine(number, text, number == incident.line)
                for number, text in enumerate(lines[first:], first + 1)
            ]
    return [CodeLine(incident.line, incident.source_line, is_faulty=True)]


def resolve_incident(
    work: UnitOfWork, incident_id: UUID, variables: Mapping[str, Any], reason: str
) -> Incident:
    """Go on behind the faulty element, whose work was done by hand; it wrote `variables`.

    Raises:
        NotFoundError: as `get_visible_incident`.
        ForbiddenError: the actor does not administer.
        IncidentClosedError: it is settled already.
        InstanceNotRunningError: the case is suspended or has ended.
        NotPassableError: the element decides or waits, so that nobody can do its work by hand.
        InvalidInputError: the variables or the reason cannot be kept.
    """
    incident = get_visible_incident(work, incident_id)
    _require_admin(work)
    check_variables(variables)
    told = read_reason(reason)
    instance = _lock(work, incident)
    if not _may_pass(work, instance, incident):
        raise NotPassableError
    before = {name: incident.variables.get(name) for name in variables}
    details: dict[str, Any] = {"incident": str(incident.id), "reason": told}
    if variables:
        details |= {"before": before, "after": dict(variables)}
    because = Entry(AuditAction.INCIDENT_CLOSED, incident.activity_id, details)
    advance_instance(work, instance, PassBy(incident.task_id, dict(variables)), because)
    work.session.flush()
    work.session.refresh(incident)
    incident.resolved_by = work.actor.user_id
    return incident


def may_resolve(work: UnitOfWork, incident: Incident) -> bool:
    """Tell whether the work of the faulty element can be done by hand."""
    instance = instance_rows.get_instance(work.session, incident.instance_id)
    return _may_pass(work, instance, incident)


def _may_pass(work: UnitOfWork, instance: ProcessInstance, incident: Incident) -> bool:
    return _code_of(work, instance, incident).kind in _PASSABLE


def _lock(work: UnitOfWork, incident: Incident) -> ProcessInstance:
    """Lock the case of an incident that is still open, and that runs."""
    instance = instance_rows.lock_instance(work.session, incident.instance_id)
    work.session.refresh(incident)
    incident.require_open()
    instance.require_running()
    return instance


def _code_of(work: UnitOfWork, instance: ProcessInstance, incident: Incident) -> ElementCode:
    files = diagrams_of(work.session, instance.definition_id)
    return read_element_code(files, incident.activity_id)


def _find_call(incident: Incident, result: StepResult) -> UUID | None:
    """Find what a worker does for the element now."""
    before, after = result.before.operations, result.after.operations
    new = (i for i, call in after.items() if i not in before)
    return next((i for i in new if after[i].activity_id == incident.activity_id), None)


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
    incident.resolved_by = None
    incident.task_id, incident.kind, incident.message = again.id, str(again.kind), again.message
    incident.line, incident.source_line = again.line, again.source_line
    incident.variables = dict(again.variables)
    incident.remember_fault(work.now, again.message)


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
