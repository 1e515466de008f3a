"""The demonstration: fourteen months of a sample organisation, made by running the processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ssflow.config import Outside
from ssflow.domain.identity import OPERATOR, ROLE_TITLES, Actor
from ssflow.domain.user_task import UserTask
from ssflow.services import demo_cases, demo_complaints, demo_money
from ssflow.services.credentials import create_sign_in_link
from ssflow.services.definitions import SCENARIOS_SUFFIX
from ssflow.services.demo_office import (
    book_costs,
    let_mail_begin,
    make_budget,
    make_people,
    make_records,
)
from ssflow.services.demo_timeline import Story, Timeline, Told, tell_nobody
from ssflow.services.reminders import set_due
from ssflow.services.scenario_file import Scenario, read_scenarios
from ssflow.services.scenarios import Player, RunDueJobs
from ssflow.services.schedules import list_schedules, switch_schedule
from ssflow.services.shipped import install_shipped, read_bundles, shipped_root
from ssflow.store import budget as budget_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.database import Database
from ssflow.store.demo import mark_all_as_demo
from ssflow.store.unit_of_work import NOTHING_LEAVES, UnitOfWork, open_work

PLAYED = timedelta(days=426)
"""Fourteen months."""
MAILED = timedelta(days=21)
"""How far back people find their mails."""
STAGED_REMINDER, STAGED_DUE = timedelta(minutes=1), timedelta(minutes=2)
"""After the demonstration began."""


@dataclass(frozen=True)
class DemoPerson:
    """Somebody of the sample organisation, and the secret of a link that signs them in once."""

    name: str
    title: str
    secret: str


def build_demo(
    database: Database,
    timezone: ZoneInfo,
    now: datetime,
    run_due_jobs: RunDueJobs,
    outside: Outside = NOTHING_LEAVES,
    told: Told = tell_nobody,
) -> list[DemoPerson]:
    """Fill an empty database with the sample organisation; gives its people with their links.

    `told` hears on the way how far the story is.

    Raises:
        ConflictError: a case could not be played; the message says why.
    """
    began = now - PLAYED
    with open_work(database, actor=OPERATOR, now=began, timezone=timezone) as work:
        install_shipped(work)
        people = make_people(work)
        ids = make_records(work, people) | {name: actor.key for name, actor in people.items()}
        _make_budgets(work, people, ids, now)
    clock = Player(
        database,
        timezone,
        began,
        run_due_jobs,
        is_demo=True,
        people=dict(people),
        ids=ids,
        outside=outside,
    )
    _switch_schedules(clock, is_on=False)
    _tell(Timeline(clock, told), began, now, timezone)
    _switch_schedules(clock, is_on=True)
    with open_work(database, actor=OPERATOR, now=now, timezone=timezone) as work:
        mark_all_as_demo(work.session)
        return _links(work, people)


def stage_late_task(work: UnitOfWork) -> UserTask | None:
    """Let a task be reminded of in a minute and be late in two, so that people can watch it."""
    task = task_rows.find_task_to_escalate(work.session)
    if task is None:
        return None
    return set_due(work, task.id, work.now + STAGED_DUE, work.now + STAGED_REMINDER)


def _make_budgets(
    work: UnitOfWork, people: Mapping[str, Actor], ids: Mapping[str, str], now: datetime
) -> None:
    """Make the budgets from before the played time, and what the first year has cost so far."""
    for year in range(work.now.year, demo_money.planned_year(now)):
        make_budget(work, people, ids, year)
    budget = budget_rows.find_budget_in_force(work.session, work.now.year)
    for month in range(1, work.now.month if budget is not None else 1):
        assert budget is not None  # noqa: S101 - else there is no month
        book_costs(work, budget, month)


def _tell(timeline: Timeline, began: datetime, now: datetime, timezone: ZoneInfo) -> None:
    walks = _shipped_walks()
    demo_money.add_budget_cycle(timeline, now)
    demo_money.add_budget_reviews(timeline, began, now, timezone)
    demo_money.add_amendment(timeline, now)
    demo_cases.add_strategy(timeline, walks, now)
    demo_cases.add_reviews(timeline, began, now)
    demo_cases.add_retirement(timeline, walks, now)
    demo_cases.add_proposals(timeline, walks, now)
    demo_complaints.add_feedback(timeline, now)
    timeline.add(now - MAILED, "the mail", _let_mail_begin)
    timeline.play(now)


def _let_mail_begin(player: Player) -> Story:
    with player.work() as work:
        let_mail_begin(work, player.people)
    yield player.now


def _switch_schedules(clock: Player, *, is_on: bool) -> None:
    """Let the sample's own story start cases, and the schedules only from now on."""
    with clock.work(clock.people["admin"]) as work:
        for one in list_schedules(work):
            switch_schedule(work, one.schedule.key, is_on, "The demonstration tells its own story")


def _shipped_walks() -> list[Scenario]:
    return [
        scenario
        for bundle in read_bundles(shipped_root() / "processes")
        for name, content in bundle.files.items()
        if name.endswith(SCENARIOS_SUFFIX)
        for scenario in read_scenarios(content, name)
    ]


def _links(work: UnitOfWork, people: Mapping[str, Actor]) -> list[DemoPerson]:
    return [
        DemoPerson(role, ROLE_TITLES[role], create_sign_in_link(work, actor.user_id))
        for role, actor in people.items()
        if actor.user_id is not None and role in ROLE_TITLES
    ]
