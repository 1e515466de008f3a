"""The worker beside the web: it does what is due, soon after it was asked for."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.job import JobKind
from ssflow.services import instances, jobs
from ssflow.services.job_kinds import OutsideWork
from ssflow.store import jobs as rows
from ssflow.store.database import DatabaseAwayError
from ssflow.store.unit_of_work import UnitOfWork, open_work
from ssflow.worker.embedded import LONGEST_SLEEP_SECONDS, OUTSIDE_THREADS, EmbeddedWorker
from ssflow.worker.heartbeat import Heartbeat
from tests.conftest import TIMEZONE
from tests.engine.diagrams import after, boundary, catch, end, flows, start, user
from tests.services.bundles import Files, bundle
from tests.services.office import Office
from tests.worker.conftest import PATIENCE_SECONDS, wait_until


@pytest.fixture
def worker(office: Office) -> Iterator[EmbeddedWorker]:
    worker = EmbeddedWorker(lambda: office.work(SYSTEM))
    yield worker
    worker.stop()


def with_timer(duration: str = "PT0S") -> Files:
    return bundle(
        start(),
        catch("I_wait", after(f"'{duration}'")),
        user("U_do", role="service_owner"),
        end(),
        flows("start I_wait U_do end"),
    )


def test_what_is_due_is_done_when_the_worker_begins(
    office: Office, owner: Actor, worker: EmbeddedWorker
) -> None:
    office.deploy(with_timer("PT1H"))
    instance_id = office.start(owner)
    office.now += timedelta(hours=2)

    worker.start()

    wait_until(lambda: office.open(instance_id) == ["U_do"])


def test_what_is_added_wakes_the_worker_after_the_commit(
    office: Office, owner: Actor, worker: EmbeddedWorker
) -> None:
    office.deploy(with_timer())
    worker.start()
    wait_until(lambda: not worker._wake.is_set())
    told = open_work(
        office.database, actor=owner, now=office.now, timezone=TIMEZONE, submit=worker.submit
    )

    with told as work:
        instance_id = instances.start_instance(work, "p").id

    took = wait_until(lambda: office.open(instance_id) == ["U_do"])
    assert took < PATIENCE_SECONDS


def test_what_was_undone_wakes_nobody(office: Office, owner: Actor) -> None:
    office.deploy(with_timer())
    worker = EmbeddedWorker(lambda: office.work(SYSTEM))

    def start_and_fail() -> None:
        told = open_work(
            office.database, actor=owner, now=office.now, timezone=TIMEZONE, submit=worker.submit
        )
        with told as work:
            instances.start_instance(work, "p")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start_and_fail()

    assert not worker._wake.is_set()


def test_nothing_due_wakes_nobody(office: Office) -> None:
    worker = EmbeddedWorker(lambda: office.work(SYSTEM))

    with office.work() as work:
        worker.submit(work.session, [])

    assert not worker._wake.is_set()


def test_what_becomes_due_is_found_without_being_woken(
    office: Office, owner: Actor, worker: EmbeddedWorker
) -> None:
    office.deploy(with_timer("PT1H"))
    instance_id = office.start(owner)
    worker.start()

    office.now += timedelta(hours=2)

    wait_until(lambda: office.open(instance_id) == ["U_do"])
    assert LONGEST_SLEEP_SECONDS <= 1


def test_a_worker_ends_when_it_is_told(office: Office) -> None:
    before = threading.active_count()
    worker = EmbeddedWorker(lambda: office.work(SYSTEM))
    worker.start()

    worker.stop()

    assert threading.active_count() == before


@pytest.mark.parametrize("error", [DatabaseAwayError("away"), RuntimeError("unforeseen")])
def test_a_worker_outlives_what_goes_wrong(
    office: Office, owner: Actor, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    office.deploy(with_timer("PT1H"))
    instance_id = office.start(owner)
    office.now += timedelta(hours=2)
    failures = [error]

    @contextmanager
    def now_and_then() -> Iterator[UnitOfWork]:
        if failures:
            raise failures.pop()
        with office.work(SYSTEM) as work:
            yield work

    worker = EmbeddedWorker(now_and_then)
    with caplog.at_level(logging.WARNING):
        worker.start()
        wait_until(lambda: office.open(instance_id) == ["U_do"])
        worker.stop()

    assert any(str(error) in record.getMessage() or record.exc_info for record in caplog.records)


# --- idle, and calls to the outside ---------------------------------------------------------------


def test_an_idle_pass_is_one_query_however_many_cases_wait(
    office: Office, owner: Actor, worker: EmbeddedWorker, count_statements: Callable[..., Any]
) -> None:
    office.deploy(with_timer("PT1H"))
    for _ in range(5):
        office.start(owner)
    worker.heartbeat.beat()

    with count_statements() as counted:
        seconds = worker._pass()

    assert len(counted) == 1
    assert seconds == LONGEST_SLEEP_SECONDS


def test_it_sleeps_until_the_next_job_is_due(
    office: Office, owner: Actor, worker: EmbeddedWorker
) -> None:
    office.deploy(with_timer("PT1H"))
    office.start(owner)
    office.now += timedelta(hours=1) - timedelta(seconds=0.25)

    assert worker._pass() == 0.25


def test_a_job_that_cannot_be_taken_yet_is_no_reason_to_spin(
    office: Office, owner: Actor, worker: EmbeddedWorker
) -> None:
    office.deploy(
        bundle(
            start(),
            user("U_do", role="service_owner"),
            boundary("T_first", "U_do", after("'PT1H'"), cancel=False),
            boundary("T_last", "U_do", after("'PT2H'"), cancel=False),
            end(),
            end("E_first"),
            end("E_last"),
            flows("start U_do end", "T_first E_first", "T_last E_last"),
        )
    )
    office.start(owner)
    office.now += timedelta(hours=3)
    with office.work() as work:  # another process has the first and is slow
        rows.claim_due_job(work.session, work.now, timedelta(minutes=1))

    assert worker._pass() == LONGEST_SLEEP_SECONDS


def test_a_call_that_hangs_keeps_no_timer_waiting(
    office: Office, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, is_over = threading.Barrier(OUTSIDE_THREADS + 1, timeout=20), threading.Event()

    def call() -> None:
        hanging.wait()
        is_over.wait(timeout=20)

    hangs = OutsideWork(
        prepare=lambda _work, _job: call,
        finish=lambda _work, _job, _answer: None,
        fail=lambda _work, _job, _error, _is_last: None,
    )
    monkeypatch.setattr(jobs, "HANDLERS", {**jobs.HANDLERS, JobKind.MAIL: hangs})
    office.deploy(with_timer("PT1H"))
    instance_id = office.start(owner)
    row = {"kind": JobKind.MAIL, "due_at": office.now, "payload": {}, "created_at": office.now}
    with office.work() as work:
        rows.add_jobs(work.session, [row] * OUTSIDE_THREADS)
    worker = EmbeddedWorker(lambda: office.work(SYSTEM))

    worker.start()
    hanging.wait()  # every thread that calls outside hangs now
    office.now += timedelta(hours=1)
    wait_until(lambda: office.open(instance_id) == ["U_do"])
    is_over.set()
    worker.stop()


# --- signs of life --------------------------------------------------------------------------------


def test_a_worker_tells_that_it_lives_until_it_ends(
    office: Office, owner: Actor, worker: EmbeddedWorker
) -> None:
    def living() -> list[str]:
        with office.look() as work:
            return [each.carrier for each in jobs.overview(work).workers]

    worker.start()
    wait_until(lambda: living() == ["embedded"])
    worker.stop()

    assert living() == []


def test_signs_of_life_are_written_every_ten_seconds_not_every_job(
    office: Office, count_statements: Callable[..., Any]
) -> None:
    heartbeat = Heartbeat(lambda: office.work(SYSTEM), "test")
    heartbeat.note(timedelta(milliseconds=200))

    with count_statements() as counted:
        for _ in range(100):
            heartbeat.note(timedelta(milliseconds=100))
            heartbeat.beat()

    assert len(counted) == 0
    with office.look() as work:
        [seen] = jobs.overview(work).workers
    assert (seen.jobs_done, seen.median_lateness_ms) == (1, 200)
