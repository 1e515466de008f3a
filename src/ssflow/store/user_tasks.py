"""Queries for user tasks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ssflow.domain.instance import ProcessInstance
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.errors import NotFoundError


def get_user_task(session: Session, task_id: UUID) -> UserTask:
    """Get a task.

    Raises:
        NotFoundError: there is none.
    """
    if (task := session.get(UserTask, task_id)) is None:
        raise _no_such_task()
    return task


def lock_task(session: Session, task_id: UUID) -> tuple[UserTask, ProcessInstance]:
    """Get a task and its instance with the engine's state; nobody else may change them meanwhile.

    Raises:
        NotFoundError: there is no such task.
    """
    query = (
        select(UserTask, ProcessInstance)
        .join(ProcessInstance, UserTask.instance_id == ProcessInstance.id)
        .where(UserTask.id == task_id)
        .options(undefer(ProcessInstance.state))
        # The instance first, as everybody locks it: two orders would be a deadlock.
        .with_for_update(of=[ProcessInstance, UserTask])
        .execution_options(populate_existing=True)
    )
    if (found := session.execute(query).one_or_none()) is None:
        raise _no_such_task()
    return found[0], found[1]


def find_open_tasks_of_instance(session: Session, instance_id: UUID) -> Sequence[UserTask]:
    """Find the tasks that an instance waits for, oldest first."""
    query = (
        select(UserTask)
        .where(UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN)
        .order_by(UserTask.created_at, UserTask.id)
    )
    return session.scalars(query).all()


def find_tasks_of_instance(session: Session, instance_id: UUID) -> Sequence[UserTask]:
    """Find all tasks that an instance ever had, oldest first."""
    query = (
        select(UserTask)
        .where(UserTask.instance_id == instance_id)
        .order_by(UserTask.created_at, UserTask.id)
    )
    return session.scalars(query).all()


def _no_such_task() -> NotFoundError:
    return NotFoundError("There is no such task.")
