"""The one way an instance moves on: step the engine, then write down where it waits now."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.incident import Incident, IncidentStatus
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import DEFAULT_ATTEMPTS, DEFAULT_WAIT_SECONDS, JobKind, build_watches
from ssflow.domain.user_task import DEFAULT_PRIORITY, TaskStatus
from ssflow.engine.commands import Command, CompleteUserTask
from ssflow.engine.execution import StepResult, Surroundings, read_variables, step
from ssflow.engine.naming import read_name
from ssflow.engine.snapshot import (
    ParkedIncident,
    ThrownMessage,
    WaitingOperation,
    WaitingUserTask,
)
from ssflow.ids import read_id
from ssflow.operations.operation import EffectKind, RecordChange
from ssflow.services.audit import Entry, record_all
from ssflow.services.definitions import SANDBOX, facts_of, load_definition
from ssflow.services.due_dates import find_moment, reminder_at
from ssflow.services.operation_port import Operations
from ssflow.services.working_days import calendar_of
from ssflow.store import incidents as incident_rows
from ssflow.store import jobs as job_rows
from ssflow.store import mail as mail_rows
from ssflow.store import messages as message_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_TOLD_CHARACTERS = 16_000
"""Of a longer answer from outside the trail keeps only the hash; the case has it whole."""
MOST_RETRIES, HOUR = 20, 3600
MAIL = "mail.send"
"""The operation whose mails wait in the outbox."""
_EFFECT_JOBS = {
    EffectKind.START_PROCESS: JobKind.START_PROCESS,
    EffectKind.SEND_MESSAGE: JobKind.SEND_MESSAGE,
    EffectKind.NOTICE: JobKind.NOTICE,
}


@dataclass(frozen=True)
class Step:
    """One step of one instance, done by the engine and about to be written down."""

    work: UnitOfWork
    instance: ProcessInstance
    result: StepResult
    operations: Operations
    completed_task_id: UUID | None
    key_before: str | None
    """The business key that the case had before this step."""


def advance_instance(
    work: UnitOfWork, instance: ProcessInstance, command: Command, because: Entry
) -> StepResult:
    """Let the engine carry out the command and store where the instance waits afterwards.

    `because` is what happened (a task was completed, a timer fired); it becomes the first event
    of the step and tells the way that the step took.

    Raises:
        TaskGoneError: what the command speaks of is not waiting any more; nothing was changed.
    """
    definition = load_definition(work.session, instance.definition_id)
    operations = Operations(work, instance)
    surroundings = surroundings_of(work, instance, operations)
    result = step(definition, instance.state, command, surroundings)
    operations.keep()

    completed = command.task_id if isinstance(command, CompleteUserTask) else None
    moved = Step(work, instance, result, operations, completed, instance.business_key)
    _store_names(moved, surroundings)
    opened = _store_user_tasks(moved)
    _store_jobs(moved, opened)
    _store_subscriptions(moved)
    _store_incidents(moved)
    _store_state(moved)
    record_all(work, _entries(moved, because), instance)
    return result


def surroundings_of(
    work: UnitOfWork, instance: ProcessInstance, operations: Operations
) -> Surroundings:
    """Gather what code in the diagram may see besides the data."""
    return Surroundings(
        now=work.now,
        calendar=calendar_of(work),
        reserved={
            "initiator": instance.started_by,
            "done_by": instance.done_by,
            "business_key": instance.business_key,
            "now": work.now.isoformat(),
        },
        operations=operations,
        sandbox=SANDBOX,
    )


def instance_variables(
    work: UnitOfWork, instance: ProcessInstance, task_id: UUID | None = None
) -> dict[str, Any]:
    """Read the data of an instance, or of one task that waits in it."""
    if instance.state is None:
        return dict(instance.final_variables or {})
    definition = load_definition(work.session, instance.definition_id)
    return read_variables(definition, instance.state, task_id)


def close_waiting_points(work: UnitOfWork, instance: ProcessInstance) -> None:
    """Take away everything an instance waits for; it is about to be cancelled."""
    task_rows.cancel_open_tasks(work.session, instance.id)
    job_rows.delete_jobs_of_instance(work.session, instance.id)
    mail_rows.drop_mails_of_instance(work.session, instance.id)
    message_rows.delete_subscriptions_of(work.session, instance.id)
    incident_rows.close_incidents_of(work.session, instance.id, at=work.now)


def delivery_row(
    instance_id: UUID, waiting_id: UUID, name: str, correlation_key: str | None, now: datetime
) -> dict[str, Any]:
    """Build the job that brings a case the message which was kept for it."""
    return {
        "kind": JobKind.DELIVER_MESSAGE,
        "due_at": now,
        "payload": {"name": name, "correlation_key": correlation_key},
        "created_at": now,
        "instance_id": instance_id,
        "task_id": waiting_id,
    }


def starting_row(name: str, now: datetime) -> dict[str, Any]:
    """Build the job that starts a process by a message which was kept before it was deployed."""
    return {
        "kind": JobKind.DELIVER_MESSAGE,
        "due_at": now,
        "payload": {"name": name},
        "created_at": now,
    }


def _store_names(moved: Step, surroundings: Surroundings) -> None:
    """Give the instance its business key and title as soon as the diagram knows them."""
    instance, variables = moved.instance, moved.result.variables
    if instance.business_key and instance.title:
        return
    facts = facts_of(moved.work.session, instance.definition_id)
    if not instance.business_key:
        instance.business_key = read_name(facts.business_key, variables, surroundings)
    if not instance.title:
        instance.title = read_name(facts.title, variables, surroundings)


def _store_user_tasks(moved: Step) -> Sequence[Mapping[str, Any]]:
    """Store the tasks that opened and close those that are gone; gives the rows of the former."""
    before, after = moved.result.before.user_tasks, moved.result.after.user_tasks
    opened = [_task_row(moved, after[i]) for i in after if i not in before]
    if opened:
        task_rows.add_tasks(moved.work.session, opened)
    gone = before.keys() - after.keys() - {moved.completed_task_id}
    if gone:
        task_rows.cancel_tasks(moved.work.session, gone)
    return opened


def _task_row(moved: Step, task: WaitingUserTask) -> dict[str, Any]:
    """Build the row of a task that just opened.

    An administrator's own tasks apart, the role is the task's own or else its lane.
    """
    calendar, now = calendar_of(moved.work), moved.work.now
    due_at = find_moment(task.due, now, calendar)
    assignee = read_id(task.assignee)
    return {
        "id": task.id,
        "instance_id": moved.instance.id,
        "key": moved.instance.key,
        "activity_id": task.activity_id,
        "name": task.name,
        "role": task.role or task.lane,
        "assignee": assignee,
        "is_fixed": assignee is not None,
        "exclude": frozenset(task.exclude),
        "status": TaskStatus.OPEN,
        "created_at": now,
        "due_at": due_at,
        "remind_at": reminder_at(task.remind, due_at, now, calendar),
        "escalate_to": task.escalate,
        "priority": DEFAULT_PRIORITY if task.priority is None else task.priority,
        "form_id": task.form_id,
        "variable_name": task.variable_name,
        "instructions": task.instructions,
    }


def _store_jobs(moved: Step, opened: Sequence[Mapping[str, Any]]) -> None:
    before, after = moved.result.before, moved.result.after
    rows = [
        _job_row(
            moved,
            JobKind.TIMER,
            after.timers[i].due_at,
            i,
            after.timers[i].activity_id,
            {"due_at": after.timers[i].due_at.isoformat()},
        )
        for i in after.timers
        if i not in before.timers or before.timers[i].due_at != after.timers[i].due_at
    ]
    rows += [
        _operation_row(moved, after.operations[i])
        for i in after.operations.keys() - before.operations.keys()
    ]
    rows += [
        _effect_row(moved, _EFFECT_JOBS[effect.kind], effect.payload, effect.activity_id)
        for effect in moved.operations.effects
    ]
    rows += [
        _effect_row(moved, JobKind.SEND_MESSAGE, _sent(message), message.activity_id)
        for message in moved.result.thrown
    ]
    rows += [job for row in opened for job in build_watches(row)]
    gone = _changed_timers(moved) | (before.operations.keys() - after.operations.keys())
    gone |= {i for i, task in before.user_tasks.items() if task.has_due} - after.user_tasks.keys()
    if gone:
        job_rows.delete_jobs_of_tasks(moved.work.session, gone)
    mail_rows.drop_mails_of_tasks(moved.work.session, _gone_mails(moved))
    if rows:
        job_rows.add_jobs(moved.work.session, rows)


def _gone_mails(moved: Step) -> list[UUID]:
    before, after = moved.result.before.operations, moved.result.after.operations
    return [i for i in before if i not in after and before[i].name == MAIL]


def _operation_row(moved: Step, waiting: WaitingOperation) -> dict[str, Any]:
    payload = {"name": waiting.name, "parameters": waiting.parameters}
    retries, back_off = waiting.retries, waiting.back_off_seconds
    return {
        **_job_row(
            moved, JobKind.OPERATION, moved.work.now, waiting.id, waiting.activity_id, payload
        ),
        "max_attempts": DEFAULT_ATTEMPTS if retries is None else 1 + _within(retries, MOST_RETRIES),
        "wait_seconds": DEFAULT_WAIT_SECONDS if back_off is None else _within(back_off, HOUR),
    }


def _within(number: int, most: int) -> int:
    return min(max(number, 0), most)


def _changed_timers(moved: Step) -> set[UUID]:
    before, after = moved.result.before.timers, moved.result.after.timers
    return {i for i, timer in before.items() if i not in after or after[i].due_at != timer.due_at}


def _job_row(
    moved: Step,
    kind: JobKind,
    due_at: Any,
    task_id: UUID,
    activity_id: str,
    payload: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "kind": kind,
        "due_at": due_at,
        "payload": dict(payload),
        "created_at": moved.work.now,
        "instance_id": moved.instance.id,
        "task_id": task_id,
        "activity_id": activity_id,
    }


def _sent(message: ThrownMessage) -> dict[str, Any]:
    return {
        "name": message.name,
        "correlation_key": message.correlation_key,
        "payload": dict(message.payload),
    }


def _effect_row(
    moved: Step, kind: JobKind, payload: Mapping[str, Any], activity_id: str | None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "due_at": moved.work.now,
        "payload": dict(payload),
        "created_at": moved.work.now,
        "instance_id": moved.instance.id,
        "task_id": None,
        "activity_id": activity_id,
    }


def _store_subscriptions(moved: Step) -> None:
    before, after = moved.result.before.messages, moved.result.after.messages
    renamed = _renamed(moved)
    new: list[dict[str, Any]] = [
        {
            "id": waiting.id,
            "instance_id": moved.instance.id,
            "activity_id": waiting.activity_id,
            "name": waiting.name,
            "correlation_key": waiting.correlation_key or moved.instance.business_key,
            "created_at": moved.work.now,
        }
        for i, waiting in after.items()
        if i not in before or i in renamed
    ]
    gone = (before.keys() - after.keys()) | renamed
    if gone:
        message_rows.delete_subscriptions(moved.work.session, gone)
    if new:
        message_rows.add_subscriptions(moved.work.session, new)
        awaited = {(row["name"], row["correlation_key"]): row["id"] for row in new}
        _store_deliveries(moved.work, moved.instance, awaited)


def bring_kept_messages(work: UnitOfWork, instance: ProcessInstance) -> None:
    """Have messages that were kept brought to a case that waits for them and goes on again."""
    waiting = message_rows.subscriptions_of(work.session, instance.id)
    awaited = {(one.name, one.correlation_key): one.id for one in waiting}
    if awaited:
        _store_deliveries(work, instance, awaited)


def _store_deliveries(
    work: UnitOfWork, instance: ProcessInstance, awaited: Mapping[message_rows.NameAndKey, UUID]
) -> None:
    """Have messages that were kept brought to where a case waits for them."""
    session, now = work.session, work.now
    with session.no_autoflush:
        message_rows.lock_for_waiting(session, awaited)
        kept = message_rows.find_awaited(session, awaited, now)
    rows = [delivery_row(instance.id, awaited[one], *one, now) for one in kept]
    if rows:
        job_rows.add_jobs(session, rows)


def _renamed(moved: Step) -> set[UUID]:
    """Find what waited by the key of the case before the case had one."""
    if moved.key_before == moved.instance.business_key:
        return set()
    before, after = moved.result.before.messages, moved.result.after.messages
    return {i for i in before.keys() & after.keys() if after[i].correlation_key is None}


def _store_incidents(moved: Step) -> None:
    before, after = moved.result.before.incidents, moved.result.after.incidents
    gone = before.keys() - after.keys()
    if gone:
        incident_rows.settle_incidents(
            moved.work.session, gone, status=IncidentStatus.RESOLVED, at=moved.work.now
        )
    for parked in _new_incidents(moved):
        moved.work.session.add(_incident(moved, parked))
    moved.instance.open_incidents = len(after)


def _new_incidents(moved: Step) -> list[ParkedIncident]:
    before, after = moved.result.before.incidents, moved.result.after.incidents
    return [parked for i, parked in after.items() if i not in before]


def _incident(moved: Step, parked: ParkedIncident) -> Incident:
    return Incident(
        instance_id=moved.instance.id,
        task_id=parked.id,
        activity_id=parked.activity_id,
        kind=str(parked.kind),
        message=parked.message,
        line=parked.line,
        source_line=parked.source_line,
        variables=dict(parked.variables),
        created_at=moved.work.now,
    )


def _store_state(moved: Step) -> None:
    instance, result = moved.instance, moved.result
    if not result.completed:
        instance.state = result.state
        return
    instance.state = None
    instance.status = InstanceStatus.COMPLETED
    instance.ended_at = moved.work.now
    instance.end_event = result.end_event
    instance.final_variables = result.variables


def _entries(moved: Step, because: Entry) -> list[Entry]:
    return [
        _first_entry(moved, because),
        *record_entries(moved.operations.changes),
        *_task_entries(moved),
        *(_incident_entry(parked) for parked in _new_incidents(moved)),
        *_end_entries(moved),
    ]


def _first_entry(moved: Step, because: Entry) -> Entry:
    trail = moved.result.trail
    details: dict[str, Any] = dict(because.details)
    if trail.path:
        details["path"] = list(trail.path)
    if trail.decisions:
        details["decisions"] = [
            {
                "activity": hit.activity_id,
                "decision": hit.decision,
                "inputs": hit.inputs,
                "rows": list(hit.rows),
                "outputs": hit.outputs,
            }
            for hit in trail.decisions
        ]
    if trail.operations:
        details["operations"] = [
            {"activity": done.activity_id, "name": done.name, "result": _told(done.result, because)}
            for done in trail.operations
        ]
    return Entry(because.action, because.activity_id, details)


def _told(result: Any, because: Entry) -> Any:
    """Tell what another system answered; of a large answer only its size and hash."""
    if because.action is not AuditAction.OPERATION_ANSWERED:
        return result
    text = json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if len(text) <= MAX_TOLD_CHARACTERS:
        return result
    return {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def record_entries(changes: Iterable[RecordChange]) -> list[Entry]:
    """Tell which business records were made and changed."""
    return [
        Entry(
            AuditAction.RECORD_CREATED if change.before is None else AuditAction.RECORD_CHANGED,
            None,
            {
                "kind": change.kind,
                "id": str(change.record_id),
                "number": change.number,
                **({} if change.before is None else {"before": dict(change.before)}),
                "after": dict(change.after),
            },
        )
        for change in changes
    ]


def _task_entries(moved: Step) -> list[Entry]:
    before, after = moved.result.before.user_tasks, moved.result.after.user_tasks
    opened = [
        Entry(AuditAction.TASK_CREATED, after[i].activity_id, _opened_details(after[i]))
        for i in after
        if i not in before
    ]
    cancelled = [
        Entry(AuditAction.TASK_CANCELLED, before[i].activity_id, {"task": str(i)})
        for i in before
        if i not in after and i != moved.completed_task_id
    ]
    return cancelled + opened


def _opened_details(task: WaitingUserTask) -> dict[str, Any]:
    details: dict[str, Any] = {
        "task": str(task.id),
        "name": task.name,
        "role": task.role or task.lane,
    }
    if task.assignee:
        details["assignee"] = task.assignee
    return details


def _incident_entry(parked: ParkedIncident) -> Entry:
    details = {"kind": str(parked.kind), "message": parked.message, "line": parked.line}
    return Entry(AuditAction.INCIDENT_OPENED, parked.activity_id, details)


def _end_entries(moved: Step) -> list[Entry]:
    if not moved.result.completed:
        return []
    return [Entry(AuditAction.INSTANCE_ENDED, None, {"end_event": moved.result.end_event})]
