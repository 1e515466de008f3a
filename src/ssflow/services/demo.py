"""A sample organisation: people, customers, services, and cases made by running the processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ssflow.config import Outside
from ssflow.domain.identity import OPERATOR, ROLE_TITLES, Actor
from ssflow.domain.registers.customers import Customer, CustomerKind, CustomerTier
from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.domain.registers.strategy import MarketSegment, StrategicObjective
from ssflow.domain.user_task import UserTask
from ssflow.errors import ConflictError
from ssflow.services.definitions import SCENARIOS_SUFFIX
from ssflow.services.people import create_sign_in_link, create_user
from ssflow.services.reminders import set_due
from ssflow.services.scenario_file import Scenario, read_scenarios
from ssflow.services.scenarios import Player, RunDueJobs
from ssflow.services.shipped import install_shipped, read_bundles, shipped_root
from ssflow.store import user_tasks as task_rows
from ssflow.store.database import Database
from ssflow.store.records import next_number
from ssflow.store.unit_of_work import NOTHING_LEAVES, UnitOfWork, open_work

PACE = timedelta(hours=5)
STAGED_REMINDER, STAGED_DUE = timedelta(minutes=1), timedelta(minutes=2)
"""After the demonstration began."""


@dataclass(frozen=True)
class DemoPerson:
    """Somebody of the sample organisation, and the secret of a link that signs them in once."""

    name: str
    title: str
    secret: str


@dataclass(frozen=True)
class _Case:
    """A case of the sample organisation: the walk it follows, how far, and since when."""

    walk: str
    steps: int | None
    days_ago: int
    title: str
    summary: str
    customer: str
    """Empty: the one that the walk names."""


_CUSTOMERS = {
    "production": ("Production", CustomerKind.INTERNAL, CustomerTier.KEY),
    "sales": ("Sales", CustomerKind.INTERNAL, CustomerTier.STANDARD),
    "logistics": ("Northern Logistics", CustomerKind.EXTERNAL, CustomerTier.STANDARD),
}
_OBJECTIVES = {
    "o_uptime": ("No hall stands still for want of IT", "lost hours a month", "20", "2"),
    "o_growth": ("Customers order by themselves", "orders without help", "35 %", "80 %"),
    "o_cost": ("Work costs less each year", "IT cost per seat a year", "EUR 2 900", "EUR 2 500"),
}
_SERVICES = {
    "s_mail": ("Mail and calendar", "internal", "Mail, calendar and meeting rooms for everybody."),
    "s_erp": ("Order handling", "internal", "From quotation to invoice, in one place."),
    "s_portal": ("Customer portal", "external", "Order, follow and pay, day and night."),
    "s_wifi": ("Wireless network", "internal", "A connection in every hall and office."),
}
_WALKED_RECORDS = {"acme": "production", "uptime": "o_uptime", "mail": "s_mail"}
"""What the shipped walks refer to -> what the sample organisation has instead."""
_SEGMENTS = {"m_dealers": "Dealers in the Nordic countries", "m_home": "Offices of our own"}
_CASES = (
    _Case("W1.1", None, 90, "Fault reports in the hall", "Report at the machine.", "production"),
    _Case("W1.2", None, 70, "Larger mailboxes", "Twice the space for sales.", "sales"),
    _Case("W1.4", None, 60, "Video wall in reception", "Show who visits us.", "sales"),
    _Case("W1.6", None, 45, "Paperless picking", "Lists on wrist displays.", "logistics"),
    _Case("the director rejects", None, 40, "Private cloud", "Own machines again.", "production"),
    _Case("W1.1", 11, 30, "Spare part finder", "Find a part by its photo.", "logistics"),
    _Case("W1.1", 10, 24, "Shift planner", "Plan shifts on the phone.", "production"),
    _Case("the customer discusses", 11, 20, "Robot cells", "Weld without dust.", "production"),
    _Case("W1.1", 8, 18, "Track and trace", "See where an order is.", "logistics"),
    _Case("W1.2", 8, 6, "Faster search in orders", "Answers within a second.", "sales"),
    _Case("W1.1", 7, 9, "Energy dashboard", "See what each hall uses.", "production"),
    _Case("W1.1", 4, 6, "Dealer price lists", "One list a country.", "sales"),
    _Case("W1.1", 2, 2, "Visitor registration", "Badges without paper.", "sales"),
    _Case("a customer without a mandate", 1, 2, "Night shift helpdesk", "Help at 3 am.", ""),
    _Case("W1.1", 1, 1, "Quality photos", "Photos with every delivery.", "production"),
)


def build_demo(
    database: Database,
    timezone: ZoneInfo,
    now: datetime,
    run_due_jobs: RunDueJobs,
    outside: Outside = NOTHING_LEAVES,
) -> list[DemoPerson]:
    """Fill an empty database with the sample organisation; gives its people with their links.

    Raises:
        ConflictError: a case could not be played; the message says why.
    """
    began = now - timedelta(days=120)
    with open_work(database, actor=OPERATOR, now=began, timezone=timezone) as work:
        install_shipped(work)
        people = _make_people(work)
        ids = {name: actor.key for name, actor in people.items()}
        ids |= _make_records(work, people)
        ids |= {walked: ids[ours] for walked, ours in _WALKED_RECORDS.items()}
    walks = _shipped_walks()
    for case in _CASES:
        began = now - timedelta(days=case.days_ago)
        player = Player(
            database,
            timezone,
            began,
            run_due_jobs,
            True,
            people=people,
            ids=ids,
            pace=PACE,
            outside=outside,
        )
        _play(player, walks, case)
    with open_work(database, actor=OPERATOR, now=now, timezone=timezone) as work:
        return _links(work, people)


def stage_late_task(work: UnitOfWork) -> UserTask | None:
    """Let a task be reminded of in a minute and be late in two, so that people can watch it."""
    task = task_rows.find_task_to_escalate(work.session)
    if task is None:
        return None
    return set_due(work, task.id, work.now + STAGED_DUE, work.now + STAGED_REMINDER)


def _make_people(work: UnitOfWork) -> dict[str, Actor]:
    """Make one person a role, named after it."""
    people = {}
    for role, title in ROLE_TITLES.items():
        address = f"{role}@demo.invalid"
        user = create_user(work, role, title, email=address, roles=[role], is_demo=True)
        people[role] = Actor(user_id=user.id, name=role, roles=frozenset({role}))
    return people


def _make_records(work: UnitOfWork, people: Mapping[str, Actor]) -> dict[str, str]:
    told: dict[str, Any] = {"created_at": work.now, "created_by": OPERATOR.key, "is_demo": True}
    made: dict[str, Any] = {
        ref: Customer(
            name=name,
            kind=kind,
            tier=tier,
            mandate_holder=people["customer"].user_id,
            mandate_accepted_at=work.now,
            brm=people["brm"].user_id,
            cost_centre=f"CC-{number}",
            **told,
        )
        for number, (ref, (name, kind, tier)) in enumerate(_CUSTOMERS.items(), 4100)
    }
    made |= {
        ref: StrategicObjective(text=text, kpi=kpi, baseline=baseline, target=target, **told)
        for ref, (text, kpi, baseline, target) in _OBJECTIVES.items()
    }
    made |= {ref: MarketSegment(name=name, **told) for ref, name in _SEGMENTS.items()}
    made |= {
        ref: Service(
            number=next_number(work.session, "SRV", work.now.year - 1),
            name=name,
            audience=audience,
            state=ServiceState.LIVE,
            version=1,
            owner=people["service_owner"].user_id,
            catalogue_text=text,
            live_on=work.now.date(),
            **told,
        )
        for ref, (name, audience, text) in _SERVICES.items()
    }
    work.session.add_all(made.values())
    work.session.flush()
    return {ref: str(record.id) for ref, record in made.items()}


def _shipped_walks() -> list[Scenario]:
    return [
        scenario
        for bundle in read_bundles(shipped_root() / "processes")
        for name, content in bundle.files.items()
        if name.endswith(SCENARIOS_SUFFIX)
        for scenario in read_scenarios(content, name)
    ]


def _play(player: Player, walks: Sequence[Scenario], case: _Case) -> None:
    walk = next(walk for walk in walks if walk.name.startswith(case.walk))
    told = {"title": case.title, "summary": case.summary}
    if case.customer:
        told["customer"] = f"${case.customer}"
    steps = [_told_anew(step, told) for step in walk.steps if _is_done_by_people(step)]
    start = {key: value for key, value in walk.start.items() if key != "at"}
    scenario = replace(walk, steps=steps, start=start, expect={})
    played = player.play(scenario, steps=case.steps or len(steps))
    if played.failure:
        raise ConflictError(f"The sample case {case.title} stopped: {played.failure}")


def _is_done_by_people(step: Mapping[str, Any]) -> bool:
    return "complete" in step or "message" in step or "attach" in step


def _told_anew(step: Mapping[str, Any], told: Mapping[str, str]) -> Mapping[str, Any]:
    """Let the proposal of a walk be about something else."""
    if "title" not in step.get("form", {}):
        return step
    return {**step, "form": {**step["form"], **told}}


def _links(work: UnitOfWork, people: Mapping[str, Actor]) -> list[DemoPerson]:
    return [
        DemoPerson(role, ROLE_TITLES[role], create_sign_in_link(work, actor.user_id))
        for role, actor in people.items()
        if actor.user_id is not None and role in ROLE_TITLES
    ]
