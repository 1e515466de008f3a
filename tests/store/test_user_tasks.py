import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.store.database import Database
from ssflow.store.paging import Page
from ssflow.store.unit_of_work import open_work
from ssflow.store.user_tasks import (
    InboxCounts,
    InboxRow,
    InboxSort,
    InboxView,
    add_tasks,
    cancel_open_tasks,
    cancel_tasks,
    count_inbox,
    find_open_tasks_of_instance,
    find_tasks_of_instance,
    find_user_task,
    get_user_task,
    list_inbox,
    lock_task,
)
from tests.conftest import NOW, TIMEZONE, MakeActor
from tests.store.conftest import Given, StatementsOf

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def worker(make_actor: MakeActor) -> Actor:
    return make_actor("worker", "brm", "service_owner")


@pytest.fixture
def colleague(make_actor: MakeActor) -> Actor:
    return make_actor("colleague", "brm")


# --- one task ------------------------------------------------------------------------------------


def test_a_task_is_got_by_its_id(session: Session, given: Given) -> None:
    task = given.task()

    assert get_user_task(session, task.id) is task
    assert find_user_task(session, uuid4()) is None


def test_a_task_that_is_not_there_cannot_be_got(session: Session) -> None:
    with pytest.raises(NotFoundError):
        get_user_task(session, uuid4())


def test_locking_gives_task_instance_and_state_in_one_statement(
    session: Session, given: Given, count_statements: Callable[..., Any]
) -> None:
    task = given.task(given.instance(state=b"tokens"))
    session.commit()
    session.expunge_all()

    with count_statements() as counted:
        locked, instance = lock_task(session, task.id)
        state = instance.state

    assert (locked.id, instance.id, state) == (task.id, task.instance_id, b"tokens")
    assert len(counted) == 1


def test_a_task_that_is_not_there_cannot_be_locked(session: Session) -> None:
    with pytest.raises(NotFoundError):
        lock_task(session, uuid4())


def test_locking_looks_again_at_what_the_session_knew(
    session: Session, given: Given, database: Database
) -> None:
    task = given.task(given.instance(state=b"old"))
    session.commit()
    with Session(database.engine) as other:
        other.execute(text("UPDATE user_task SET name = 'New'"))
        other.execute(text("UPDATE process_instance SET state = :state"), {"state": b"new"})
        other.commit()

    locked, instance = lock_task(session, task.id)

    assert (locked.name, instance.state) == ("New", b"new")


def test_the_second_of_two_who_lock_a_task_sees_it_completed(
    database: Database, session: Session, given: Given, worker: Actor, colleague: Actor
) -> None:
    task_id = given.task(role="brm").id
    session.commit()
    first_has_it, seen = threading.Event(), []

    def complete() -> None:
        with open_work(database, actor=worker, now=NOW, timezone=TIMEZONE) as work:
            task, instance = lock_task(work.session, task_id)
            first_has_it.set()
            threading.Event().wait(0.2)  # long enough for the other to come and wait
            task.complete(worker, at=NOW)
            instance.title = "moved on"

    def look() -> None:
        first_has_it.wait(timeout=20)
        with open_work(database, actor=colleague, now=NOW, timezone=TIMEZONE) as work:
            task, instance = lock_task(work.session, task_id)
            seen.append((task.status, task.completed_by, instance.title))

    threads = [threading.Thread(target=complete), threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [(TaskStatus.COMPLETED, worker.user_id, "moved on")]


def test_whoever_locks_task_or_instance_locks_the_instance_first(
    postgresql_database: Database, make_deadlock_bait: UUID
) -> None:
    """A job that holds the instance may change its tasks: nobody holds a task and waits for it."""
    with (
        Session(postgresql_database.engine) as job,
        Session(postgresql_database.engine) as person,
    ):
        job.execute(text("SELECT id FROM process_instance FOR UPDATE"))
        waiting = threading.Thread(target=lock_task, args=[person, make_deadlock_bait])
        waiting.start()
        threading.Event().wait(0.2)
        job.execute(text("SET LOCAL lock_timeout = '2s'"))
        job.execute(text("UPDATE user_task SET status = 'cancelled'"))
        job.commit()
        waiting.join()

        task, _ = lock_task(person, make_deadlock_bait)

        assert task.status is TaskStatus.CANCELLED


@pytest.fixture
def make_deadlock_bait(postgresql_database: Database) -> UUID:
    with Session(postgresql_database.engine, expire_on_commit=False) as session:
        task = Given(session).task()
        session.commit()
        return task.id


# --- tasks of an instance ------------------------------------------------------------------------


def test_tasks_of_an_instance_come_oldest_first(session: Session, given: Given) -> None:
    case = given.instance()
    new = given.task(case, created_at=NOW + HOUR)
    old = given.task(case, status=TaskStatus.COMPLETED)
    given.task()

    assert list(find_tasks_of_instance(session, case.id)) == [old, new]
    assert list(find_open_tasks_of_instance(session, case.id)) == [new]


def test_tasks_are_added_in_one_statement(
    session: Session, given: Given, count_statements: Callable[..., Any]
) -> None:
    case = given.instance()
    shared = {"instance_id": case.id, "key": case.key, "activity_id": "U", "created_at": NOW}
    excluded = frozenset({str(uuid4())})
    rows = [{**shared, "id": uuid4(), "name": f"T{n}", "exclude": excluded} for n in range(3)]

    with count_statements() as counted:
        add_tasks(session, rows)

    found = find_open_tasks_of_instance(session, case.id)
    assert len(counted) == 1
    assert sorted(task.name for task in found) == ["T0", "T1", "T2"]
    assert {task.exclude for task in found} == {excluded}


def test_only_open_tasks_are_cancelled(session: Session, given: Given) -> None:
    case = given.instance()
    done = given.task(case, status=TaskStatus.COMPLETED)
    gone, kept = given.task(case), given.task(case)

    cancel_tasks(session, [done.id, gone.id])

    statuses = [session.get_one(UserTask, task.id).status for task in (done, gone, kept)]
    assert statuses == [TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.OPEN]


def test_all_open_tasks_of_an_instance_are_cancelled(session: Session, given: Given) -> None:
    case = given.instance()
    given.task(case)
    given.task(case)
    other = given.task()

    cancel_open_tasks(session, case.id)

    assert find_open_tasks_of_instance(session, case.id) == []
    assert other.is_open


# --- inbox: what it shows ------------------------------------------------------------------------


def names(page: Page[InboxRow]) -> list[str]:
    return [row.task.name for row in page.items]


def inbox(session: Session, actor: Actor, view: InboxView, **options: Any) -> list[str]:
    return names(list_inbox(session, actor, view=view, **options))


@pytest.fixture
def desk(given: Given, worker: Actor, colleague: Actor) -> None:
    """Tasks of every kind that a worker may or may not see in an inbox."""
    me, other = worker.user_id, colleague.user_id
    given.task(name="mine", assignee=me, due_at=NOW)
    given.task(name="mine by role", assignee=me, role="brm", due_at=NOW + HOUR)
    given.task(name="free brm", role="brm", due_at=NOW + 2 * HOUR)
    given.task(name="free owner", role="service_owner", due_at=NOW + 3 * HOUR)
    given.task(name="taken", role="brm", assignee=other)
    given.task(name="other role", role="accountant")
    given.task(name="excluded", role="brm", exclude=frozenset({str(me), str(other)}))
    given.task(name="excludes another", role="brm", exclude=frozenset({str(other)}))
    given.task(name="cancelled", role="brm", status=TaskStatus.CANCELLED)
    given.task(name="cancelled mine", assignee=me, status=TaskStatus.CANCELLED)
    for number, who in enumerate((me, me, other)):
        given.task(
            name=f"done {number}",
            assignee=who,
            status=TaskStatus.COMPLETED,
            completed_by=who,
            completed_at=NOW + number * HOUR,
        )


@pytest.mark.usefixtures("desk")
def test_mine_is_what_is_assigned_to_me(session: Session, worker: Actor) -> None:
    assert inbox(session, worker, InboxView.MINE) == ["mine", "mine by role"]


@pytest.mark.usefixtures("desk")
def test_group_is_what_my_roles_may_claim_and_duties_allow(session: Session, worker: Actor) -> None:
    assert inbox(session, worker, InboxView.GROUP) == [
        "free brm",
        "free owner",
        "excludes another",
    ]


@pytest.mark.usefixtures("desk")
def test_all_is_both(session: Session, worker: Actor) -> None:
    assert inbox(session, worker, InboxView.ALL) == [
        "mine",
        "mine by role",
        "free brm",
        "free owner",
        "excludes another",
    ]


@pytest.mark.usefixtures("desk")
def test_done_is_what_i_completed_newest_first(session: Session, worker: Actor) -> None:
    assert inbox(session, worker, InboxView.DONE) == ["done 1", "done 0"]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("view", list(InboxView))
def test_the_system_and_strangers_have_an_empty_inbox(
    session: Session, stranger: Actor, view: InboxView
) -> None:
    assert inbox(session, SYSTEM, view) == []
    assert inbox(session, stranger, view) == []


def test_a_row_tells_of_its_case(session: Session, given: Given, worker: Actor) -> None:
    definition = given.definition("propose", name="Propose a service")
    case = given.instance(definition, title="Mail for all", business_key="PRP-2026-0001")
    task = given.task(case, role="brm")

    [row] = list_inbox(session, worker).items

    assert row == InboxRow(task, "Mail for all", "PRP-2026-0001", "Propose a service")
    assert row.key == "propose"


def test_a_page_costs_two_statements_at_most(
    session: Session, given: Given, worker: Actor, count_statements: Callable[..., Any]
) -> None:
    for _ in range(3):
        given.task(role="brm", due_at=NOW)
    given.task(role="brm")

    with count_statements() as both:
        list_inbox(session, worker, limit=10)
    with count_statements() as dated_only:
        list_inbox(session, worker, limit=2)

    assert (len(both), len(dated_only)) == (2, 1)


# --- inbox: order and pages ----------------------------------------------------------------------


def test_what_is_due_first_comes_first_and_what_is_never_due_last(
    session: Session, given: Given, worker: Actor
) -> None:
    given.task(name="never", role="brm")
    given.task(name="late", role="service_owner", due_at=NOW + HOUR)
    given.task(name="soon", assignee=worker.user_id, due_at=NOW)

    assert inbox(session, worker, InboxView.ALL) == ["soon", "late", "never"]


def test_what_waits_longest_comes_first(session: Session, given: Given, worker: Actor) -> None:
    given.task(name="new", role="brm", created_at=NOW + HOUR)
    given.task(name="old", assignee=worker.user_id, created_at=NOW)

    assert inbox(session, worker, InboxView.ALL, sort=InboxSort.CREATED) == ["old", "new"]


def test_what_is_most_urgent_comes_first_then_what_waits_longest(
    session: Session, given: Given, worker: Actor
) -> None:
    given.task(name="usual", role="brm", created_at=NOW)
    given.task(name="urgent new", role="brm", priority=90, created_at=NOW + HOUR)
    given.task(name="urgent old", assignee=worker.user_id, priority=90, created_at=NOW)
    given.task(name="below all", role="service_owner", priority=-5)

    found = inbox(session, worker, InboxView.ALL, sort=InboxSort.PRIORITY)

    assert found == ["urgent old", "urgent new", "usual", "below all"]


@pytest.mark.parametrize("view", list(InboxView))
@pytest.mark.parametrize("sort", list(InboxSort))
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_together_are_the_whole_list_in_order(
    session: Session, given: Given, worker: Actor, view: InboxView, sort: InboxSort, limit: int
) -> None:
    case = given.instance()
    for number in range(20):
        of_mine = {"assignee": worker.user_id} if number % 3 == 0 else {}
        is_done = number % 4 == 3
        given.task(
            case,
            name=str(number),
            role=("brm", "service_owner")[number % 2],
            due_at=None if number % 5 == 0 else NOW + (number % 7) * HOUR,
            created_at=NOW + (number % 3) * HOUR,
            priority=10 * (number % 4),
            status=TaskStatus.COMPLETED if is_done else TaskStatus.OPEN,
            completed_by=worker.user_id if is_done else None,
            completed_at=NOW + (number % 2) * HOUR if is_done else None,
            **of_mine,
        )
    whole = list_inbox(session, worker, view=view, sort=sort, limit=200)

    pieces: list[str] = []
    page = list_inbox(session, worker, view=view, sort=sort, limit=limit)
    pieces += names(page)
    while page.next_cursor:
        page = list_inbox(
            session, worker, view=view, sort=sort, limit=limit, cursor=page.next_cursor
        )
        pieces += names(page)

    assert pieces == names(whole)
    assert len(set(pieces)) == len(pieces) > 0
    assert is_in_order(whole, view, sort)


def is_in_order(page: Page[InboxRow], view: InboxView, sort: InboxSort) -> bool:
    far = NOW.replace(year=9999)
    keys: dict[InboxSort, Callable[[UserTask], Any]] = {
        InboxSort.DUE: lambda task: (task.due_at or far, task.id.hex),
        InboxSort.CREATED: lambda task: (task.created_at, task.id.hex),
        InboxSort.PRIORITY: lambda task: (-task.priority, task.created_at, task.id.hex),
    }
    places = [keys[sort](row.task) for row in page.items]
    if view is InboxView.DONE:
        places = [(row.task.completed_at, row.task.id.hex) for row in page.items][::-1]
    return all(before < after for before, after in pairwise(places))


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_a_limit(session: Session, worker: Actor, limit: int) -> None:
    with pytest.raises(InvalidInputError):
        list_inbox(session, worker, limit=limit)


def test_a_cursor_belongs_to_its_view_and_sort(
    session: Session, given: Given, worker: Actor
) -> None:
    for _ in range(2):
        given.task(role="brm")
    cursor = list_inbox(session, worker, limit=1).next_cursor

    for options in ({"view": InboxView.GROUP}, {"sort": InboxSort.CREATED}):
        with pytest.raises(InvalidInputError):
            list_inbox(session, worker, cursor=cursor, **options)


# --- inbox: filters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q", ["screen", "SCREEN", "mail för", "MAIL FÖR", "prp-2026-0001", "0001", "propose a"]
)
def test_a_search_looks_into_task_case_and_process_in_any_case(
    session: Session, given: Given, worker: Actor, q: str
) -> None:
    definition = given.definition("propose", name="Propose a service")
    case = given.instance(definition, title="Mail för alla", business_key="PRP-2026-0001")
    given.task(case, name="Screen it", role="brm")
    given.task(name="Other", role="brm")

    assert inbox(session, worker, InboxView.ALL, q=q) == ["Screen it"]


@pytest.mark.parametrize(("q", "found"), [("50%", ["50% off"]), ("a_b", ["a_b"]), ("/", ["x/y"])])
def test_signs_with_a_meaning_in_sql_stand_for_themselves(
    session: Session, given: Given, worker: Actor, q: str, found: list[str]
) -> None:
    for name in ("50% off", "500 off", "a_b", "axb", "x/y"):
        given.task(name=name, role="brm")

    assert inbox(session, worker, InboxView.ALL, q=q) == found


def test_tasks_of_one_process_or_case_can_be_picked(
    session: Session, given: Given, worker: Actor
) -> None:
    case = given.instance(given.definition("propose"))
    given.task(case, name="mine", assignee=worker.user_id, due_at=NOW)
    given.task(case, name="offered", role="brm")
    given.task(case, name="not for me", role="accountant")
    given.task(given.instance(given.definition("review")), name="elsewhere", role="brm")

    assert inbox(session, worker, InboxView.ALL, key="propose") == ["mine", "offered"]
    assert inbox(session, worker, InboxView.ALL, instance_id=case.id) == ["mine", "offered"]
    assert inbox(session, worker, InboxView.GROUP, instance_id=case.id) == ["offered"]


# --- counts --------------------------------------------------------------------------------------


def test_what_waits_is_counted(session: Session, given: Given, worker: Actor) -> None:
    day_end = NOW + 10 * HOUR
    given.task(assignee=worker.user_id, due_at=NOW - HOUR)
    given.task(assignee=worker.user_id, due_at=NOW + HOUR)
    given.task(assignee=worker.user_id)
    given.task(role="brm", due_at=NOW - HOUR)
    given.task(role="service_owner", due_at=day_end)
    given.task(role="brm", due_at=day_end + HOUR)
    given.task(role="accountant", due_at=NOW)
    given.task(role="brm", due_at=NOW, exclude=frozenset({str(worker.user_id)}))

    counts = count_inbox(session, worker, now=NOW, day_end=day_end)

    assert counts == InboxCounts(mine=3, group=3, overdue=2, due_today=2)


def test_the_system_and_strangers_have_nothing_to_count(
    session: Session, given: Given, stranger: Actor
) -> None:
    given.task(role="brm", due_at=NOW)

    for actor in (SYSTEM, stranger):
        counts = count_inbox(session, actor, now=NOW, day_end=NOW)
        assert counts == InboxCounts(0, 0, 0, 0)


def test_counting_is_one_statement_and_ends_at_a_thousand(
    session: Session, given: Given, worker: Actor, count_statements: Callable[..., Any]
) -> None:
    case = given.instance()
    add_tasks(session, [offered(case, NOW - HOUR) for _ in range(1100)])

    with count_statements() as counted:
        counts = count_inbox(session, worker, now=NOW, day_end=NOW)

    assert counts == InboxCounts(mine=0, group=1000, overdue=1000, due_today=0)
    assert len(counted) == 1


def offered(case: ProcessInstance, due_at: datetime | None) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "instance_id": case.id,
        "key": case.key,
        "activity_id": "U",
        "name": "T",
        "created_at": NOW,
        "role": "brm",
        "due_at": due_at,
    }


# --- the cost of an inbox ------------------------------------------------------------------------


class PlansOf(Protocol):
    def __call__(self, session: Session, act: Callable[[], object]) -> list[list[str]]: ...


@pytest.fixture
def plans_of(statements_of: StatementsOf) -> PlansOf:
    """What SQLite does for every query that `act` runs."""

    def explain(session: Session, act: Callable[[], object]) -> list[list[str]]:
        queries = statements_of(session, act)
        run = session.connection().exec_driver_sql
        return [
            [row.detail for row in run(f"EXPLAIN QUERY PLAN {statement}", given)]
            for statement, given in queries
        ]

    return explain


@pytest.mark.parametrize("view", list(InboxView))
@pytest.mark.parametrize("sort", list(InboxSort))
def test_sqlite_finds_a_page_by_its_indexes_alone(
    sqlite_database: Database, plans_of: PlansOf, view: InboxView, sort: InboxSort
) -> None:
    actor = Actor(user_id=uuid4(), name="w", roles=frozenset({"brm", "service_owner"}))

    with Session(sqlite_database.reader) as session:
        plans = plans_of(session, lambda: list_inbox(session, actor, view=view, sort=sort))

    assert_first_rows_come_from_an_index(plans)


@pytest.mark.parametrize("view", [InboxView.MINE, InboxView.GROUP, InboxView.ALL])
@pytest.mark.parametrize("sort", list(InboxSort))
def test_sqlite_finds_a_later_page_by_its_indexes_alone(
    sqlite_database: Database, plans_of: PlansOf, view: InboxView, sort: InboxSort
) -> None:
    actor = Actor(user_id=uuid4(), name="w", roles=frozenset({"brm"}))
    with Session(sqlite_database.engine) as session:
        case = Given(session).instance()
        rows = [offered(case, NOW + n * HOUR) for n in range(4)]
        add_tasks(session, [{**row, "assignee": None} for row in rows[:2]])
        add_tasks(session, [{**row, "assignee": actor.user_id} for row in rows[2:]])
        session.commit()

        cursor = list_inbox(session, actor, view=view, sort=sort, limit=1).next_cursor
        plans = plans_of(
            session, lambda: list_inbox(session, actor, view=view, sort=sort, cursor=cursor)
        )

    assert cursor is not None
    assert_first_rows_come_from_an_index(plans)


def assert_first_rows_come_from_an_index(plans: list[list[str]]) -> None:
    steps = [step for plan in plans for step in plan if "user_task" in step]
    assert steps
    # Late tasks are few: the index that holds no others is read in its order.
    late = [step for step in steps if "USING INDEX ix_user_task_escalated_" in step]
    late += [step for step in steps if "USING COVERING INDEX ix_user_task_escalated_" in step]
    others = [step for step in steps if step not in late]
    assert all(step.startswith("SEARCH user_task USING") for step in others), steps
    by_index = [step for step in steps if "sqlite_autoindex" not in step]
    assert all("ix_user_task_" in step for step in by_index), steps


def test_sqlite_counts_by_reading_indexes_and_no_row(
    sqlite_database: Database, plans_of: PlansOf
) -> None:
    actor = Actor(user_id=uuid4(), name="w", roles=frozenset({"brm", "service_owner"}))

    with Session(sqlite_database.reader) as session:
        plans = plans_of(session, lambda: count_inbox(session, actor, now=NOW, day_end=NOW + HOUR))

    steps = [step for plan in plans for step in plan if "user_task" in step]
    assert len(steps) == 9
    assert all("USING COVERING INDEX" in step for step in steps), steps


def test_postgresql_finds_a_page_by_its_indexes_alone(
    postgresql_database: Database, statements_of: StatementsOf
) -> None:
    actor = Actor(user_id=uuid4(), name="w", roles=frozenset({"brm", "service_owner"}))
    with Session(postgresql_database.engine) as session:
        case = Given(session).instance()
        add_tasks(session, [offered(case, NOW + n * SECOND) for n in range(3000)])
        session.commit()
        session.execute(text("ANALYZE user_task"))

        statement, given = statements_of(session, lambda: list_inbox(session, actor, limit=10))[0]
        plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", given)
        steps = "\n".join(plan.scalars())

    assert "Seq Scan on user_task" not in steps, steps
    assert "ix_user_task_offered_due" in steps
