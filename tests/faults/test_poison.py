"""A job that kills whatever process does it is tried three times, then somebody has to look."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ssflow.domain.identity import Actor
from ssflow.services.incidents import retry_incident
from ssflow.store.database import Database
from tests.engine.diagrams import after, boundary, end, flows, start, user
from tests.faults.crew import Crew, crew, make_orders
from tests.services.bundles import bundle
from tests.services.office import Office

PATIENCE_SECONDS = 30

pytestmark = pytest.mark.slow


@pytest.fixture
def office(database: Database) -> Office:
    office = Office(database)
    office.now = datetime.now(UTC)
    office.deploy(
        bundle(
            start(),
            user("U_do", role="service_owner"),
            boundary("T_late", "U_do", after("'PT1H'"), cancel=True),
            user("U_late", role="service_owner"),
            end(),
            end("E_late"),
            flows("start U_do end", "T_late U_late E_late"),
        )
    )
    return office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    return tmp_path / "marks"


@pytest.fixture
def hired(office: Office, owner: Actor, tmp_path: Path) -> Iterator[Crew]:
    orders = make_orders(office, owner, "U_do", tmp_path)
    with crew(orders, tmp_path / "log") as made:
        yield made


def keep_a_worker(office: Office, hired: Crew, case_id: UUID) -> int:
    """Put a new worker in the place of each that dies, until an incident is there."""
    began, died = time.monotonic(), 0
    hired.start("worker", "worker-poisoned")
    while not office.incidents(case_id):
        assert time.monotonic() - began < PATIENCE_SECONDS
        if not hired.is_alive("worker"):
            died += 1
            hired.start("worker", "worker-poisoned")
        time.sleep(0.02)
    return died


def test_a_poisonous_job_kills_three_workers_and_becomes_an_incident(
    office: Office, owner: Actor, hired: Crew, marks: Path
) -> None:
    office.now = datetime.now(UTC) - timedelta(hours=2)
    case_id, admin = office.start(owner), office.hire("admin")

    died = keep_a_worker(office, hired, case_id)
    incident = office.incident(case_id)
    office.now = datetime.now(UTC)
    office.act(admin, retry_incident, incident.id)

    assert (died, marks.read_text().count("begun")) == (3, 3)
    assert incident.activity_id == "T_late"
    assert incident.message == "Each worker that did it was lost."
    assert hired.is_alive("worker")
    assert (office.open(case_id), office.jobs(case_id)) == (["U_late"], [])
