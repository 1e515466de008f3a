from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.identity import NOBODY, SYSTEM, Actor
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.user_task import TaskStatus
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.store.database import Database
from ssflow.store.instances import (
    find_visible_instance,
    get_instance,
    list_instances,
    lock_instance,
    may_see,
)
from ssflow.store.paging import Page
from tests.conftest import NOW, MakeActor
from tests.store.conftest import Given, StatementsOf

DAY = timedelta(days=1)


@pytest.fixture
def actor(make_actor: MakeActor) -> Actor:
    return make_actor("ann", "service_desk", "brm")


def is_seen(session: Session, actor: Actor, instance: ProcessInstance) -> bool:
    """What every way of asking says; they must agree."""
    found = find_visible_instance(session, actor, instance.id) is instance
    listed = instance in list_instances(session, actor).items
    assert found == listed == may_see(session, actor, instance)
    return found


def test_an_instance_is_got_by_its_id(session: Session, given: Given) -> None:
    instance = given.instance()

    assert get_instance(session, instance.id) is instance


@pytest.mark.parametrize("get", [get_instance, lock_instance])
def test_an_instance_that_is_not_there_cannot_be_got(
    session: Session, get: Callable[..., object]
) -> None:
    with pytest.raises(NotFoundError):
        get(session, uuid4())


def test_locking_reads_the_state_too_in_one_statement(
    session: Session, given: Given, count_statements: Callable[..., Any]
) -> None:
    instance_id = given.instance(state=b"tokens").id
    session.commit()
    session.expunge_all()

    with count_statements() as counted:
        instance = lock_instance(session, instance_id)
        state = instance.state

    assert state == b"tokens"
    assert len(counted) == 1


# --- who sees a case -----------------------------------------------------------------------------


def test_a_stranger_does_not_see_a_case(session: Session, given: Given, actor: Actor) -> None:
    assert not is_seen(session, actor, given.instance())


def test_its_starter_sees_a_case(session: Session, given: Given, actor: Actor) -> None:
    assert is_seen(session, actor, given.instance(started_by=actor.key))


@pytest.mark.parametrize("status", [TaskStatus.OPEN, TaskStatus.CANCELLED])
def test_who_holds_or_held_a_task_sees_its_case(
    session: Session, given: Given, actor: Actor, status: TaskStatus
) -> None:
    case = given.instance()
    given.task(case, assignee=actor.user_id, status=status)

    assert is_seen(session, actor, case)


def test_who_completed_a_task_sees_its_case(session: Session, given: Given, actor: Actor) -> None:
    case = given.instance()
    given.task(case, completed_by=actor.user_id, status=TaskStatus.COMPLETED)

    assert is_seen(session, actor, case)


def test_being_able_to_claim_a_task_does_not_show_its_case_yet(
    session: Session, given: Given, actor: Actor
) -> None:
    case = given.instance()
    given.task(case, role="brm")

    assert not is_seen(session, actor, case)


@pytest.mark.parametrize(
    ("viewers", "seen"),
    [
        ({"service_desk"}, True),
        ({"accountant", "brm", "customer"}, True),
        ({"accountant"}, False),
        ({"servicexdesk"}, False),
        ({"brm_lead", "lead_brm"}, False),
    ],
)
def test_holders_of_a_viewing_role_see_a_case(
    session: Session, given: Given, actor: Actor, viewers: set[str], *, seen: bool
) -> None:
    definition = given.definition(viewers=frozenset(viewers))

    assert is_seen(session, actor, given.instance(definition)) is seen


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_administrators_and_auditors_see_every_case(
    session: Session, given: Given, make_actor: MakeActor, role: str
) -> None:
    assert is_seen(session, make_actor(None, role), given.instance())


def test_the_system_sees_every_case_and_nobody_sees_none(session: Session, given: Given) -> None:
    case = given.instance(started_by=NOBODY.key)

    assert is_seen(session, SYSTEM, case)
    assert not is_seen(session, NOBODY, case)


def test_a_role_less_user_is_no_viewer_of_anything(
    session: Session, given: Given, stranger: Actor
) -> None:
    assert not is_seen(session, stranger, given.instance(given.definition(viewers=frozenset())))


# --- lists ---------------------------------------------------------------------------------------


def titles(page: Page[ProcessInstance]) -> list[str | None]:
    return [instance.title for instance in page.items]


def test_the_newest_cases_come_first_page_by_page(
    session: Session, given: Given, auditor: Actor
) -> None:
    for number in range(5):
        given.instance(title=str(number), started_at=NOW + number * DAY)

    first = list_instances(session, auditor, limit=2)
    second = list_instances(session, auditor, limit=2, cursor=first.next_cursor)
    third = list_instances(session, auditor, limit=2, cursor=second.next_cursor)

    assert [titles(page) for page in (first, second, third)] == [["4", "3"], ["2", "1"], ["0"]]
    assert third.next_cursor is None


def test_cases_that_began_together_are_listed_once_each(
    session: Session, given: Given, auditor: Actor
) -> None:
    expected = {given.instance().id for _ in range(5)}
    seen, cursor = [], None

    while True:
        page = list_instances(session, auditor, limit=1, cursor=cursor)
        seen += [instance.id for instance in page.items]
        if (cursor := page.next_cursor) is None:
            break

    assert len(seen) == len(expected)
    assert set(seen) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"status": InstanceStatus.SUSPENDED},
        {"key": "review"},
        {"business_key": "K-1"},
        {"started_by": "someone"},
        {"started_after": NOW + DAY},
        {"q": "MAIL"},
        {"q": "k-1"},
        {"q": "review a"},
    ],
)
def test_cases_are_found_by_what_is_told_of_them(
    session: Session, given: Given, auditor: Actor, options: dict[str, Any]
) -> None:
    given.instance(title="Other", business_key="X-9")
    given.instance(
        given.definition("review", name="Review a service"),
        title="Mail for all",
        business_key="K-1",
        status=InstanceStatus.SUSPENDED,
        started_by="someone",
        started_at=NOW + DAY,
    )

    assert titles(list_instances(session, auditor, **options)) == ["Mail for all"]


def test_a_page_of_cases_has_a_limit(session: Session, auditor: Actor) -> None:
    with pytest.raises(InvalidInputError):
        list_instances(session, auditor, limit=201)


def test_seeing_a_case_costs_one_statement_and_often_none(
    session: Session, given: Given, actor: Actor, count_statements: Callable[..., Any]
) -> None:
    own, foreign = given.instance(started_by=actor.key), given.instance()

    with count_statements() as for_own:
        may_see(session, actor, own)
    with count_statements() as for_foreign:
        may_see(session, actor, foreign)

    assert (len(for_own), len(for_foreign)) == (0, 1)


def test_a_case_that_is_seen_for_several_reasons_is_listed_once(
    session: Session, given: Given, actor: Actor
) -> None:
    case = given.instance(given.definition(viewers=actor.roles), started_by=actor.key)
    given.task(case, assignee=actor.user_id)
    given.task(case, completed_by=actor.user_id, status=TaskStatus.COMPLETED)

    assert list(list_instances(session, actor).items) == [case]


def test_pages_of_what_somebody_sees_leave_nothing_out(
    session: Session, given: Given, actor: Actor
) -> None:
    viewed = given.definition(viewers=actor.roles)
    expected = []
    for number in range(9):
        moment = NOW - (number // 2) * DAY
        by = {"started_by": actor.key} if number % 3 == 0 else {}
        case = given.instance(viewed if number % 3 == 1 else None, started_at=moment, **by)
        given.task(case, assignee=actor.user_id if number % 3 == 2 else None)
        given.instance(started_at=moment)
        expected.append(case)
    expected.sort(key=lambda case: (case.started_at, case.id.hex), reverse=True)

    seen: list[ProcessInstance] = []
    page = list_instances(session, actor, limit=2)
    seen += page.items
    while page.next_cursor:
        page = list_instances(session, actor, limit=2, cursor=page.next_cursor)
        seen += page.items

    assert seen == expected


def test_sqlite_finds_whose_cases_they_are_without_reading_every_task(
    sqlite_database: Database, statements_of: StatementsOf
) -> None:
    actor = Actor(user_id=uuid4(), name="w", roles=frozenset({"brm"}))

    with Session(sqlite_database.reader) as session:
        [(statement, parameters)] = statements_of(session, lambda: list_instances(session, actor))
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row.detail for row in plan if "user_task" in row.detail]

    assert len(steps) == 5  # one of them for confidential cases, one for late tasks
    late = [step for step in steps if "INDEX ix_user_task_escalated_" in step]
    assert len(late) == 1  # it holds late tasks only
    others = [step for step in steps if step not in late]
    assert all(step.startswith("SEARCH user_task USING") for step in others), steps
