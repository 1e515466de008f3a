"""What service tests share: an office on each kind of database."""

from collections.abc import Iterator

import pytest

from ssflow.services.definitions import SANDBOX
from ssflow.store.database import Database
from tests.services.office import Office


@pytest.fixture(scope="session", autouse=True)
def _closed_sandbox() -> Iterator[None]:
    yield
    SANDBOX.close()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)
