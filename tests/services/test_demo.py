"""The sample organisation has fourteen months behind it, and looks like one where people work."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from ssflow.domain.identity import ROLE_TITLES, SYSTEM
from ssflow.domain.incident import Incident, IncidentStatus
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.registers.budget import (
    Budget,
    BudgetPeriod,
    BudgetState,
    PeriodState,
    VarianceNote,
)
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import Phase, Service, ServiceReview
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.strategy import Initiative, StrategyDocument, StrategyState
from ssflow.domain.registers.working_time import Holiday
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.services.demo import PLAYED, DemoPerson, build_demo
from ssflow.services.demo_cases import STRATEGY_TEXTS
from ssflow.services.demo_timeline import dated, moved
from ssflow.services.jobs import run_due_jobs
from ssflow.services.schedules import list_schedules
from ssflow.store import records as record_rows
from ssflow.store.database import Database, open_database, upgrade_schema
from ssflow.store.records import RECORD_KINDS
from ssflow.store.unit_of_work import UnitOfWork, open_work

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def heard() -> list[float]:
    """How far the story was, each time that it told."""
    return []


@pytest.fixture(scope="module")
def made(heard: list[float]) -> Iterator[tuple[Database, list[DemoPerson]]]:
    """The sample organisation and the links of its people."""
    database = open_database("sqlite://")
    upgrade_schema(database)
    people = build_demo(database, ZONE, NOW, run_due_jobs, told=heard.append)
    yield database, people
    database.close()


@pytest.fixture
def people(made: tuple[Database, list[DemoPerson]]) -> list[DemoPerson]:
    return made[1]


@pytest.fixture
def work(made: tuple[Database, list[DemoPerson]]) -> Iterator[UnitOfWork]:
    """A look at it."""
    with open_work(made[0], actor=SYSTEM, now=NOW, timezone=ZONE, read_only=True) as work:
        yield work


def cases(work: UnitOfWork) -> Sequence[ProcessInstance]:
    return work.session.scalars(select(ProcessInstance)).all()


def every(work: UnitOfWork, kind: type[Record]) -> Sequence[Record]:
    return work.session.scalars(select(kind)).all()


def test_it_tells_how_far_its_story_is(
    heard: list[float], made: tuple[Database, list[DemoPerson]]
) -> None:
    assert made
    assert heard == sorted(heard)
    assert 0 <= heard[0] < 0.05
    assert 0.95 < heard[-1] <= 1


def test_each_role_has_a_person_who_can_sign_in(people: list[DemoPerson]) -> None:
    assert [person.name for person in people] == list(ROLE_TITLES)
    assert len({person.secret for person in people}) == len(people)


def test_every_process_that_people_start_was_played(work: UnitOfWork) -> None:
    played = Counter(case.key for case in cases(work))

    assert set(played) == {
        "brm_complaint",
        "fin_budget_amendment",
        "fin_budget_cycle",
        "fin_budget_review",
        "spm_portfolio_review",
        "spm_retirement",
        "spm_service_change",
        "strategy_cycle",
    }
    assert played["spm_service_change"] >= 14
    assert sum(case.status is InstanceStatus.RUNNING for case in cases(work)) >= 10


def test_one_case_waits_for_an_operator(work: UnitOfWork) -> None:
    incidents = work.session.scalars(select(Incident)).all()

    assert [one.status for one in incidents] == [IncidentStatus.OPEN]


def test_complaints_came_each_month_in_time_and_late(work: UnitOfWork) -> None:
    said = work.session.scalars(select(Feedback)).all()
    complaints = [one for one in said if one.kind == "complaint"]

    assert len({f"{one.created_at:%Y-%m}" for one in said}) >= 14
    assert {one.priority for one in complaints} >= {"P1", "P2", "P3", "P4"}
    assert len({one.category for one in complaints}) >= 7
    assert 2 <= sum(one.resolution_breached for one in complaints) < len(complaints) / 2
    assert any(one.response_breached for one in complaints)


def test_each_month_of_the_budget_was_controlled_and_signed(work: UnitOfWork) -> None:
    months = work.session.scalars(select(BudgetPeriod).order_by(BudgetPeriod.period)).all()
    notes = work.session.scalars(select(VarianceNote)).all()

    assert len(months) >= 13
    assert {month.state for month in months[:-1]} == {PeriodState.SIGNED}
    assert {str(note.rag) for note in notes} >= {"amber", "red"}


def test_a_strategy_is_carried_out_and_was_measured_twice(work: UnitOfWork) -> None:
    [strategy] = work.session.scalars(select(StrategyDocument)).all()
    measured = work.session.scalar(
        select(func.count(UserTask.id)).where(
            UserTask.activity_id == "U_checkpoint", UserTask.status == TaskStatus.COMPLETED
        )
    )

    assert (strategy.state, measured) == (StrategyState.ACTIVE, 2)
    assert all(one.rag for one in work.session.scalars(select(Initiative)))


def test_services_are_in_every_phase_and_were_reviewed(work: UnitOfWork) -> None:
    services = work.session.scalars(select(Service)).all()
    reviews = work.session.scalars(select(ServiceReview)).all()

    assert {one.phase for one in services} >= set(Phase)
    assert len({one.service_id for one in reviews}) >= 6
    assert len({one.disposition for one in reviews}) >= 2


def test_people_work_on_working_days_during_the_day(work: UnitOfWork) -> None:
    holidays = record_rows.holidays(work.session)
    done = [
        task.completed_at.astimezone(ZONE)
        for task in work.session.scalars(select(UserTask))
        if task.completed_at is not None and task.status is TaskStatus.COMPLETED
    ]

    assert done
    assert all(time(8) <= at.time() <= time(19) for at in done)
    assert all(at.weekday() < 5 and at.date() not in holidays for at in done)
    assert max(done) <= NOW < min(done) + PLAYED


def test_many_different_people_did_it(work: UnitOfWork) -> None:
    done = Counter(
        task.assignee
        for task in work.session.scalars(select(UserTask))
        if task.status is TaskStatus.COMPLETED
    )

    assert len(done) >= 20


def test_everything_is_marked_as_a_demonstration(work: UnitOfWork) -> None:
    kinds = [kind for kind in RECORD_KINDS.values() if kind is not Holiday]

    assert all(case.is_demo for case in cases(work))
    assert all(record.is_demo for kind in kinds for record in every(work, kind))


def test_nothing_is_left_to_do_in_the_past_and_schedules_are_on(work: UnitOfWork) -> None:
    due = work.session.scalars(select(Job.due_at)).all()
    schedules = [one.schedule for one in list_schedules(work)]

    assert all(at is None or at > NOW for at in due)
    assert schedules
    assert all(one.is_on and one.counted_from == NOW for one in schedules)


def test_a_day_is_counted_from_the_present() -> None:
    today = NOW.date()

    form = {"due": "@14", "rows": [{"on": "@-3", "what": "@home"}], "n": 1}

    assert dated(form, today) == {
        "due": "2026-12-02",
        "rows": [{"on": "2026-11-15", "what": "@home"}],
        "n": 1,
    }


def test_a_walk_is_moved_in_time() -> None:
    form = {"due": "2026-02-27", "text": "Since 2026-02-27.", "rows": ["2026-03-01"]}

    assert moved(form, timedelta(days=2)) == {
        "due": "2026-03-01",
        "text": "Since 2026-02-27.",
        "rows": ["2026-03-03"],
    }


def test_the_strategy_covers_more_than_a_year_whenever_the_story_is_told() -> None:
    told = STRATEGY_TEXTS["U_scope"]["horizon_to"]

    for days in range(4 * 366):
        begins, ends = moved(["2026-03-01", told], timedelta(days=days))
        first = date.fromisoformat(begins)
        assert date.fromisoformat(ends) > first + timedelta(days=366), begins


def test_the_story_can_be_told_on_a_leap_day_when_a_vote_fell_into_a_weekend() -> None:
    database, now = open_database("sqlite://"), datetime(2028, 2, 29, 9, tzinfo=UTC)
    upgrade_schema(database)

    build_demo(database, ZONE, now, run_due_jobs)

    with open_work(database, actor=SYSTEM, now=now, timezone=ZONE, read_only=True) as work:
        states = dict(work.session.execute(select(Budget.fiscal_year, Budget.state)).all())
    assert states[2028] == BudgetState.APPROVED
    database.close()
