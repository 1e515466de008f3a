from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import new_id
from ssflow.domain.identity import SYSTEM
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import JobKind
from ssflow.domain.registers.customers import Customer, CustomerTier
from ssflow.domain.registers.working_time import Holiday
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import housekeeping, schedules
from ssflow.services.deployment import DeploymentRefusedError
from ssflow.services.jobs import run_due_jobs, run_next_job
from ssflow.services.trail_path import details_of
from ssflow.store import instances as instance_rows
from ssflow.store import schedules as rows
from ssflow.store.unit_of_work import LostRaceError
from tests.engine.diagrams import diagram, end, flows, start, user
from tests.services.bundles import Files
from tests.services.office import Office
from tests.services.test_races import at_once, split

ADMIN = "admin"
DAY = timedelta(days=1)


def scheduled(schedule: str | None = "0 6 * * *", **properties: str) -> Files:
    """A process with one task that starts by the clock."""
    told = {**({"schedule": schedule} if schedule else {}), **properties}
    written = "".join(
        f"<spiffworkflow:property name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in told.items()
    )
    group = f"<spiffworkflow:properties>{written}</spiffworkflow:properties>"
    parts = (
        f"<bpmn:extensionElements>{group}</bpmn:extensionElements>",
        start(),
        user("U_do", role="service_owner"),
        end(),
        flows("start U_do end"),
    )
    process = f'<bpmn:process id="p" isExecutable="true">{"".join(parts)}</bpmn:process>'
    return {"p.bpmn": diagram(process)}


def cases(office: Office) -> list[ProcessInstance]:
    with office.look() as work:
        found = instance_rows.list_instances(work.session, SYSTEM, limit=200).items
        return sorted(found, key=lambda case: case.business_key or "")


def next_at(office: Office) -> datetime | None:
    with office.look() as work:
        found = rows.find_schedule(work.session, "p")
        return found.next_at if found else None


def tick_jobs(office: Office) -> int:
    return sum(job.kind is JobKind.SCHEDULE for job in office.jobs())


def add_customers(office: Office, *names: str, **told: Any) -> None:
    with office.work() as work:
        work.session.add_all(
            Customer(name=name, created_at=office.now, created_by="test", **told) for name in names
        )


def ticked(office: Office) -> list[dict[str, Any]]:
    """What the trail of today tells of ticks."""
    events = office.events(f"sys-{office.now.date()}")
    return [dict(details_of(one)) for one in events if one.action is AuditAction.SCHEDULE_TICKED]


def test_a_process_starts_at_its_time_as_the_system(office: Office) -> None:
    office.deploy(scheduled())

    office.run_jobs(timedelta(hours=19))
    assert cases(office) == []
    office.run_jobs(timedelta(hours=1))

    [case] = cases(office)
    assert (case.started_by, case.business_key) == ("system", "p 2026-03-03 06:00")
    assert office.open(case.id) == ["U_do"]
    assert ticked(office) == [
        {"key": "p", "tick": "2026-03-03T05:00:00+00:00", "cases": 1},
    ]


def test_it_starts_again_the_next_time(office: Office) -> None:
    office.deploy(scheduled())

    for _ in range(3):
        office.run_jobs(DAY)

    assert [case.business_key for case in cases(office)] == [
        "p 2026-03-03 06:00",
        "p 2026-03-04 06:00",
        "p 2026-03-05 06:00",
    ]
    assert tick_jobs(office) == 1


def test_what_was_missed_is_made_up_for_once_and_told(office: Office) -> None:
    office.deploy(scheduled())

    office.run_jobs(4 * DAY)

    [case] = cases(office)
    assert case.business_key == "p 2026-03-06 06:00"
    [told] = ticked(office)
    assert told["missed"] == 3


def test_a_case_is_started_for_each_record(office: Office) -> None:
    add_customers(office, "Key one", "Key two", tier=CustomerTier.KEY)
    add_customers(office, "Other")
    office.deploy(
        scheduled(
            schedule_for="Customer[tier=key]",
            schedule_payload='={"name": record.name, "id": record.id, "day": tick[:10]}',
        )
    )

    office.run_jobs(DAY)

    found = [office.variables(case.id) for case in cases(office)]
    assert sorted((one["name"], one["day"]) for one in found) == [
        ("Key one", "2026-03-03"),
        ("Key two", "2026-03-03"),
    ]


def test_without_a_payload_a_case_has_its_record(office: Office) -> None:
    add_customers(office, "Only")
    office.deploy(scheduled(schedule_for="Customer"))

    office.run_jobs(DAY)

    [case] = cases(office)
    assert office.variables(case.id)["record"]["name"] == "Only"


def test_a_payload_goes_by_the_day_of_the_tick(office: Office) -> None:
    office.now = datetime(2026, 12, 30, 12, tzinfo=UTC)
    office.deploy(
        scheduled("0 6 31 12 *", schedule_payload='={"year": today().year, "next": str(wd(1))}')
    )

    office.run_jobs(3 * DAY)

    [case] = cases(office)
    assert office.variables(case.id)["year"] == 2026


def test_a_case_that_cannot_be_started_keeps_no_other_back(office: Office) -> None:
    add_customers(office, "12", "twelve")
    office.deploy(scheduled(schedule_for="Customer", schedule_payload='={"n": int(record.name)}'))

    office.run_jobs(DAY)

    [case] = cases(office)
    assert office.variables(case.id)["n"] == 12
    with office.look() as work:
        runs = schedules.last_runs(work, "p")
    [failed] = [row for row in runs if row.run.instance_id is None]
    assert failed.is_given_up
    assert "schedule_payload" in (failed.error or "")
    assert next_at(office) == datetime(2026, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("payload", ["=[1]", "=tick", '={"now": 1}'])
def test_a_payload_that_is_no_plain_object_starts_nothing(office: Office, payload: str) -> None:
    office.deploy(scheduled(schedule_payload=payload))

    office.run_jobs(DAY)

    assert cases(office) == []
    with office.look() as work:
        [row] = schedules.last_runs(work, "p")
    assert row.is_given_up


def test_two_workers_start_one_case(office: Office) -> None:
    """The second worker holds the tick's job of before: its lease ran out meanwhile."""
    office.deploy(scheduled())
    [stale] = [job for job in office.jobs() if job.kind is JobKind.SCHEDULE]
    office.run_jobs(DAY)

    with office.work(SYSTEM) as work:
        schedules.do_scheduled(work, stale)
    office.run_jobs()

    assert len(cases(office)) == 1
    assert tick_jobs(office) == 1


def test_the_database_keeps_one_run_for_a_tick_and_record(office: Office) -> None:
    office.deploy(scheduled())
    told = {"key": "p", "tick_at": office.now, "created_at": office.now, "missed": 0}
    twins = [{**told, "record_id": "", "id": new_id()} for _ in range(2)]

    with pytest.raises(LostRaceError), office.work() as work:
        rows.add_runs(work.session, twins)


def test_a_run_starts_its_case_once(office: Office) -> None:
    office.deploy(scheduled())
    office.now += DAY
    assert run_next_job(lambda: office.work(SYSTEM))
    [start_job] = [job for job in office.jobs() if "run" in job.payload]
    office.run_jobs()

    with office.work(SYSTEM) as work:
        schedules.do_scheduled(work, start_job)

    assert len(cases(office)) == 1


def test_a_new_version_takes_over(office: Office) -> None:
    office.deploy(scheduled())
    office.deploy(scheduled("30 7 * * *"))

    assert next_at(office) == datetime(2026, 3, 3, 6, 30, tzinfo=UTC)
    office.run_jobs(DAY)

    [case] = cases(office)
    assert (case.version, case.business_key) == (2, "p 2026-03-03 07:30")
    assert tick_jobs(office) == 1


def test_a_new_version_with_the_same_times_still_does_what_is_due(office: Office) -> None:
    office.deploy(scheduled())
    office.now += DAY
    office.deploy(scheduled(title="Another"))

    office.run_jobs()

    [case] = cases(office)
    assert (case.version, case.business_key) == (2, "p 2026-03-03 06:00")


def test_a_version_without_a_schedule_ends_it(office: Office) -> None:
    office.deploy(scheduled())
    office.deploy(scheduled(None))

    office.run_jobs(2 * DAY)

    assert cases(office) == []
    assert office.jobs() == []


def test_switched_off_nothing_starts_and_nothing_is_made_up_for(office: Office) -> None:
    admin = office.hire(ADMIN)
    office.deploy(scheduled())

    office.act(admin, schedules.switch_schedule, "p", False, "Moving house")
    office.run_jobs(3 * DAY)
    office.act(admin, schedules.switch_schedule, "p", True, "Back again")

    office.run_jobs()
    assert cases(office) == []
    office.run_jobs(DAY)
    assert [case.business_key for case in cases(office)] == ["p 2026-03-06 06:00"]


def test_switching_is_told_in_the_trail(office: Office) -> None:
    admin = office.hire(ADMIN)
    office.deploy(scheduled())

    office.act(admin, schedules.switch_schedule, "p", False, "Moving house")

    told = office.details(f"sys-{office.now.date()}", AuditAction.SCHEDULE_SWITCHED)
    assert told == {"key": "p", "is_on": False, "reason": "Moving house"}


def test_a_schedule_that_is_off_stays_off_with_a_new_version(office: Office) -> None:
    admin = office.hire(ADMIN)
    office.deploy(scheduled())
    office.act(admin, schedules.switch_schedule, "p", False, "Moving house")

    office.deploy(scheduled("30 7 * * *"))
    office.run_jobs(2 * DAY)

    assert cases(office) == []
    assert next_at(office) is None


def test_run_now_starts_at_once_and_leaves_the_next_tick(office: Office) -> None:
    admin = office.hire(ADMIN)
    office.deploy(scheduled())

    assert office.act(admin, schedules.run_now, "p", "Month end was early") == 1
    office.run_jobs()

    [case] = cases(office)
    assert case.business_key == "p 2026-03-02 10:30"
    assert next_at(office) == datetime(2026, 3, 3, 5, tzinfo=UTC)
    with office.look() as work:
        [row] = schedules.last_runs(work, "p")
    assert row.run.asked_by == admin.key


def test_only_an_administrator_may_switch_and_run(office: Office) -> None:
    owner = office.hire("service_owner")
    office.deploy(scheduled())

    with pytest.raises(ForbiddenError):
        office.act(owner, schedules.switch_schedule, "p", False, "No")
    with pytest.raises(ForbiddenError):
        office.act(owner, schedules.run_now, "p", "Now")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1_001, "\x00"])
def test_switching_and_running_want_a_reason(office: Office, reason: str) -> None:
    admin = office.hire(ADMIN)
    office.deploy(scheduled())

    with pytest.raises(InvalidInputError):
        office.act(admin, schedules.switch_schedule, "p", False, reason)
    with pytest.raises(InvalidInputError):
        office.act(admin, schedules.run_now, "p", reason)


def test_a_process_without_a_schedule_cannot_be_switched(office: Office) -> None:
    admin = office.hire(ADMIN)
    office.deploy(scheduled(None))

    for act in (schedules.run_now, lambda w, k, r: schedules.switch_schedule(w, k, False, r)):
        with pytest.raises(NotFoundError):
            office.act(admin, act, "p", "Why not")


def test_the_next_ticks_are_told_with_holidays_left_out(office: Office) -> None:
    with office.work() as work:
        work.session.add(
            Holiday(
                day=datetime(2026, 4, 1, tzinfo=UTC).date(),
                name="Fools' day",
                created_at=office.now,
                created_by="test",
            )
        )
    office.deploy(scheduled("wd(1) monthly 09:00"))

    with office.look() as work:
        found = schedules.next_ticks(work, "p", 3)

    assert [tick.isoformat() for tick in found] == [
        "2026-04-02T07:00:00+00:00",
        "2026-05-01T07:00:00+00:00",
        "2026-06-01T07:00:00+00:00",
    ]


def test_a_holiday_that_is_added_later_moves_the_tick(office: Office) -> None:
    office.deploy(scheduled("wd(1) monthly 09:00"))
    with office.work() as work:
        day = datetime(2026, 4, 1, tzinfo=UTC).date()
        told: dict[str, Any] = {"created_at": office.now, "created_by": "test"}
        work.session.add(Holiday(day=day, name="Fools' day", **told))

    office.run_jobs(datetime(2026, 4, 1, 12, tzinfo=UTC) - office.now)
    assert cases(office) == []
    office.run_jobs(DAY)

    assert [case.business_key for case in cases(office)] == ["p 2026-04-02 09:00"]


def test_a_tick_in_the_skipped_hour_starts_one_case_right_after(office: Office) -> None:
    office.now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    office.deploy(scheduled("30 2 * * *"))

    office.run_jobs(datetime(2026, 3, 29, 1, tzinfo=UTC) - office.now)

    assert [case.business_key for case in cases(office)] == ["p 2026-03-29 03:00"]


def test_a_tick_in_the_doubled_hour_starts_one_case(office: Office) -> None:
    office.now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    office.deploy(scheduled("30 2 * * *"))

    for _ in range(24):
        office.run_jobs(timedelta(hours=1))

    assert [case.business_key for case in cases(office)] == ["p 2026-10-25 02:30"]


def test_records_that_cannot_be_found_any_more_are_told_and_the_schedule_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deploy(scheduled(schedule_for="Customer"))
    add_customers(office, "One", "Two")
    monkeypatch.setattr(schedules, "MAX_RECORDS", 1)

    office.run_jobs(DAY)

    [told] = ticked(office)
    assert "more than 1 records" in told["error"]
    assert next_at(office) == datetime(2026, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "query", ["Moon", "Customer[colour=red]", "Customer[tier=huge]", "Customer[", "Customer[a]"]
)
def test_a_query_for_no_records_is_refused_at_deployment(office: Office, query: str) -> None:
    with pytest.raises(DeploymentRefusedError) as refused:
        office.deploy(scheduled(schedule_for=query))

    assert {one.code for one in refused.value.problems} == {"schedule-for-not-readable"}


def test_start_up_plans_what_was_deployed_before_there_were_schedules(office: Office) -> None:
    office.deploy(scheduled())
    with office.work() as work:
        schedule = rows.find_schedule(work.session, "p")
        assert schedule is not None
        assert schedule.job_id is not None
        rows.delete_job(work.session, schedule.job_id)
        work.session.delete(schedule)

    office.act(SYSTEM, schedules.keep_schedules)
    office.act(SYSTEM, schedules.keep_schedules)
    office.run_jobs(DAY)

    assert len(cases(office)) == 1
    assert tick_jobs(office) == 1


def test_processes_that_start_at_once_plan_each_tick_once(office: Office) -> None:
    office.deploy(scheduled())
    with office.work() as work:
        schedule = rows.find_schedule(work.session, "p")
        assert schedule is not None
        assert schedule.job_id is not None
        rows.delete_job(work.session, schedule.job_id)
        work.session.delete(schedule)

    def start_up() -> None:
        housekeeping.begin(lambda: office.work(SYSTEM))

    _, lost = split(at_once(*[start_up] * 4))

    assert (lost, tick_jobs(office)) == ([], 1)


def test_workers_that_meet_at_a_tick_while_others_start_start_one_case(office: Office) -> None:
    office.deploy(scheduled())
    office.now += DAY

    def work_on() -> None:
        run_due_jobs(lambda: office.work(SYSTEM))

    def start_up() -> None:
        housekeeping.begin(lambda: office.work(SYSTEM))

    _, lost = split(at_once(*[work_on] * 3, *[start_up] * 2))
    office.run_jobs(timedelta(minutes=1))

    assert (lost, len(cases(office)), len(ticked(office)), tick_jobs(office)) == ([], 1, 1, 1)


def test_a_rehearsal_plans_nothing(office: Office) -> None:
    office.deploy(scheduled(), is_rehearsal=True)

    assert office.jobs() == []


def test_schedules_are_listed_with_their_processes(office: Office) -> None:
    office.deploy(scheduled(schedule_for="Customer"))

    with office.look() as work:
        [view] = schedules.list_schedules(work)

    assert (view.definition.key, view.schedule.timetable, view.records) == (
        "p",
        "0 6 * * *",
        "Customer",
    )
