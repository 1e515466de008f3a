"""The worker beside the web: it does what is due, soon after it was asked for."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from ssflow.domain.identity import SYSTEM, Actor
from ssflow.services import instances
from ssflow.services.definitions import SANDBOX
from ssflow.store.database import Database, DatabaseAwayError
from ssflow.store.unit_of_work import UnitOfWork, open_work
from ssflow.worker.embedded import LONGEST_SLEEP_SECONDS, EmbeddedWorker
from tests.conftest import TIMEZONE
from tests.engine.diagrams import after, catch, end, flows, start, user
from tests.services.bundles import Files, bundle
from tests.services.office import Office

PATIENCE_SECONDS = 20


@pytest.fixture(scope="session", autouse=True)
def _closed_sandbox() -> Iterator[None]:
    yield
    SANDBOX.close()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


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


def wait_until(is_so: Callable[[], bool]) -> float:
    """Wait for something that another thread does; gives how many seconds that took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE_SECONDS
        time.sleep(0.01)
    return time.monotonic() - began


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
