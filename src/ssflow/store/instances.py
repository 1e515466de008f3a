"""Queries for process instances, and who may see them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    exists,
    false,
    literal_column,
    or_,
    select,
    true,
    union,
    update,
)
from sqlalchemy.orm import Session, undefer

from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.user_task import UserTask
from ssflow.errors import NotFoundError
from ssflow.store.paging import (
    DEFAULT_LIMIT,
    Page,
    cut_page,
    decode_cursor,
    is_after,
    require_limit,
)
from ssflow.store.text_search import (
    NOTHING_NAMED,
    Named,
    contains_text,
    contains_word,
    names_a_role_of,
)


def get_instance(session: Session, instance_id: UUID) -> ProcessInstance:
    """Get an instance, without asking who may see it.

    Raises:
        NotFoundError: there is none.
    """
    if (instance := session.get(ProcessInstance, instance_id)) is None:
        raise _no_such_case()
    return instance


def is_cancelled(session: Session, instance_id: UUID | None) -> bool:
    """Tell whether somebody cancelled the case, so that nobody works on what it began."""
    query = select(ProcessInstance.status).where(ProcessInstance.id == instance_id)
    return session.scalars(query).one_or_none() is InstanceStatus.CANCELLED


def is_running(session: Session, instance_id: UUID | None) -> bool:
    """Tell whether a case goes on, or will once it is resumed."""
    query = select(ProcessInstance.status).where(ProcessInstance.id == instance_id)
    status = session.scalars(query).one_or_none()
    return status in (InstanceStatus.RUNNING, InstanceStatus.SUSPENDED)


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


def find_ended_by_key(session: Session, actor: Actor, business_key: str) -> ProcessInstance | None:
    """Find the last of the cases of a business key that the actor may see, if all have ended."""
    keys = session.scalars(select(ProcessDefinition.key).where(ProcessDefinition.is_latest)).all()
    query = (
        select(ProcessInstance)
        .where(
            ProcessInstance.key.in_(keys),
            ProcessInstance.business_key == business_key,
            is_visible_to(actor),
        )
        .order_by(ProcessInstance.ended_at.desc(), ProcessInstance.id)
    )
    found = session.scalars(query).all()
    return found[0] if found and all(one.has_ended for one in found) else None


def restrict_readers(session: Session, instance_id: UUID, roles: frozenset[str]) -> None:
    """Let only these roles see an instance from now on, beside who works on it."""
    query = (
        update(ProcessInstance)
        .where(ProcessInstance.id == instance_id)
        .values(readers=roles)
        .execution_options(synchronize_session=False)
    )
    session.execute(query)


def find_visible_instance(
    session: Session, actor: Actor, instance_id: UUID
) -> ProcessInstance | None:
    """Find an instance that the actor may see."""
    query = select(ProcessInstance).where(ProcessInstance.id == instance_id, is_visible_to(actor))
    return session.scalars(query).one_or_none()


def may_see(session: Session, actor: Actor, instance: ProcessInstance) -> bool:
    """Tell whether the actor may see an instance; asks the database only when it must."""
    if actor.sees_everything or (_is_starter(actor, instance) and instance.readers is None):
        return True
    query = select(ProcessInstance.id).where(
        ProcessInstance.id == instance.id, is_visible_to(actor)
    )
    return session.scalar(query) is not None


def is_visible_to(actor: Actor) -> ColumnElement[bool]:
    """Build the condition that the actor may see a row of `process_instance`.

    That is: who sees everything; who started it; who holds or held one of its tasks; who holds a
    role among its definition's viewers. Of a confidential one: who holds an open task, or a role
    among its own readers, but never the person it is about. Of either: who may do one of its tasks
    because it is overdue.
    """
    if actor.sees_everything:
        return true()
    if actor.user_id is None:
        return false()
    took_part = exists().where(
        UserTask.instance_id == ProcessInstance.id,
        or_(UserTask.assignee == actor.user_id, UserTask.completed_by == actor.user_id),
    )
    return or_(
        _is_open_to_all() & (ProcessInstance.started_by == actor.key),
        _is_open_to_all() & ProcessInstance.definition_id.in_(_viewed_by(actor)),
        _is_open_to_all() & took_part,
        _is_shown_to(actor, actor.user_id),
        ProcessInstance.id.in_(_escalated_to(actor)) & ~_is_kept_from(actor.user_id),
    )


def list_instances(
    session: Session,
    actor: Actor,
    *,
    status: InstanceStatus | None = None,
    key: str | None = None,
    business_key: str | None = None,
    q: str | None = None,
    named: Named = NOTHING_NAMED,
    started_by: str | None = None,
    started_after: datetime | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[ProcessInstance]:
    """List the instances that the actor may see, newest first; `q` looks into title and key."""
    require_limit(limit)
    wanted = list(_filters(status, key, business_key, q, named, started_by, started_after))
    if cursor is not None:
        place = decode_cursor(_LIST, cursor, ((datetime,), (UUID,)))
        wanted.append(is_after(_NEWEST, place, descending=True))
    newest = _newest_of_each(_sources(actor), wanted, limit + 1)
    query = (
        select(ProcessInstance)
        .join(newest, newest.c.id == ProcessInstance.id)
        .order_by(*(column.desc() for column in _NEWEST))
        .limit(limit + 1)
    )
    found = session.scalars(query).all()
    return cut_page(found, limit, name=_LIST, key=lambda row: [row.started_at, row.id])


_LIST = "instances"
_NEWEST = (ProcessInstance.started_at, ProcessInstance.id)


def _sources(actor: Actor) -> list[ColumnElement[bool]]:
    """Give conditions that each fit an index and together are what the actor may see."""
    if actor.sees_everything:
        return [true()]
    if actor.user_id is None:
        return [false()]
    kept_away = _is_kept_from(actor.user_id)
    return [
        _is_open_to_all() & (ProcessInstance.started_by == actor.key),
        _is_open_to_all() & ProcessInstance.definition_id.in_(_viewed_by(actor)),
        _is_open_to_all() & ProcessInstance.id.in_(_with_tasks_of(actor.user_id)),
        _is_confidential() & names_a_role_of(actor, ProcessInstance.readers) & ~kept_away,
        _is_confidential() & ProcessInstance.id.in_(_working_on(actor.user_id)) & ~kept_away,
        ProcessInstance.id.in_(_escalated_to(actor)) & ~kept_away,
    ]


def _is_open_to_all() -> ColumnElement[bool]:
    return ProcessInstance.readers.is_(None)


def _is_confidential() -> ColumnElement[bool]:
    return ProcessInstance.readers.is_not(None)


def _is_shown_to(actor: Actor, user_id: UUID) -> ColumnElement[bool]:
    """Build the condition that a confidential case may be read by the actor."""
    holds_role = names_a_role_of(actor, ProcessInstance.readers)
    works_on_it = ProcessInstance.id.in_(_working_on(user_id))
    return _is_confidential() & (holds_role | works_on_it) & ~_is_kept_from(user_id)


def _is_kept_from(user_id: UUID) -> ColumnElement[bool]:
    """Build the condition that a confidential case is about this very person."""
    is_about = (Feedback.instance_id == ProcessInstance.id, Feedback.about_user == user_id)
    return _is_confidential() & exists().where(*is_about)


def _working_on(user_id: UUID) -> Select[UUID]:
    """Find the cases in which a user holds an open task."""
    return select(UserTask.instance_id).where(
        UserTask.assignee == user_id, UserTask.status == literal_column("'open'")
    )


def _escalated_to(actor: Actor) -> Select[UUID]:
    """Find the cases in which a task is so late that the actor's role may do it, too."""
    return select(UserTask.instance_id).where(
        UserTask.escalated_to.in_(sorted(actor.roles)),
        UserTask.status == literal_column("'open'"),
        ~contains_word(UserTask.exclude, str(actor.user_id)),
    )


def _viewed_by(actor: Actor) -> Select[UUID]:
    return select(ProcessDefinition.id).where(names_a_role_of(actor, ProcessDefinition.viewers))


def _with_tasks_of(user_id: UUID) -> CompoundSelect[UUID]:
    """Find the cases in which a user holds or held a task; who completes one holds it."""
    held = (
        UserTask.completed_by == user_id,
        (UserTask.status == literal_column("'open'")) & (UserTask.assignee == user_id),
        (UserTask.status == literal_column("'cancelled'")) & (UserTask.assignee == user_id),
    )
    return union(*(select(UserTask.instance_id).where(condition) for condition in held))


def _newest_of_each(
    sources: Sequence[ColumnElement[bool]], wanted: Sequence[ColumnElement[bool]], limit: int
) -> Subquery:
    query = (
        select(ProcessInstance.id)
        .where(*wanted)
        .order_by(*(column.desc() for column in _NEWEST))
        .limit(limit)
    )
    parts = [query.where(source).subquery().select() for source in sources]
    return (union(*parts) if len(parts) > 1 else parts[0]).subquery()


def _filters(
    status: InstanceStatus | None,
    key: str | None,
    business_key: str | None,
    q: str | None,
    named: Named,
    started_by: str | None,
    started_after: datetime | None,
) -> Iterator[ColumnElement[bool]]:
    if status is not None:
        yield ProcessInstance.status == status
    if key is not None:
        yield ProcessInstance.key == key
    if business_key is not None:
        yield ProcessInstance.business_key == business_key
    if started_by is not None:
        yield ProcessInstance.started_by == started_by
    if started_after is not None:
        yield ProcessInstance.started_at >= started_after
    if q:
        of_process = select(ProcessDefinition.id).where(contains_text(q, ProcessDefinition.name))
        yield or_(
            contains_text(q, ProcessInstance.title, ProcessInstance.business_key),
            ProcessInstance.definition_id.in_(of_process),
            ProcessInstance.key.in_(sorted(named.processes)),
        )


def _is_starter(actor: Actor, instance: ProcessInstance) -> bool:
    return actor.user_id is not None and instance.started_by == actor.key


def _no_such_case() -> NotFoundError:
    return NotFoundError("There is no such case.")
