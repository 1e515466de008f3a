"""Timers as jobs: one row each, done once when they are due, in order, and never lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.job import JobKind
from ssflow.services import instances
from ssflow.services.incidents import retry_incident
from ssflow.services.registers import add_record
from ssflow.services.trail_path import details_of
from tests.conftest import TIMEZONE
from tests.engine.diagrams import (
    after,
    at,
    boundary,
    call,
    catch,
    diagram,
    end,
    every,
    first_of,
    flows,
    for_each,
    process,
    scope,
    start,
    user,
)
from tests.services.bundles import Files, bundle
from tests.services.office import Office

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def waiting(expression: str, key: str = "p") -> Files:
    """A case that waits for a time: a date when the text begins with a year."""
    timer = at(expression) if expression.startswith("'2") else after(expression)
    return bundle(
        start(),
        catch("I_wait", timer),
        user("U_do", role="service_owner"),
        end(),
        flows("start I_wait U_do end"),
        key=key,
    )


def nagging(cycle: str) -> Files:
    return bundle(
        start(),
        user("U_do", role="service_owner"),
        boundary("T_nag", "U_do", every(cycle), cancel=False),
        end(),
        end("E_nagged"),
        flows("start U_do end", "T_nag E_nagged"),
    )


def fired(office: Office, *cases: UUID) -> list[tuple[UUID, datetime]]:
    """Tell which case's timers went off for which moment, in the order of the trail."""
    events = [
        event
        for case in cases
        for event in office.events(case)
        if event.action is AuditAction.TIMER_FIRED
    ]
    events.sort(key=lambda event: event.id)
    return [
        (UUID(event.stream), datetime.fromisoformat(str(details_of(event)["due_at"])))
        for event in events
    ]


def due(office: Office) -> list[datetime]:
    return sorted(job.due_at for job in office.jobs() if job.due_at is not None)


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=TIMEZONE).astimezone(UTC)  # type: ignore[misc, arg-type]


# --- one row each, and nothing asks for it --------------------------------------------------------


def test_each_waiting_timer_is_one_job_with_its_due_time(office: Office, owner: Actor) -> None:
    office.deploy(
        bundle(
            start(),
            first_of("G"),
            catch("I_soon", after("'PT1H'")),
            catch("I_later", after("'P1D'")),
            end(),
            end("E_later"),
            flows("start G I_soon end", "G I_later E_later"),
        )
    )

    instance_id = office.start(owner)

    jobs = sorted(office.jobs(instance_id), key=lambda job: job.due_at or office.now)
    assert [(job.kind, job.activity_id) for job in jobs] == [
        (JobKind.TIMER, "I_soon"),
        (JobKind.TIMER, "I_later"),
    ]
    assert due(office) == [office.now + HOUR, office.now + DAY]


def test_waiting_cases_cost_nothing_while_nothing_is_due(
    office: Office, owner: Actor, count_statements: Callable[..., Any]
) -> None:
    office.deploy(waiting("'P1D'"))
    counts = []
    for _ in range(2):
        for _ in range(10):
            office.start(owner)
        with count_statements() as statements:
            assert office.run_jobs(after=HOUR) == 0
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 2


# --- downtime -------------------------------------------------------------------------------------


def test_after_downtime_all_that_is_due_goes_off_once_in_order(
    office: Office, owner: Actor
) -> None:
    cases = []
    for key, length in (("p", "P3D"), ("q", "P1D"), ("r", "P2D"), ("s", "P30D")):
        office.deploy(waiting(f"'{length}'", key))
        cases.append(office.start(owner, key))
    slow, quick, middle, future = cases

    done = office.run_jobs(after=10 * DAY)
    again = office.run_jobs()

    assert (done, again) == (3, 0)
    assert [case for case, _ in fired(office, *cases)] == [quick, middle, slow]
    assert [office.open(case) for case in cases] == [["U_do"]] * 3 + [[]]
    assert len(office.jobs(future)) == 1


def test_missed_rounds_come_once_each_among_other_cases_in_order(
    office: Office, owner: Actor
) -> None:
    office.deploy(nagging("'R/P1D'"))
    nagged = office.start(owner)
    began = office.now
    office.deploy(waiting("'PT60H'", "q"))
    other = office.start(owner, "q")

    done = office.run_jobs(after=4 * DAY + HOUR)

    moments = [moment for _, moment in fired(office, nagged, other)]
    assert done == 5
    assert moments == [began + length for length in (DAY, 2 * DAY, 60 * HOUR, 3 * DAY, 4 * DAY)]
    assert due(office) == [began + 5 * DAY]


def test_rounds_with_an_end_do_not_go_on(office: Office, owner: Actor) -> None:
    office.deploy(nagging("'R3/P1W'"))
    instance_id = office.start(owner)

    done = office.run_jobs(after=90 * DAY)

    assert (done, office.jobs(), office.open(instance_id)) == (3, [], ["U_do"])


# --- suspended, cancelled -------------------------------------------------------------------------


def test_a_suspended_case_keeps_its_timers_for_later(office: Office, owner: Actor) -> None:
    office.deploy(nagging("'R/P1D'"))
    instance_id, admin = office.start(owner), office.hire("admin")
    office.act(admin, instances.suspend_instance, instance_id, "Audit")

    held = office.run_jobs(after=3 * DAY)
    office.act(admin, instances.resume_instance, instance_id)
    done = office.run_jobs()

    moments = [moment for _, moment in fired(office, instance_id)]
    assert (held, done) == (0, 3)
    assert all(later - earlier == DAY for earlier, later in pairwise(moments))


def test_a_cancelled_case_leaves_no_timers(office: Office, owner: Actor) -> None:
    office.deploy(nagging("'R/P1D'"))
    instance_id = office.start(owner)

    office.act(office.hire("admin"), instances.cancel_instance, instance_id, "Wrong")

    assert (office.jobs(), office.run_jobs(after=9 * DAY)) == ([], 0)


# --- days that are not like others ----------------------------------------------------------------


def test_working_days_pass_over_weekends_and_holidays(office: Office, owner: Actor) -> None:
    with office.work() as work:
        add_record(work, "Holiday", {"day": "2026-03-09", "name": "A day off"})
    office.deploy(waiting("wd(5)"))  # NOW is Monday, the 2nd

    office.start(owner)

    assert due(office) == [local(2026, 3, 10, 23, 59, 59)]


@pytest.mark.parametrize(
    ("began", "length", "expected"),
    [
        ((2026, 3, 28, 12, 0), "P1D", (2026, 3, 29, 12, 0)),
        ((2026, 3, 28, 12, 0), "PT24H", (2026, 3, 29, 13, 0)),
        ((2026, 10, 24, 12, 0), "P1D", (2026, 10, 25, 12, 0)),
        ((2026, 10, 24, 12, 0), "PT24H", (2026, 10, 25, 11, 0)),
        ((2026, 3, 27, 12, 0), "2026-03-29T02:30", (2026, 3, 29, 3, 30)),
        ((2026, 1, 31, 12, 0), "P1M", (2026, 2, 28, 12, 0)),
        ((2028, 2, 29, 12, 0), "P1Y", (2029, 2, 28, 12, 0)),
    ],
)
def test_a_timer_knows_the_day_on_which_the_clocks_change(
    office: Office, owner: Actor, began: tuple[int, ...], length: str, expected: tuple[int, ...]
) -> None:
    office.deploy(waiting(f"'{length}'"))
    office.now = local(*began)

    instance_id = office.start(owner)

    assert due(office) == [local(*expected)]
    office.now = local(*expected)
    office.run_jobs()
    assert office.open(instance_id) == ["U_do"]


def test_a_date_that_is_past_goes_off_at_once(office: Office, owner: Actor) -> None:
    office.deploy(waiting("'2001-01-01'"))

    instance_id = office.start(owner)

    assert (office.open(instance_id), office.jobs()) == (["U_do"], [])


# --- everywhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("interrupts", [True, False])
@pytest.mark.parametrize("place", ["sub-process", "call", "many"])
def test_a_timer_stands_on_any_activity(
    office: Office, owner: Actor, place: str, *, interrupts: bool
) -> None:
    inside = (start("is"), user("U_in", role="service_owner"), end("ie"), flows("is U_in ie"))
    hosts = {
        "sub-process": scope("host", *inside),
        "call": call("host", "q"),
        "many": scope("host", for_each("items", "item", "out", "res"), *inside),
    }
    office.deploy(
        {
            "p.bpmn": diagram(
                process(
                    "p",
                    start(),
                    hosts[place],
                    boundary("T", "host", after("'P1D'"), cancel=interrupts),
                    user("U_late", role="service_owner"),
                    end(),
                    end("E_late"),
                    flows("start host end", "T U_late E_late"),
                ),
                process("q", *inside) if place == "call" else "",
            )
        }
    )
    instance_id = office.start(owner, items=[1, 2])
    before = office.open(instance_id)

    office.run_jobs(after=DAY)

    assert office.open(instance_id) == sorted(["U_late", *([] if interrupts else before)])
    assert office.jobs() == []


# --- nonsense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [None, 7, "soon", "-P1D", "P9000Y", "9999-12-31", "R/", "x" * 999]
)
def test_a_timer_that_makes_no_sense_is_an_incident_that_can_be_mended(
    office: Office, owner: Actor, value: Any
) -> None:
    office.deploy(waiting("when"))

    instance_id = office.start(owner, when=value)
    incident = office.incident(instance_id)
    before = office.jobs()
    office.act(office.hire("admin"), retry_incident, incident.id, {"when": "P1D"})

    assert (incident.activity_id, incident.kind, before) == ("I_wait", "expression", [])
    assert incident.message.endswith(".")
    assert (office.incidents(instance_id), due(office)) == ([], [office.now + DAY])
    office.run_jobs(after=DAY)
    assert office.open(instance_id) == ["U_do"]


def test_a_faulty_timer_holds_the_task_on_whose_border_it_stands(
    office: Office, owner: Actor
) -> None:
    office.deploy(nagging("when"))

    instance_id = office.start(owner, when="R/PT0S")
    incident, before = office.incident(instance_id), office.open(instance_id)
    office.act(office.hire("admin"), retry_incident, incident.id, {"when": "R/P1D"})

    assert (incident.activity_id, before) == ("T_nag", [])
    assert "without any time between" in incident.message
    assert (office.open(instance_id), due(office)) == (["U_do"], [office.now + DAY])
