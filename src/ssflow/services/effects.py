"""Carry out what a step asked for: start a process, send a message; each as its own step."""

from collections.abc import Mapping
from typing import Any

from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.registers.record import record_as_json
from ssflow.domain.registers.work import ActionItem
from ssflow.engine.commands import Start, StartByMessage
from ssflow.sentences import Sentence
from ssflow.services import messages
from ssflow.services.audit import record
from ssflow.services.instances import begin_instance, check_key
from ssflow.services.process_links import link_cases
from ssflow.store import definitions as definition_rows
from ssflow.store import instances as instance_rows
from ssflow.store.unit_of_work import UnitOfWork


def start_process(work: UnitOfWork, job: Job) -> None:
    """Start the newest version of a process; one that is not deployed is left for somebody to do.

    Raises:
        InvalidInputError: the business key is no text of at most 200 characters.
        EndlessChainError: too many cases started each other.
    """
    key, business_key = job.payload["key"], job.payload.get("business_key")
    variables: dict[str, Any] = job.payload.get("variables") or {}
    check_key(business_key, "business_key")
    origin = _origin(work, job)
    definition = definition_rows.find_latest(work.session, key)
    if definition is None:
        _leave_to_do(work, origin, job)
        return
    command = _command(definition, variables)
    started = begin_instance(work, definition, command, variables, business_key)
    if origin is not None:
        link_cases(work, origin, started, why=f"process {key}", activity_id=job.activity_id)


def send_message(work: UnitOfWork, job: Job) -> None:
    """Bring a message as the system itself: to the case that waits, or to start a process."""
    name = job.payload["name"]
    brought = messages.send_message(
        work,
        name,
        job.payload.get("correlation_key"),
        job.payload.get("payload") or {},
        time_to_live=job.payload.get("time_to_live"),
        may_be_late=True,
    )
    if not brought.is_start or brought.instance_id is None:
        return
    if (origin := _origin(work, job)) is not None:
        started = instance_rows.get_instance(work.session, brought.instance_id)
        link_cases(work, origin, started, why=f"message {name}", activity_id=job.activity_id)


def deliver_message(work: UnitOfWork, job: Job) -> None:
    """Give a case the message that was kept for what it waits for, if it is still there.

    A job without a case starts one: the message came before its process was deployed.
    """
    name = job.payload["name"]
    if job.instance_id is None:
        messages.start_by_kept(work, name)
        return
    key = job.payload.get("correlation_key")
    messages.deliver_buffered(work, job.instance_id, name, key)


def _origin(work: UnitOfWork, job: Job) -> ProcessInstance | None:
    """Lock the case that asked for it, to write into its trail."""
    if job.instance_id is None:
        return None
    return instance_rows.lock_instance(work.session, job.instance_id)


def _command(definition: ProcessDefinition, variables: Mapping[str, Any]) -> Start | StartByMessage:
    """Hand the variables over as the payload where the process starts with a message."""
    message = definition.facts.get("start_message")
    return StartByMessage(message, variables) if message else Start(variables)


def _leave_to_do(work: UnitOfWork, origin: ProcessInstance | None, job: Job) -> None:
    """Leave the start to somebody: as an action, and in the trail with all that was given."""
    key = job.payload["key"]
    action = ActionItem(
        created_at=work.now,
        created_by=work.actor.key,
        what=Sentence("Start the process %(key)s", key=key),
        kind="start",
        source_type="case" if origin is not None else "",
        source_id=job.instance_id,
        is_demo=origin is not None and origin.is_demo,
    )
    work.session.add(action)
    work.session.flush()
    told = {"kind": "ActionItem", "id": str(action.id), "number": None}
    record(work, AuditAction.PROCESS_NOT_STARTED, origin, action=str(action.id), asked=job.payload)
    record(work, AuditAction.RECORD_CREATED, origin, **told, after=record_as_json(action))
