"""Queries for user tasks: one task, those of a case, and the inbox."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    SQLColumnExpression,
    Subquery,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session, undefer
from sqlalchemy.orm.exc import StaleDataError

from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import build_watches
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.errors import NotFoundError
from ssflow.store import jobs as job_rows
from ssflow.store.paging import (
    DEFAULT_LIMIT,
    Page,
    cut_page,
    decode_cursor,
    is_after,
    require_limit,
)
from ssflow.store.text_search import NOTHING_NAMED, Named, contains_text, contains_word

MAX_COUNT = 1000


_ADD_TASKS = insert(UserTask)
_LOCK_TASK = (
    select(UserTask, ProcessInstance)
    .join(ProcessInstance, UserTask.instance_id == ProcessInstance.id)
    .where(UserTask.id == bindparam("task_id"))
    .options(undefer(ProcessInstance.state), undefer(ProcessInstance.final_variables))
    # The instance first, as everybody locks it: two orders would be a deadlock.
    .with_for_update(of=[ProcessInstance, UserTask])
    .execution_options(populate_existing=True)
)
"""Built once, as the two below: they are on the path of every step."""
_COMPLETION_COLUMNS = ("assignee", "status", "claimed_at", "completed_at", "completed_by")
_STEP_COLUMNS = (
    *("business_key", "title", "status", "ended_at", "end_event", "open_incidents", "done_by"),
    *("audit_seq", "audit_hash", "state", "final_variables"),
)
_SAVE_TASK = (
    update(UserTask)
    .where(UserTask.id == bindparam("task_id"))
    .values({name: bindparam(name) for name in (*_COMPLETION_COLUMNS, "draft")})
)
_SAVE_INSTANCE = (
    update(ProcessInstance)
    .where(
        ProcessInstance.id == bindparam("step_id"),
        ProcessInstance.revision == bindparam("step_revision"),
    )
    .values({name: bindparam(name) for name in (*_STEP_COLUMNS, "revision")})
)


class InboxView(StrEnum):
    """Which tasks an inbox shows."""

    MINE = "mine"
    """Assigned to the actor."""
    GROUP = "group"
    """Offered to one of the actor's roles, and free; or overdue, so that the actor may step in."""
    ALL = "all"
    """Both."""
    DONE = "done"
    """Completed by the actor, newest first."""


class InboxSort(StrEnum):
    """What comes first in an inbox."""

    DUE = "due"
    """What is due soonest; tasks without a due date come last."""
    CREATED = "created"
    """What waits longest."""
    PRIORITY = "priority"
    """What is most urgent, then what waits longest."""


@dataclass(frozen=True)
class InboxRow:
    """A task with what a list shows of its case."""

    task: UserTask
    title: str | None
    business_key: str | None
    process_name: str

    @property
    def key(self) -> str:
        """The process definition's key."""
        return self.task.key


@dataclass(frozen=True)
class InboxCounts:
    """How many tasks wait for an actor, each counted up to `MAX_COUNT`."""

    mine: int
    group: int
    overdue: int
    due_today: int


def find_user_task(session: Session, task_id: UUID) -> UserTask | None:
    """Find a task, without asking who may see it."""
    return session.get(UserTask, task_id)


def get_user_task(session: Session, task_id: UUID) -> UserTask:
    """Get a task, without asking who may see it.

    Raises:
        NotFoundError: there is none.
    """
    if (task := find_user_task(session, task_id)) is None:
        raise _no_such_task()
    return task


def lock_task(session: Session, task_id: UUID) -> tuple[UserTask, ProcessInstance]:
    """Get a task and its instance with the engine's state; nobody else may change them meanwhile.

    Raises:
        NotFoundError: there is no such task.
    """
    found = session.execute(_LOCK_TASK, {"task_id": task_id}).one_or_none()
    if found is None:
        raise _no_such_task()
    return found[0], found[1]


def save_step(session: Session, task: UserTask, instance: ProcessInstance) -> None:
    """Write a completed task and its instance, and let go of both: nobody changes them later.

    It does what a flush would, in two statements that were built once.

    Raises:
        StaleDataError: somebody who did not lock the instance was quicker.
    """
    written = {name: getattr(instance, name) for name in _STEP_COLUMNS}
    given = {
        **written,
        "revision": instance.revision + 1,
        "step_id": instance.id,
        "step_revision": instance.revision,
    }
    session.expunge(task)
    session.expunge(instance)
    connection = session.connection()
    done = {name: getattr(task, name) for name in _COMPLETION_COLUMNS}
    connection.execute(_SAVE_TASK, {**done, "draft": None, "task_id": task.id})
    if connection.execute(_SAVE_INSTANCE, given).rowcount != 1:
        raise StaleDataError("The instance was changed by somebody who did not lock it.")


def find_open_tasks_of_instance(session: Session, instance_id: UUID) -> Sequence[UserTask]:
    """Find the tasks that an instance waits for, oldest first."""
    query = (
        select(UserTask)
        .where(UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN)
        .order_by(UserTask.created_at, UserTask.id)
    )
    return session.scalars(query).all()


def find_task_to_escalate(
    session: Session, due_between: tuple[datetime, datetime] | None = None
) -> UserTask | None:
    """Find an open task that another role may do once it is late.

    That is the newest that is not late yet, or of those due between two moments the last.
    """
    query = select(UserTask).where(
        UserTask.status == TaskStatus.OPEN,
        UserTask.escalate_to.is_not(None),
        UserTask.due_at.is_not(None),
    )
    if due_between is None:
        query = query.where(UserTask.escalated_to.is_(None)).order_by(UserTask.created_at.desc())
    else:
        query = query.where(UserTask.due_at.between(*due_between)).order_by(UserTask.due_at.desc())
    return session.scalars(query.limit(1)).one_or_none()


def find_tasks_of_instance(session: Session, instance_id: UUID) -> Sequence[UserTask]:
    """Find all tasks that an instance ever had, oldest first."""
    query = (
        select(UserTask)
        .where(UserTask.instance_id == instance_id)
        .order_by(UserTask.created_at, UserTask.id)
    )
    return session.scalars(query).all()


def add_tasks(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store tasks that opened, one mapping of column names each."""
    if rows:
        session.connection().execute(_ADD_TASKS, list(rows))


def move_due(
    session: Session,
    task: UserTask,
    due_at: datetime,
    remind_at: datetime | None,
    *,
    now: datetime,
) -> None:
    """Watch an open task by other times; one that was late is so no more."""
    task.due_at, task.remind_at, task.escalated_to = due_at, remind_at, None
    job_rows.delete_jobs_of_tasks(session, [task.id])
    watched = ("id", "instance_id", "activity_id", "due_at", "remind_at")
    row = {name: getattr(task, name) for name in watched}
    job_rows.add_jobs(session, build_watches({**row, "created_at": now}))


def cancel_tasks(session: Session, task_ids: Iterable[UUID]) -> None:
    """Close those tasks that are still open: the case went another way."""
    if ids := list(task_ids):
        _cancel(session, UserTask.id.in_(ids))


def cancel_open_tasks(session: Session, instance_id: UUID) -> None:
    """Close every open task of an instance."""
    _cancel(session, UserTask.instance_id == instance_id)


def list_inbox(
    session: Session,
    actor: Actor,
    *,
    view: InboxView = InboxView.ALL,
    sort: InboxSort = InboxSort.DUE,
    q: str | None = None,
    named: Named = NOTHING_NAMED,
    key: str | None = None,
    instance_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[InboxRow]:
    """List the tasks that wait for the actor; `q` looks into task, process, title and business key.

    `named` is what `q` finds in the reader's language.

    The cost of a page does not grow with the number of tasks that wait.

    Raises:
        InvalidInputError: the limit or the cursor is wrong.
    """
    require_limit(limit)
    order = _DONE if view is InboxView.DONE else _ORDERS[sort]
    name = f"inbox-{view}-{order.name}"
    after = None if cursor is None else decode_cursor(name, cursor, order.kinds)
    wanted = list(_filters(q, named, key, instance_id))
    sources = _sources(actor, view)
    if instance_id is not None:  # few rows: one look by instance beats one by role each
        sources = [or_(*sources)]
    rows: list[InboxRow] = []
    for stretch in order.stretches(after):
        if sources and len(rows) <= limit:
            first = _first_of_each(sources, stretch, wanted, limit + 1 - len(rows))
            rows += _read_rows(session, first, stretch)
    return cut_page(rows, limit, name=name, key=lambda row: order.place_of(row.task))


def count_inbox(session: Session, actor: Actor, *, now: datetime, day_end: datetime) -> InboxCounts:
    """Count the tasks that wait for the actor, and those that are late or due by `day_end`."""
    if actor.user_id is None:
        return InboxCounts(0, 0, 0, 0)
    mine = _IS_OPEN & (UserTask.assignee == actor.user_id)
    offered = UserTask.role.in_(sorted(actor.roles)) & _is_free_for(actor)
    escalated = _is_only_escalated_to(actor)
    counts = (
        _count([mine]),
        _count([offered, escalated]),
        _count([mine, offered, escalated], UserTask.due_at < now),
        _count([mine, offered, escalated], UserTask.due_at >= now, UserTask.due_at <= day_end),
    )
    return InboxCounts(*session.execute(select(*counts)).one())


def _cancel(session: Session, which: ColumnElement[bool]) -> None:
    query = (
        update(UserTask)
        .where(which, UserTask.status == TaskStatus.OPEN)
        .values(status=TaskStatus.CANCELLED)
    )
    session.execute(query)


@dataclass(frozen=True)
class _Stretch:
    """Part of an order within which rows are sorted by columns that are never null."""

    keys: tuple[SQLColumnExpression[Any], ...]
    condition: ColumnElement[bool]
    descending: bool = False


@dataclass(frozen=True)
class _Order:
    """How an inbox is sorted: `place_of` a task goes into a cursor, `stretches` come after it."""

    name: str
    kinds: tuple[tuple[type, ...], ...]
    place_of: Callable[[UserTask], list[Any]]
    stretches: Callable[[list[Any] | None], Iterator[_Stretch]]


def _by_due(after: list[Any] | None) -> Iterator[_Stretch]:
    """Databases disagree about where NULL belongs, and sorting it away would miss the index."""
    dated, undated = (UserTask.due_at, UserTask.id), (UserTask.id,)
    has_none = UserTask.due_at.is_(None)
    if after is None:
        yield _Stretch(dated, UserTask.due_at.is_not(None))
        yield _Stretch(undated, has_none)
    elif after[0] is not None:
        yield _Stretch(dated, is_after(dated, after))
        yield _Stretch(undated, has_none)
    else:
        yield _Stretch(undated, has_none & (UserTask.id > after[1]))


def _by(
    *keys: SQLColumnExpression[Any], descending: bool = False
) -> Callable[[list[Any] | None], Iterator[_Stretch]]:
    def stretches(after: list[Any] | None) -> Iterator[_Stretch]:
        rest = true() if after is None else is_after(keys, after, descending=descending)
        yield _Stretch(keys, rest, descending)

    return stretches


_ORDERS = {
    InboxSort.DUE: _Order(
        name="due",
        kinds=((datetime, NoneType), (UUID,)),
        place_of=lambda task: [task.due_at, task.id],
        stretches=_by_due,
    ),
    InboxSort.CREATED: _Order(
        name="created",
        kinds=((datetime,), (UUID,)),
        place_of=lambda task: [task.created_at, task.id],
        stretches=_by(UserTask.created_at, UserTask.id),
    ),
    InboxSort.PRIORITY: _Order(
        name="priority",
        kinds=((int,), (datetime,), (UUID,)),
        place_of=lambda task: [-task.priority, task.created_at, task.id],
        stretches=_by(-UserTask.priority, UserTask.created_at, UserTask.id),
    ),
}
_DONE = _Order(
    name="completed",
    kinds=((datetime,), (UUID,)),
    place_of=lambda task: [task.completed_at, task.id],
    stretches=_by(UserTask.completed_at, UserTask.id, descending=True),
)

# Written out, not bound: a database uses a partial index only if it can read the condition.
_IS_OPEN = UserTask.status == literal_column("'open'")


def _sources(actor: Actor, view: InboxView) -> list[ColumnElement[bool]]:
    """Give conditions that each fit one index and together make the view."""
    if actor.user_id is None:
        return []
    mine = _IS_OPEN & (UserTask.assignee == actor.user_id)
    match view:
        case InboxView.MINE:
            return [mine]
        case InboxView.GROUP:
            return _offered_to(actor)
        case InboxView.ALL:
            return [mine, *_offered_to(actor)]
        case InboxView.DONE:
            return [UserTask.completed_by == actor.user_id]


def _offered_to(actor: Actor) -> list[ColumnElement[bool]]:
    if not actor.roles:
        return []
    is_free = _is_free_for(actor)
    offered = [(UserTask.role == role) & is_free for role in sorted(actor.roles)]
    return [*offered, _is_only_escalated_to(actor)]


def _is_free_for(actor: Actor) -> ColumnElement[bool]:
    return _IS_OPEN & UserTask.assignee.is_(None) & ~_excludes(actor)


def _is_only_escalated_to(actor: Actor) -> ColumnElement[bool]:
    """Find what is late, but not the actor's own or offered anyway: no task may come twice.

    Late tasks are few, so that one look through them in order, for all roles, costs least.
    """
    roles = sorted(actor.roles)
    is_late = _IS_OPEN & UserTask.escalated_to.is_not(None) & UserTask.escalated_to.in_(roles)
    is_anothers = UserTask.assignee.is_distinct_from(actor.user_id)
    is_offered = UserTask.assignee.is_(None) & func.coalesce(UserTask.role, "").in_(roles)
    return is_late & is_anothers & ~is_offered & ~_excludes(actor)


def _excludes(actor: Actor) -> ColumnElement[bool]:
    return contains_word(UserTask.exclude, str(actor.user_id))


def _filters(
    q: str | None, named: Named, key: str | None, instance_id: UUID | None
) -> Iterator[ColumnElement[bool]]:
    if key is not None:
        yield UserTask.key == key
    if instance_id is not None:
        yield UserTask.instance_id == instance_id
    if q:
        cases = select(ProcessInstance.id).where(
            ProcessInstance.id == UserTask.instance_id,
            contains_text(q, ProcessInstance.title, ProcessInstance.business_key),
        )
        processes = select(ProcessDefinition.key).where(contains_text(q, ProcessDefinition.name))
        yield or_(
            contains_text(q, UserTask.name),
            cases.exists(),
            UserTask.key.in_(processes),
            UserTask.key.in_(sorted(named.processes)),
            tuple_(UserTask.key, UserTask.activity_id).in_(sorted(named.activities)),
        )


def _first_of_each(
    sources: Sequence[ColumnElement[bool]],
    stretch: _Stretch,
    wanted: Sequence[ColumnElement[bool]],
    limit: int,
) -> Subquery:
    """Take the first rows of each source by its index, then the first of all those."""
    columns: list[Any] = [key.label(f"key{n}") for n, key in enumerate(stretch.keys)]
    query = (
        select(UserTask.id.label("task_id"), *columns)
        .where(stretch.condition, *wanted)
        .order_by(*_directed(stretch.keys, stretch))
        .limit(limit)
    )
    parts = [query.where(source).subquery() for source in sources]
    if len(parts) == 1:
        return parts[0]
    merged = union_all(*(part.select() for part in parts)).subquery()
    return (
        select(merged).order_by(*_directed(_sort_columns(merged), stretch)).limit(limit).subquery()
    )


def _read_rows(session: Session, first: Subquery, stretch: _Stretch) -> list[InboxRow]:
    query = (
        select(
            UserTask,
            ProcessInstance.title,
            ProcessInstance.business_key,
            ProcessDefinition.name,
        )
        .join(first, first.c.task_id == UserTask.id)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
        .order_by(*_directed(_sort_columns(first), stretch))
    )
    return [InboxRow(*row) for row in session.execute(query)]


def _sort_columns(rows: Subquery) -> list[ColumnElement[Any]]:
    return [column for column in rows.c if column.key != "task_id"]


def _directed(
    keys: Sequence[SQLColumnExpression[Any]], stretch: _Stretch
) -> list[ColumnElement[Any]]:
    return [key.desc() if stretch.descending else key.asc() for key in keys]


def _count(
    sources: Sequence[ColumnElement[bool]], *conditions: ColumnElement[bool]
) -> ScalarSelect[int]:
    parts = [
        select(UserTask.id).where(source, *conditions).limit(MAX_COUNT).subquery().select()
        for source in sources
    ]
    rows = union_all(*parts).limit(MAX_COUNT).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()


def _no_such_task() -> NotFoundError:
    return NotFoundError("There is no such task.")
