"""Ask for notices about user tasks: who is reminded, who steps in, and who need not go on."""

from collections.abc import Mapping, Sequence
from typing import Any

from ssflow.domain.base import JsonValue
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import JobKind
from ssflow.domain.user_task import UserTask
from ssflow.store import jobs as job_rows
from ssflow.store.unit_of_work import UnitOfWork

REMINDER, OVERDUE, TAKEN_OVER = "reminder", "overdue", "taken_over"
GIVEN_BACK, TAKEN_AWAY = "task_assigned", "taken_away"
"""The templates of these notices."""


def ask_for_notice(
    work: UnitOfWork,
    instance: ProcessInstance,
    task: UserTask,
    template: str,
    to: Sequence[str],
    facts: Mapping[str, JsonValue] | None = None,
) -> None:
    """Have people told of a task by a job right after this step."""
    notice: dict[str, Any] = {
        **(facts or {}),
        "template": template,
        "to": list(to),
        "exclude": sorted(task.exclude),
        "task": str(task.id),
        "task_name": task.name,
        "due_at": task.due_at.isoformat() if task.due_at else None,
    }
    row = {
        "kind": JobKind.NOTICE,
        "due_at": work.now,
        "payload": notice,
        "created_at": work.now,
        "instance_id": instance.id,
        "activity_id": task.activity_id,
    }
    job_rows.add_jobs(work.session, [row])
