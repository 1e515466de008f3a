"""Watch tasks with a due date: remind of them, and let another role step in once they are late."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.user_task import UserTask
from ssflow.services.audit import record
from ssflow.services.task_notices import OVERDUE, REMINDER, ask_for_notice
from ssflow.store import instances as instance_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import UnitOfWork


def remind(work: UnitOfWork, job: Job) -> None:
    """Ask for a notice to whoever holds the task, else to those who may claim it."""
    found = _find_open(work, job)
    if found is None:
        return
    task, instance = found
    to = [str(task.assignee)] if task.assignee else [r for r in (task.role, task.escalated_to) if r]
    ask_for_notice(work, instance, task, REMINDER, to)


def mark_overdue(work: UnitOfWork, job: Job) -> None:
    """Tell the trail that a task is late; the role named for that may do it from now on."""
    found = _find_open(work, job)
    if found is None:
        return
    task, instance = found
    task.escalate()
    told: dict[str, Any] = {"task": str(task.id), "name": task.name}
    if task.due_at is not None:
        told["due_at"] = task.due_at.isoformat()
    if task.escalated_to is not None:
        told["escalated_to"] = task.escalated_to
        ask_for_notice(work, instance, task, OVERDUE, [task.escalated_to], {"may_step_in": True})
    record(work, AuditAction.TASK_OVERDUE, instance, activity_id=task.activity_id, **told)


def set_due(work: UnitOfWork, task_id: UUID, due_at: datetime, remind_at: datetime) -> UserTask:
    """Watch an open task by other times than its diagram says.

    Raises:
        NotFoundError: there is no such task.
    """
    task, _ = task_rows.lock_task(work.session, task_id)
    task_rows.move_due(work.session, task, due_at, remind_at, now=work.now)
    return task


def _find_open(work: UnitOfWork, job: Job) -> tuple[UserTask, ProcessInstance] | None:
    if job.task_id is None or job.instance_id is None:
        return None
    instance = instance_rows.lock_instance(work.session, job.instance_id)
    task = task_rows.find_user_task(work.session, job.task_id)
    if task is None or not task.is_open or instance.has_ended:
        return None
    return task, instance
