"""What service tests share: an office on each kind of database."""

from collections.abc import Iterator

import pytest

from ssflow.domain.identity import Actor, User
from ssflow.services import people
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


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


@pytest.fixture
def ann(office: Office, admin: Actor) -> User:
    found = office.act(admin, people.create_user, "ann", "Ann Ek", email="ann@example.org")
    assert isinstance(found, User)
    return found
