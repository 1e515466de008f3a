"""The task inbox: claim, release, fill in and complete user tasks."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import JsonValue
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.user_task import SeparationOfDutiesError, TaskStatus, UserTask
from ssflow.engine.commands import CompleteUserTask
from ssflow.errors import NotFoundError
from ssflow.forms.layout import Layout
from ssflow.forms.submission import initial_values, read_submission
from ssflow.services.advance import advance_instance, instance_variables
from ssflow.services.attachments import bind_files
from ssflow.services.audit import Entry, record
from ssflow.services.definitions import FORM_SUFFIX, facts_of, load_layout
from ssflow.services.form_view import DataOnDemand, FormView, form_context
from ssflow.services.task_notices import GIVEN_BACK, TAKEN_AWAY, TAKEN_OVER, ask_for_notice
from ssflow.services.variables import check_variables
from ssflow.store import audit as audit_rows
from ssflow.store import definitions as definition_rows
from ssflow.store import instances as instance_rows
from ssflow.store import people as people_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import Refusal, UnitOfWork
from ssflow.store.user_tasks import InboxSort, InboxView


def get_visible_task(work: UnitOfWork, task_id: UUID) -> UserTask:
    """Give a task that the actor may work on, or of a case that the actor may see.

    Raises:
        NotFoundError: there is none, or it is none of the actor's business.
    """
    task = task_rows.find_user_task(work.session, task_id)
    if task is None or not _may_see(work, task):
        raise NotFoundError("There is no such task, or you may not see it.")
    return task


def claim_task(work: UnitOfWork, task_id: UUID) -> UserTask:
    """Reserve a task for the actor.

    Raises:
        NotFoundError: as `get_visible_task`.
        TaskNotOpenError, TaskClaimedByOtherError, ForbiddenError: as `UserTask.claim`.
        InstanceNotRunningError: the case is suspended.
    """
    task, instance = _lock_visible(work, task_id)
    is_held = task.is_open and task.assignee == work.actor.user_id
    if not is_held:
        _guard(work, task)
    instance.require_running()
    if is_held:
        return task
    holder = task.assignee
    task.claim(work.actor, at=work.now)
    details = {"task": str(task.id)} | _tell_former_holder(work, task, instance, holder)
    record(work, AuditAction.TASK_CLAIMED, instance, activity_id=task.activity_id, **details)
    return task


def release_task(work: UnitOfWork, task_id: UUID) -> UserTask:
    """Give a task back to where it came from; what was typed stays in its draft.

    That is its role, or the person from whom it was taken over.

    Raises:
        NotFoundError: as `get_visible_task`.
        TaskNotOpenError, ForbiddenError: as `UserTask.release`.
    """
    task, instance = _lock_visible(work, task_id)
    if task.is_open and task.assignee is None:
        return task
    holder = task.assignee
    task.release(work.actor, to=_find_former_holder(work, task) if task.is_taken_over else None)
    details = {"task": str(task.id)}
    if task.assignee is not None:
        details["given_back_to"] = str(task.assignee)
        ask_for_notice(work, instance, task, GIVEN_BACK, [str(task.assignee)])
    if holder != work.actor.user_id:
        details["taken_from"] = str(holder)
        ask_for_notice(work, instance, task, TAKEN_AWAY, [str(holder)], _actor_as_person(work))
    record(work, AuditAction.TASK_RELEASED, instance, activity_id=task.activity_id, **details)
    return task


def complete_task(work: UnitOfWork, task_id: UUID, submitted: Mapping[str, Any]) -> UserTask:
    """Finish a user task with its filled-in form and move its process instance on.

    Raises:
        NotFoundError: as `get_visible_task`.
        TaskNotOpenError, TaskClaimedByOtherError, ForbiddenError: as `UserTask.complete`.
        InstanceNotRunningError: the case is suspended.
        FormError: the form is wrong; nothing was changed.
    """
    task, instance = _lock_visible(work, task_id)
    _guard(work, task)
    instance.require_running()
    fields = _read_form(work, task, instance, submitted)
    holder = task.assignee
    task.complete(work.actor, at=work.now)
    instance.done_by = {**instance.done_by, task.activity_id: work.actor.key}

    because = _completion(task, fields, _tell_former_holder(work, task, instance, holder))
    advance_instance(work, instance, CompleteUserTask(task.id, fields), because)
    task_rows.save_step(work.session, task, instance)
    return task


def save_draft(work: UnitOfWork, task_id: UUID, fields: Mapping[str, Any]) -> UserTask:
    """Keep what was typed so far; the form does not check it.

    Raises:
        NotFoundError: as `get_visible_task`.
        TaskNotOpenError, TaskClaimedByOtherError, ForbiddenError: as `UserTask.complete`.
        InvalidInputError: it is no plain data, or larger than 1 MB.
    """
    task, _ = _lock_visible(work, task_id)
    task.require_workable_by(work.actor)
    check_variables(fields)
    task.draft = dict(fields)
    return task


def task_form(work: UnitOfWork, task_id: UUID) -> FormView | None:
    """Give the form of a task with its values, or None when the task has no form.

    Raises:
        NotFoundError: as `get_visible_task`.
    """
    task = get_visible_task(work, task_id)
    if task.form_id is None:
        return None
    instance = instance_rows.get_instance(work.session, task.instance_id)
    layout = _layout(work, task, instance)
    context = form_context(work, _data_at(work, task, instance), instance)
    return FormView(
        layout=layout, values=initial_values(layout, context), draft=task.draft, context=context
    )


def form_source(work: UnitOfWork, task_id: UUID) -> dict[str, Any] | None:
    """Give a task's form as it was deployed (form-js JSON), or None when the task has no form.

    Raises:
        NotFoundError: as `get_visible_task`.
    """
    task = get_visible_task(work, task_id)
    if task.form_id is None:
        return None
    instance = instance_rows.get_instance(work.session, task.instance_id)
    definition = definition_rows.get_definition(work.session, instance.definition_id)
    name = task.form_id + FORM_SUFFIX
    source: dict[str, Any] = json.loads(
        definition_rows.get_file(work.session, definition.deployment_id, name)
    )
    return source


def next_task_after(work: UnitOfWork, done: UserTask) -> UserTask | None:
    """Find what the actor can go on with: in the same case first, else the most urgent of all."""
    same_case = task_rows.find_open_tasks_of_instance(work.session, done.instance_id)
    offered = [task for task in same_case if task.is_offered_to(work.actor)]
    if offered:
        return offered[0]
    page = task_rows.list_inbox(
        work.session, work.actor, view=InboxView.ALL, sort=InboxSort.DUE, limit=1
    )
    return page.items[0].task if page.items else None


def _lock_visible(work: UnitOfWork, task_id: UUID) -> tuple[UserTask, ProcessInstance]:
    task, instance = task_rows.lock_task(work.session, task_id)
    if not _may_see(work, task):
        if task.is_excluded(work.actor):
            _remember_block(work, task)
        raise NotFoundError("There is no such task, or you may not see it.")
    return task, instance


def _may_see(work: UnitOfWork, task: UserTask) -> bool:
    done_by_actor = task.completed_by is not None and task.completed_by == work.actor.user_id
    if done_by_actor or task.is_offered_to(work.actor):
        return True
    return (
        instance_rows.find_visible_instance(work.session, work.actor, task.instance_id) is not None
    )


def _guard(work: UnitOfWork, task: UserTask) -> None:
    """Refuse who may not do the task; an attempt against separation of duties is remembered."""
    try:
        task.require_workable_by(work.actor)
    except SeparationOfDutiesError:
        _remember_block(work, task)
        raise


def _remember_block(work: UnitOfWork, task: UserTask) -> None:
    blocked = AuditAction.SEPARATION_OF_DUTIES_BLOCKED
    told = {"task": str(task.id)}
    work.remember_refusal(Refusal(blocked, told, task.instance_id, task.activity_id))


def _read_form(
    work: UnitOfWork, task: UserTask, instance: ProcessInstance, submitted: Mapping[str, Any]
) -> dict[str, Any]:
    if task.form_id is None:
        check_variables(submitted)
        return dict(submitted)
    context = form_context(work, _data_at(work, task, instance), instance)
    fields = read_submission(_layout(work, task, instance), submitted, context)
    bind_files(work, fields, instance, task)
    return fields


def _layout(work: UnitOfWork, task: UserTask, instance: ProcessInstance) -> Layout:
    deployment_id = facts_of(work.session, instance.definition_id).deployment_id
    return load_layout(work.session, deployment_id, task.form_id or "", work.actor.language)


def _data_at(work: UnitOfWork, task: UserTask, instance: ProcessInstance) -> Mapping[str, Any]:
    """Give the case's data as the task sees it; read only if the form asks for it."""
    task_id = task.id if task.status is TaskStatus.OPEN else None
    reserved = {
        "initiator": instance.started_by,
        "done_by": instance.done_by,
        "business_key": instance.business_key,
    }
    return DataOnDemand(lambda: {**instance_variables(work, instance, task_id), **reserved})


def _tell_former_holder(
    work: UnitOfWork, task: UserTask, instance: ProcessInstance, holder: UUID | None
) -> dict[str, str]:
    """Write to whom a late task was taken from; gives what the trail says about it."""
    if holder is None or holder == task.assignee:
        return {}
    facts = {**_actor_as_person(work), "is_done": not task.is_open}
    ask_for_notice(work, instance, task, TAKEN_OVER, [str(holder)], facts)
    return {"taken_over_from": str(holder)}


def _actor_as_person(work: UnitOfWork) -> dict[str, JsonValue]:
    """Name the actor as a fact for a notice."""
    user_id = work.actor.user_id
    names = people_rows.names_of(work.session, [user_id] if user_id else [])
    return {"person": "".join(names.values())}


def _find_former_holder(work: UnitOfWork, task: UserTask) -> UUID | None:
    """Ask the trail from whom a task was taken over, by whoever holds it or by those before."""
    holder = str(task.assignee)
    for event in audit_rows.claims_of_task(work.session, task):
        taken_from = json.loads(event.body)["details"].get("taken_over_from")
        if event.actor != holder or taken_from is None:
            break
        holder = taken_from
    return UUID(holder)


def _completion(task: UserTask, fields: Mapping[str, Any], taken_over: dict[str, str]) -> Entry:
    details = {"task": str(task.id), "name": task.name, "fields": dict(fields)} | taken_over
    return Entry(AuditAction.TASK_COMPLETED, task.activity_id, details)
