"""What worker tests share: an office on each kind of database, and patience."""

import time
from collections.abc import Callable, Iterator

import pytest

from ssflow.domain.identity import Actor
from ssflow.services.definitions import SANDBOX
from ssflow.store.database import Database
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


def wait_until(is_so: Callable[[], bool], *, patience_seconds: float = PATIENCE_SECONDS) -> float:
    """Wait for something that another thread or process does; gives how many seconds that took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < patience_seconds
        time.sleep(0.01)
    return time.monotonic() - began
