"""Queries for process instances, and who may see them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_, select, true
from sqlalchemy.orm import Session, undefer

from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.user_task import UserTask
from ssflow.errors import NotFoundError
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page
from ssflow.store.text_search import contains_text, names_a_role_of


def get_instance(session: Session, instance_id: UUID) -> ProcessInstance:
    """Get an instance, without asking who may see it.

    Raises:
        NotFoundError: there is none.
    """
    if (instance := session.get(ProcessInstance, instance_id)) is None:
        raise _no_such_case()
    return instance


def lock_instance(session: Session, instance_id: UUID) -> ProcessInstance:
    """Get an instance with the engine's state; nobody else may change it meanwhile.

    Raises:
        NotFoundError: there is none.
    """
    query = (
        select(ProcessInstance)
        .where(ProcessInstance.id == instance_id)
        .options(undefer(ProcessInstance.state))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if (instance := session.scalars(query).one_or_none()) is None:
        raise _no_such_case()
    return instance


def find_visible_instance(
    session: Session, actor: Actor, instance_id: UUID
) -> ProcessInstance | None:
    """Find an instance that the actor may see."""
    query = select(ProcessInstance).where(ProcessInstance.id == instance_id, is_visible_to(actor))
    return session.scalars(query).one_or_none()


def may_see(session: Session, actor: Actor, instance: ProcessInstance) -> bool:
    """Tell whether the actor may see an instance; asks the database only when it must."""
    if actor.sees_everything or _is_starter(actor, instance):
        return True
    query = select(ProcessInstance.id).where(
        ProcessInstance.id == instance.id, is_visible_to(actor)
    )
    return session.scalar(query) is not None


def is_visible_to(actor: Actor) -> ColumnElement[bool]:
    """Build the condition that the actor may see a row of `process_instance`.

    That is: who sees everything; who started it; who holds or held one of its tasks; who holds a
    role among its definition's viewers.
    """
    if actor.sees_everything:
        return true()
    if actor.user_id is None:
        return false()
    took_part = exists().where(
        UserTask.instance_id == ProcessInstance.id,
        or_(UserTask.assignee == actor.user_id, UserTask.completed_by == actor.user_id),
    )
    viewed = select(ProcessDefinition.id).where(names_a_role_of(actor, ProcessDefinition.viewers))
    return or_(
        ProcessInstance.started_by == actor.key,
        ProcessInstance.definition_id.in_(viewed),
        took_part,
    )


def list_instances(
    session: Session,
    actor: Actor,
    *,
    status: InstanceStatus | None = None,
    key: str | None = None,
    business_key: str | None = None,
    q: str | None = None,
    started_by: str | None = None,
    started_after: datetime | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[ProcessInstance]:
    """List the instances that the actor may see, newest first; `q` looks into title and key."""
    query = select(ProcessInstance).where(is_visible_to(actor))
    if status is not None:
        query = query.where(ProcessInstance.status == status)
    if key is not None:
        query = query.where(ProcessInstance.key == key)
    if business_key is not None:
        query = query.where(ProcessInstance.business_key == business_key)
    if started_by is not None:
        query = query.where(ProcessInstance.started_by == started_by)
    if started_after is not None:
        query = query.where(ProcessInstance.started_at >= started_after)
    if q:
        named = select(ProcessDefinition.id).where(contains_text(q, ProcessDefinition.name))
        query = query.where(
            or_(
                contains_text(q, ProcessInstance.title, ProcessInstance.business_key),
                ProcessInstance.definition_id.in_(named),
            )
        )
    keys = (ProcessInstance.started_at, ProcessInstance.id)
    return read_page(
        session, query, name="instances", keys=keys, descending=True, cursor=cursor, limit=limit
    )


def _is_starter(actor: Actor, instance: ProcessInstance) -> bool:
    return actor.user_id is not None and instance.started_by == actor.key


def _no_such_case() -> NotFoundError:
    return NotFoundError("There is no such case.")
