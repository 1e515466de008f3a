"""A worker that is asked to stop finishes what it has begun, and begins nothing more."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ssflow.cli.carriers import postgresql_submit
from ssflow.domain.identity import Actor
from ssflow.domain.job import Job, JobKind
from ssflow.services import jobs
from ssflow.store import jobs as rows
from ssflow.store.database import Database
from ssflow.store.unit_of_work import no_submit, open_work
from tests.conftest import TIMEZONE
from tests.faults.crew import Crew, crew, make_orders
from tests.services.bundles import one_task
from tests.services.office import Office

PATIENCE_SECONDS = 30

pytestmark = pytest.mark.slow


@pytest.fixture
def office(database: Database) -> Office:
    office = Office(database)
    office.now = datetime.now(UTC)
    office.deploy(one_task())
    return office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


@pytest.fixture
def hired(office: Office, owner: Actor, tmp_path: Path) -> Iterator[Crew]:
    with crew(make_orders(office, owner, "U_do", tmp_path), tmp_path / "log") as made:
        yield made


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    file = tmp_path / "marks"
    file.touch()
    return file


def add_slow_job(office: Office, actor: Actor) -> UUID:
    now = datetime.now(UTC)
    row: dict[str, Any] = {"kind": JobKind.MAIL, "due_at": now, "payload": {}, "created_at": now}
    submit = no_submit if office.database.is_sqlite else postgresql_submit()
    with open_work(office.database, actor=actor, now=now, timezone=TIMEZONE, submit=submit) as work:
        [job_id] = rows.add_jobs(work.session, [row])
    return job_id


def wait_until(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE_SECONDS
        time.sleep(0.02)


def waiting(office: Office) -> list[Job]:
    return list(office.jobs())


def test_a_worker_that_is_asked_to_stop_finishes_the_job_at_hand(
    office: Office, owner: Actor, hired: Crew, marks: Path
) -> None:
    add_slow_job(office, owner)
    hired.start("worker", "worker-slow")
    wait_until(lambda: "begun" in marks.read_text())

    hired.ask_to_stop("worker")
    not_begun = add_slow_job(office, owner)
    wait_until(lambda: not hired.is_alive("worker"))

    assert marks.read_text().split() == ["begun", "ended"]
    assert [job.id for job in waiting(office)] == [not_begun]
    office.now = datetime.now(UTC)
    with office.look() as work:
        assert jobs.overview(work).workers == []


def test_a_call_that_outlasts_its_lease_is_made_once_though_two_workers_look_for_jobs(
    office: Office, owner: Actor, hired: Crew, marks: Path
) -> None:
    hired.start("one", "worker-slow")
    hired.start("other", "worker-slow")

    for _ in range(3):
        add_slow_job(office, owner)
    wait_until(lambda: waiting(office) == [])

    assert sorted(marks.read_text().split()) == ["begun"] * 3 + ["ended"] * 3


def test_what_a_lost_worker_had_begun_another_does_after_the_lease(
    office: Office, owner: Actor, hired: Crew, marks: Path
) -> None:
    add_slow_job(office, owner)
    hired.start("one", "worker-slow")
    wait_until(lambda: "begun" in marks.read_text())

    hired.kill("one")
    hired.start("other", "worker-slow")
    wait_until(lambda: waiting(office) == [])

    assert marks.read_text().split() == ["begun", "begun", "ended"]
