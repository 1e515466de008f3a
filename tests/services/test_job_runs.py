"""Calls to the outside: between two transactions, with the lease kept, and answered once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.job import Job, JobKind
from ssflow.errors import AwayError, SsflowError
from ssflow.services import instances, job_runs
from ssflow.services.audit import record
from ssflow.services.job_kinds import Call, GiveUpError, Handler, OutsideWork
from ssflow.services.job_runs import run_claimed
from ssflow.store import jobs as rows
from ssflow.store.jobs import ClaimedJob
from ssflow.store.unit_of_work import LostRaceError, UnitOfWork
from tests.services.bundles import one_task
from tests.services.office import Office

MINUTE = timedelta(minutes=1)


@dataclass
class Station:
    """Another system, and what ssflow made of its answers."""

    answers: list[Any] = field(default_factory=list)
    """What it says, call by call; an error is raised."""
    calls: int = 0
    taken: list[Any] = field(default_factory=list)
    failures: list[tuple[str, bool]] = field(default_factory=list)
    during: Callable[[], None] = lambda: None
    on_taking: Callable[[], None] = lambda: None
    has_nothing_to_say: bool = False

    @property
    def handler(self) -> OutsideWork:
        return OutsideWork(self._prepare, self._finish, self._fail)

    def _prepare(self, _work: UnitOfWork, _job: Job) -> Call | None:
        return None if self.has_nothing_to_say else self._call

    def _call(self) -> Any:
        self.calls += 1
        self.during()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _finish(self, work: UnitOfWork, job: Job, answer: Any) -> None:
        record(work, AuditAction.OPERATION_ANSWERED, job=str(job.id))
        self.on_taking()
        self.taken.append(answer)

    def _fail(self, _work: UnitOfWork, _job: Job, error: SsflowError, is_last: bool) -> None:  # noqa: FBT001 - the seam's form
        self.failures.append((error.message, is_last))


@pytest.fixture
def station() -> Station:
    return Station()


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def add(office: Office, **values: Any) -> UUID:
    row = {"kind": JobKind.MAIL, "due_at": office.now, "payload": {}, "created_at": office.now}
    with office.work() as work:
        [job_id] = rows.add_jobs(work.session, [row | values])
    return job_id


def claim(office: Office) -> ClaimedJob | None:
    with office.work() as work:
        return rows.claim_due_job(work.session, work.now, job_runs.LEASE)


def run(office: Office, handler: Handler) -> bool:
    """Do what is due now; says whether there was something."""
    claimed = claim(office)
    if claimed is not None:
        run_claimed(lambda: office.work(SYSTEM), claimed, handler)
    return claimed is not None


@pytest.mark.parametrize("answer", [{"id": "m-1"}, None, [1, "å"]])
def test_an_answer_is_taken_once_and_the_job_is_gone(
    office: Office, station: Station, answer: Any
) -> None:
    add(office)
    station.answers = [answer]

    run(office, station.handler)

    assert (station.calls, station.taken, office.jobs()) == (1, [answer], [])


def test_no_transaction_is_open_during_the_call(office: Office, station: Station) -> None:
    add(office)
    station.answers = ["yes"]

    def write() -> None:
        with office.work() as work:
            record(work, AuditAction.COMMENT_ADDED)

    station.during = write
    run(office, station.handler)

    assert station.taken == ["yes"]


def test_nothing_is_called_when_there_is_nothing_to_do(office: Office, station: Station) -> None:
    add(office)
    station.has_nothing_to_say = True

    run(office, station.handler)

    assert (station.calls, station.taken, office.jobs()) == (0, [], [])


def test_a_call_that_fails_is_made_again_later(office: Office, station: Station) -> None:
    add(office)
    station.answers = [SsflowError("Refused."), SsflowError("Refused again."), "yes"]

    waits = []
    for _ in range(3):
        run(office, station.handler)
        for job in office.jobs():
            assert job.due_at is not None
            waits.append(job.due_at - office.now)
            office.now = job.due_at

    assert (station.calls, station.taken) == (3, ["yes"])
    assert station.failures == [("Refused.", False), ("Refused again.", False)]
    assert waits == [timedelta(seconds=2), timedelta(seconds=4)]


def test_the_last_failure_is_told_and_a_job_of_no_case_stays_as_failed(
    office: Office, station: Station
) -> None:
    add(office, max_attempts=2)
    station.answers = [SsflowError("Refused."), SsflowError("Refused again.")]

    for _ in range(3):
        run(office, station.handler)
        office.now += MINUTE

    assert station.failures == [("Refused.", False), ("Refused again.", True)]
    assert [(job.due_at, job.error) for job in office.jobs()] == [(None, "Refused again.")]


def test_the_last_failure_at_a_waiting_point_takes_the_job_away(
    office: Office, owner: Actor, station: Station
) -> None:
    office.deploy(one_task())
    case_id = office.start(owner)
    task = office.task(case_id, "U_do")
    add(office, instance_id=case_id, task_id=task.id, max_attempts=1)
    station.answers = [SsflowError("Refused.")]

    run(office, station.handler)

    assert (station.failures, office.jobs()) == ([("Refused.", True)], [])


def test_an_answer_that_no_database_keeps_is_told_in_one_line(
    office: Office, station: Station
) -> None:
    add(office, max_attempts=1)
    station.answers = [{"left": float("inf")}]

    run(office, station.handler)

    [(told, is_last)] = station.failures
    assert ("not JSON compliant" in told, "\n" in told, is_last) == (True, False, True)


def test_what_cannot_succeed_is_not_tried_again(office: Office, station: Station) -> None:
    add(office)
    station.answers = [GiveUpError("No such host is allowed.")]

    run(office, station.handler)

    assert station.failures == [("No such host is allowed.", True)]
    assert [job.due_at for job in office.jobs()] == [None]


def test_waiting_for_the_database_costs_no_attempt(office: Office, station: Station) -> None:
    add(office, max_attempts=1)
    station.answers = [AwayError("Later."), AwayError("Later."), "yes"]

    for _ in range(3):
        run(office, station.handler)
        office.now += MINUTE

    assert (station.taken, office.jobs()) == (["yes"], [])
    assert [is_last for _, is_last in station.failures] == [False, False]


def test_an_answer_that_could_not_be_taken_is_not_asked_for_again(
    office: Office, station: Station
) -> None:
    add(office)
    station.answers = ["yes"]
    faults = [SsflowError("Not now.")]

    def fail_once() -> None:
        if faults:
            raise faults.pop()

    station.on_taking = fail_once
    for _ in range(2):
        run(office, station.handler)
        office.now += MINUTE

    assert (station.calls, station.taken, office.jobs()) == (1, ["yes"], [])
    assert office.actions(f"sys-{office.now.date().isoformat()}").count("operation.answered") == 1


def test_a_race_that_was_lost_is_run_again_at_once(office: Office, station: Station) -> None:
    add(office)
    station.answers = ["yes"]
    races = [LostRaceError("Lost."), LostRaceError("Lost.")]

    def lose() -> None:
        if races:
            raise races.pop()

    station.on_taking = lose
    run(office, station.handler)

    assert (station.calls, station.taken, office.jobs()) == (1, ["yes"], [])


def test_the_answer_to_a_case_that_was_suspended_meanwhile_waits(
    office: Office, owner: Actor, station: Station
) -> None:
    office.deploy(one_task())
    case_id, admin = office.start(owner), office.hire("admin")
    add(office, instance_id=case_id, task_id=office.task(case_id, "U_do").id, max_attempts=1)
    station.answers = ["yes"]
    station.during = lambda: office.act(admin, instances.suspend_instance, case_id, "Audit")

    run(office, station.handler)
    held = run(office, station.handler)
    office.act(admin, instances.resume_instance, case_id)
    run(office, station.handler)

    assert not held
    assert (station.calls, station.taken, office.jobs()) == (1, ["yes"], [])


def test_the_answer_to_a_case_that_was_cancelled_meanwhile_is_dropped(
    office: Office, owner: Actor, station: Station
) -> None:
    office.deploy(one_task())
    case_id, admin = office.start(owner), office.hire("admin")
    add(office, instance_id=case_id, task_id=office.task(case_id, "U_do").id)
    station.answers = ["yes"]
    station.during = lambda: office.act(admin, instances.cancel_instance, case_id, "Not wanted")

    run(office, station.handler)

    assert (station.taken, station.failures, office.jobs()) == ([], [], [])


# --- leases ---------------------------------------------------------------------------------------


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """So short that a test sees it end: a minute outside tests."""
    lease = timedelta(seconds=0.3)
    monkeypatch.setattr(job_runs, "LEASE", lease)
    return lease


def test_a_lease_is_renewed_as_long_as_the_call_takes(
    office: Office, station: Station, short_lease: timedelta
) -> None:
    add(office)
    station.answers = ["yes"]
    taken_over: list[bool] = []
    began = office.now

    def take_long() -> None:
        for _ in range(4):
            pause(short_lease / 2)
            office.now += short_lease / 2
            pause(short_lease / 2)  # a renewal is due by now
            taken_over.append(claim(office) is not None)

    station.during = take_long
    run(office, station.handler)

    assert office.now > began + short_lease
    assert taken_over == [False] * 4
    assert (station.calls, station.taken, office.jobs()) == (1, ["yes"], [])


def test_who_lost_the_lease_during_the_call_changes_nothing(
    office: Office, station: Station
) -> None:
    add(office)
    station.answers = ["to the one who took over", "to the one who was slow"]

    def lose_it() -> None:
        if station.calls == 1:
            office.now += 2 * job_runs.LEASE
            assert run(office, station.handler)

    station.during = lose_it
    run(office, station.handler)

    assert (station.calls, station.taken, station.failures) == (2, ["to the one who took over"], [])
    assert office.jobs() == []


def test_a_lease_that_cannot_be_renewed_once_is_renewed_the_next_time(
    office: Office, station: Station, short_lease: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    add(office)
    station.answers = ["yes"]
    faults = [AwayError("The database is away.")]
    station.during = lambda: pause(short_lease)

    @contextmanager
    def work_in_vain_once() -> Iterator[UnitOfWork]:
        if threading.current_thread().name == "ssflow-lease" and faults:
            raise faults.pop()
        with office.work(SYSTEM) as work:
            yield work

    claimed = claim(office)
    assert claimed is not None
    run_claimed(work_in_vain_once, claimed, station.handler)

    assert "could not be renewed" in caplog.text
    assert station.taken == ["yes"]


def pause(duration: timedelta) -> None:
    threading.Event().wait(duration.total_seconds())
