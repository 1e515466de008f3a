"""Start process instances, look at them, hold them, end them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.base import Variables
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.incident import Incident
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.note import Comment
from ssflow.domain.user_task import UserTask
from ssflow.engine.commands import Start, StartByMessage
from ssflow.engine.execution import StepResult
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.forms.submission import read_submission
from ssflow.operations.cancelled_cases import end_records
from ssflow.sentences import Sentence
from ssflow.services.advance import (
    advance_instance,
    bring_kept_messages,
    close_waiting_points,
    instance_variables,
    record_entries,
)
from ssflow.services.attachments import bind_files
from ssflow.services.audit import Entry, record, record_all
from ssflow.services.definitions import load_layout
from ssflow.services.form_view import FormView, form_context
from ssflow.services.operation_port import context_of
from ssflow.services.trail_path import count_elements
from ssflow.services.variables import check_variables, text_problem
from ssflow.store import audit as trail_rows
from ssflow.store import definitions as definition_rows
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import notes as note_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import Refusal, UnitOfWork

MAX_REASON_CHARACTERS = 1_000
MAX_KEY_CHARACTERS = 200
_NOT_TAKEN, _MISSING = "A start of this process does not take it.", "A start needs it."


class StartRefusedError(ConflictError):
    """What a process does first was refused, and nothing else was left to do."""


@dataclass(frozen=True)
class Begun:
    """A case, and what its first step came to."""

    instance: ProcessInstance
    result: StepResult


@dataclass(frozen=True)
class ActiveElement:
    """An element at which an instance waits, and for whom."""

    activity_id: str
    task_id: UUID
    name: str
    waits_for: str
    since: datetime


@dataclass(frozen=True)
class InstanceTrace:
    """The way an instance took: how often each element and flow was passed, and where it waits."""

    passed: Mapping[str, int]
    active: Sequence[ActiveElement]
    incidents: Sequence[Incident] = field(default_factory=tuple)


def startable_processes(work: UnitOfWork) -> list[ProcessDefinition]:
    """List the newest version of each process that the actor may start by hand.

    One that needs values which no form asks for is started by others only.
    """
    latest = definition_rows.list_latest(work.session)
    return [d for d in latest if may_start(work, d) and not any(_payload_of(d).values())]


def may_start(work: UnitOfWork, definition: ProcessDefinition) -> bool:
    """Say whether the actor may start the process: a starter, an admin, or everybody."""
    return not definition.facts.get("start_message") and is_starter(work, definition)


def is_starter(work: UnitOfWork, definition: ProcessDefinition) -> bool:
    """Say whether the process lets the actor start it, by hand or by a message."""
    return (
        work.actor.is_admin
        or not definition.starters
        or not definition.starters.isdisjoint(work.actor.roles)
    )


def start_form(work: UnitOfWork, key: str) -> FormView | None:
    """Give the form that starts a process, or None when it starts without one.

    Raises:
        NotFoundError: there is no such process.
        ForbiddenError: the actor may not start it.
    """
    definition = _startable(work, key, None)
    form_id = definition.facts.get("start_form")
    if not form_id:
        return None
    layout = load_layout(work.session, definition.deployment_id, form_id, work.actor.language)
    return FormView(layout=layout, values={}, draft=None, context=form_context(work, {}))


def start_by_hand(
    work: UnitOfWork,
    key: str,
    variables: Mapping[str, Any] | None = None,
    *,
    business_key: str | None = None,
    version: int | None = None,
) -> ProcessInstance:
    """Start a process because somebody asks for it, who is told at once when it is refused.

    Raises:
        StartRefusedError: an operation refused and the case ended there: it leaves no case, but
            the trail tells of the attempt.
        NotFoundError, ForbiddenError, InvalidInputError: as `start_instance`.
    """
    begun = _start(work, key, variables, business_key, version)
    refusal = _refusal_of(begun.result)
    if refusal is None:
        return begun.instance
    told = {"key": key, "variables": dict(variables or {}), "reason": refusal}
    work.remember_refusal(Refusal(AuditAction.ATTEMPT_REFUSED, told))
    raise StartRefusedError(refusal)


def start_instance(
    work: UnitOfWork,
    key: str,
    variables: Mapping[str, Any] | None = None,
    *,
    business_key: str | None = None,
    version: int | None = None,
) -> ProcessInstance:
    """Start a process; if it has a start form, that form checks the variables.

    Raises:
        NotFoundError: there is no such process, or not in this version.
        ForbiddenError: the actor may not start it.
        InvalidInputError: the start form refuses the variables, or the business key is no text
            of at most 200 characters.
    """
    return _start(work, key, variables, business_key, version).instance


def begin_instance(
    work: UnitOfWork,
    definition: ProcessDefinition,
    command: Start | StartByMessage,
    given: Mapping[str, Any],
    business_key: str | None,
) -> ProcessInstance:
    """Make the instance and let it run to where it first waits; rights were checked before."""
    return _begin(work, definition, command, given, business_key).instance


def _start(
    work: UnitOfWork,
    key: str,
    variables: Mapping[str, Any] | None,
    business_key: str | None,
    version: int | None,
) -> Begun:
    definition = _startable(work, key, version)
    check_key(business_key, "business_key")
    checked = check_start(work, definition, dict(variables or {}))
    begun = _begin(work, definition, Start(checked), checked, business_key)
    if definition.facts.get("start_form"):
        bind_files(work, checked, begun.instance, None)
    return begun


def _begin(
    work: UnitOfWork,
    definition: ProcessDefinition,
    command: Start | StartByMessage,
    given: Mapping[str, Any],
    business_key: str | None,
) -> Begun:
    instance = ProcessInstance(
        definition_id=definition.id,
        key=definition.key,
        version=definition.version,
        business_key=business_key if business_key and business_key.strip() else None,
        started_by=work.actor.key,
        started_at=work.now,
    )
    work.session.add(instance)
    work.session.flush()
    details = {"key": definition.key, "version": definition.version, "variables": dict(given)}
    because = Entry(AuditAction.INSTANCE_STARTED, None, details)
    return Begun(instance, advance_instance(work, instance, command, because))


def _refusal_of(result: StepResult) -> str | None:
    """Tell why a case ended in its first step, if all that it did there was to be refused."""
    done = result.trail.operations
    if not result.completed or len(done) != 1 or result.thrown:
        return None
    answer = done[0].result
    refused = answer.get("refused") if isinstance(answer, dict) else None
    return str(refused["message"]) if isinstance(refused, dict) else None


def get_visible_instance(work: UnitOfWork, instance_id: UUID) -> ProcessInstance:
    """Give an instance that the actor may see.

    Raises:
        NotFoundError: there is none, or it is none of the actor's business.
    """
    instance = instance_rows.find_visible_instance(work.session, work.actor, instance_id)
    if instance is None:
        raise NotFoundError("There is no such case, or you may not see it.")
    return instance


def variables_of(work: UnitOfWork, instance_id: UUID) -> Variables:
    """Read the data of an instance.

    Raises:
        NotFoundError: as `get_visible_instance`.
    """
    return instance_variables(work, get_visible_instance(work, instance_id))


def suspend_instance(work: UnitOfWork, instance_id: UUID, reason: str) -> ProcessInstance:
    """Hold an instance; nobody can work on it until it is resumed.

    Raises:
        NotFoundError, ForbiddenError: the actor does not see it or does not administer.
        InstanceNotRunningError: it does not run.
        InvalidInputError: the reason is empty or too long.
    """
    instance = _lock_for_operator(work, instance_id)
    told = read_reason(reason)
    instance.suspend()
    record(work, AuditAction.INSTANCE_SUSPENDED, instance, reason=told)
    return instance


def resume_instance(work: UnitOfWork, instance_id: UUID, reason: str = "") -> ProcessInstance:
    """Let a suspended instance go on.

    Raises:
        NotFoundError, ForbiddenError: the actor does not see it or does not administer.
        InstanceNotRunningError: it is not suspended.
        InvalidInputError: the reason is too long.
    """
    instance = _lock_for_operator(work, instance_id)
    told = read_reason(reason, is_needed=False)
    instance.resume()
    bring_kept_messages(work, instance)
    record(work, AuditAction.INSTANCE_RESUMED, instance, reason=told)
    return instance


def cancel_instance(work: UnitOfWork, instance_id: UUID, reason: str) -> ProcessInstance:
    """End an instance without finishing it; its tasks, timers and messages go with it.

    What it worked on ends, too: a proposal gives its money back, a service is kept.

    Raises:
        NotFoundError, ForbiddenError: the actor does not see it or does not administer.
        InstanceNotRunningError: it has ended already.
        InvalidInputError: the reason is empty or too long.
    """
    instance = _lock_for_operator(work, instance_id)
    told = read_reason(reason)
    variables = instance_variables(work, instance)
    close_waiting_points(work, instance)
    instance.cancel(at=work.now)
    instance.final_variables = variables
    context = context_of(work, instance, "")
    end_records(context, told)
    cancelled = Entry(AuditAction.INSTANCE_CANCELLED, None, {"reason": told})
    record_all(work, [cancelled, *record_entries(context.changes)], instance)
    return instance


def add_comment(work: UnitOfWork, instance_id: UUID, text: str) -> Comment:
    """Say something about a case, for everybody who sees it.

    Raises:
        NotFoundError: as `get_visible_instance`.
        InvalidInputError: the text is empty or too long.
    """
    instance = get_visible_instance(work, instance_id)
    if work.actor.user_id is None:
        raise ForbiddenError("Only a person can comment.")
    if problem := text_problem(text):
        raise InvalidInputError("This comment cannot be kept.", errors={"text": [problem]})
    comment = Comment(
        instance_id=instance.id, author=work.actor.user_id, text=text.strip(), created_at=work.now
    )
    work.session.add(comment)
    locked = instance_rows.lock_instance(work.session, instance.id)
    record(work, AuditAction.COMMENT_ADDED, locked, comment=str(comment.id), text=comment.text)
    return comment


def comments_of(work: UnitOfWork, instance_id: UUID) -> Sequence[Comment]:
    """List what was said about a case, oldest first.

    Raises:
        NotFoundError: as `get_visible_instance`.
    """
    return note_rows.comments_of(work.session, get_visible_instance(work, instance_id).id)


def tasks_of(work: UnitOfWork, instance_id: UUID) -> Sequence[UserTask]:
    """List all user tasks that an instance has had, oldest first.

    Raises:
        NotFoundError: as `get_visible_instance`.
    """
    return task_rows.find_tasks_of_instance(
        work.session, get_visible_instance(work, instance_id).id
    )


def events_of(work: UnitOfWork, instance_id: UUID) -> list[AuditEvent]:
    """List everything that happened in an instance, oldest first.

    Raises:
        NotFoundError: as `get_visible_instance`.
    """
    instance = get_visible_instance(work, instance_id)
    return list(trail_rows.events_of_stream(work.session, str(instance.id)))


def diagram_of(work: UnitOfWork, instance_id: UUID) -> bytes:
    """Give the BPMN of the version that an instance runs on.

    Raises:
        NotFoundError: as `get_visible_instance`.
    """
    instance = get_visible_instance(work, instance_id)
    definition = definition_rows.get_definition(work.session, instance.definition_id)
    return definition_rows.get_file(work.session, definition.deployment_id, definition.file)


def trace_of(work: UnitOfWork, instance_id: UUID) -> InstanceTrace:
    """Tell the way an instance took and where it waits now.

    Raises:
        NotFoundError: as `get_visible_instance`.
    """
    instance = get_visible_instance(work, instance_id)
    events = trail_rows.events_of_stream(work.session, str(instance.id))
    passed = Counter(element for event in events for element in count_elements(event))
    tasks = task_rows.find_open_tasks_of_instance(work.session, instance.id)
    return InstanceTrace(
        passed=passed,
        active=[_active(task) for task in tasks],
        incidents=incident_rows.open_incidents_of(work.session, instance.id),
    )


def read_reason(reason: str, *, is_needed: bool = True) -> str:
    """Check the reason for something that an operator does.

    Raises:
        InvalidInputError: it is empty though needed, too long, or no text.
    """
    told = reason.strip()
    if is_needed and not told:
        raise InvalidInputError("Say why.", errors={"reason": ["Say why; it goes into the trail."]})
    if len(told) > MAX_REASON_CHARACTERS:
        limit = Sentence("At most %(most)s characters.", most=MAX_REASON_CHARACTERS)
        raise InvalidInputError("The reason is too long.", errors={"reason": [limit]})
    if problem := text_problem(told):
        raise InvalidInputError("The reason cannot be kept.", errors={"reason": [problem]})
    return told


def check_key(key: str | None, field_name: str) -> None:
    """Refuse the key of a case or message that an index could not hold.

    Raises:
        InvalidInputError: it is too long, or no text.
    """
    problem = text_problem(key or "")
    if len(key or "") > MAX_KEY_CHARACTERS:
        problem = f"At most {MAX_KEY_CHARACTERS} characters."
    if problem:
        raise InvalidInputError("This key cannot be kept.", errors={field_name: [problem]})


def check_start(work: UnitOfWork, definition: ProcessDefinition, variables: Variables) -> Variables:
    """Check what a case is started with: by the start form of its process, or else its payload.

    Raises:
        InvalidInputError: the form refuses it, the process does not take it or misses something,
            or it is not plain data.
    """
    form_id = definition.facts.get("start_form")
    if not form_id:
        check_variables(variables)
        _check_payload(definition, variables)
        return variables
    layout = load_layout(work.session, definition.deployment_id, form_id, work.actor.language)
    return read_submission(layout, variables, form_context(work, {}))


def _check_payload(definition: ProcessDefinition, variables: Variables) -> None:
    """Refuse what the start event does not list; a diagram that lists nothing takes anything."""
    if definition.facts.get("start_payload") is None:
        return
    taken = _payload_of(definition)
    errors = {
        **{name: [_NOT_TAKEN] for name in variables if name not in taken},
        **{name: [_MISSING] for name in taken if taken[name] and name not in variables},
    }
    if errors:
        message = Sentence('"%(name)s" cannot be started with these values.', name=definition.name)
        raise InvalidInputError(message, errors=errors)


def _payload_of(definition: ProcessDefinition) -> Mapping[str, bool]:
    return definition.facts.get("start_payload") or {}


def _startable(work: UnitOfWork, key: str, version: int | None) -> ProcessDefinition:
    if version is None:
        definition = definition_rows.find_latest(work.session, key)
    else:
        definition = definition_rows.find_version(work.session, key, version)
    if definition is None:
        raise _no_process(key, version)
    if definition.facts.get("start_message"):
        raise ForbiddenError("This process is started by a message, not by hand.")
    if not may_start(work, definition):
        roles = sorted(definition.starters)
        raise ForbiddenError(Sentence("Only these roles may start it: %(roles)s.", roles=roles))
    return definition


def _no_process(key: str, version: int | None) -> NotFoundError:
    if version is None:
        return NotFoundError(Sentence("There is no process %(key)s.", key=key))
    told = Sentence("There is no process %(key)s in version %(version)s.", key=key, version=version)
    return NotFoundError(told)


def _lock_for_operator(work: UnitOfWork, instance_id: UUID) -> ProcessInstance:
    get_visible_instance(work, instance_id)
    if not work.actor.is_admin:
        raise ForbiddenError("Only an administrator may do this to a case.")
    return instance_rows.lock_instance(work.session, instance_id)


def _active(task: UserTask) -> ActiveElement:
    waits_for = str(task.assignee) if task.assignee else (task.role or "")
    return ActiveElement(task.activity_id, task.id, task.name, waits_for, task.created_at)
