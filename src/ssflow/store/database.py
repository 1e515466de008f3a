"""The database: SQLite by default, PostgreSQL by URL; both behave the same to those above."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool

from ssflow.errors import AwayError, InvalidInputError
from ssflow.store.failures import is_away
from ssflow.store.metadata import METADATA

BUSY_SECONDS = 30
CONNECT_SECONDS = 5
_BUSY_PAUSE_SECONDS = 0.002
_WRITERS_TURN_MS = 20
"""SQLite itself soon asks ten times a second only, and so may never get the turn."""
POOL_SIZE, POOL_OVERFLOW = 16, 16
_MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_WRITERS_TURN_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
)


class DatabaseAwayError(AwayError):
    """The database cannot be reached or written, is busy for too long, or has no room.

    `reason` is for the operator's log: what the driver said.
    """

    def __init__(
        self,
        message: str = "The database cannot be used right now. Please try again in a moment.",
        *,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.message} ({self.reason})" if self.reason else self.message


def away(error: DBAPIError) -> DatabaseAwayError:
    """Make of a driver's error what callers know how to answer."""
    return DatabaseAwayError(reason=str(error.orig).partition("\n")[0])


@dataclass(frozen=True, eq=False)
class Database:
    """An open database; `reader` is the same engine, for work that changes nothing."""

    url: URL
    engine: Engine = field(repr=False)
    reader: Engine = field(repr=False)
    is_sqlite: bool
    _turn: Lock = field(default_factory=Lock, repr=False)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Wait for this thread's turn to write: SQLite has one writer, and its own queue is unfair.

        Raises:
            DatabaseAwayError: others kept the turn for longer than `BUSY_SECONDS`.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise DatabaseAwayError("The database is busy. Please try again in a moment.")
        try:
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close every connection that nobody uses."""
        self.engine.dispose()


def open_database(url: str, *, is_durable: bool = True) -> Database:
    """Open the database at an SQLAlchemy URL; nothing is read or written yet.

    `is_durable`: whether a commit waits until the disk has it, so that it outlives a loss of power.
    What is thrown away anyway need not (SQLite; PostgreSQL has a setting of its own).

    Raises:
        InvalidInputError: the URL is malformed, or names a database that ssflow does not support.
    """
    parsed = _read_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    engine = (
        _sqlite_engine(parsed, is_durable=is_durable) if is_sqlite else _postgresql_engine(parsed)
    )
    reading = {"ssflow_read_only": True} if is_sqlite else {"postgresql_readonly": True}
    reader = engine.execution_options(**reading)
    return Database(url=parsed, engine=engine, reader=reader, is_sqlite=is_sqlite)


def upgrade_schema(database: Database) -> None:
    """Bring the tables up to this version of ssflow; several processes may try at once.

    Where they are, nothing is written, so that nobody waits for whoever writes.

    Raises:
        DatabaseAwayError: the database cannot be reached or written.
        InvalidInputError: it belongs to a newer ssflow, or is no database of ours.
    """
    try:
        if not _is_current(database):
            with database.engine.begin() as connection:
                _upgrade(connection)
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        address = database.url.set(drivername=database.url.get_backend_name())
        message = f"The database {address} cannot be used: {reason}."
        raise (DatabaseAwayError if is_away(error) else InvalidInputError)(message) from error


def copy_in_memory(source: Database, target: Database) -> None:
    """Copy a whole SQLite database; both live in memory."""
    with source.engine.connect() as read, target.engine.connect() as written:
        given: Any = read.connection.driver_connection
        given.backup(written.connection.driver_connection)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7377666)"))
    config = _alembic_config()
    _require_known_revision(connection, ScriptDirectory.from_config(config))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _require_known_revision(connection: Connection, scripts: ScriptDirectory) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {
        script.revision for script in scripts.walk_revisions()
    }:
        raise InvalidInputError(
            f"The database was made by a newer ssflow (its tables are of revision {current}); "
            "install that one."
        )


def schema_is_current(database: Database) -> bool:
    """Tell whether the tables are those of this version of ssflow.

    Raises:
        DatabaseAwayError: the database cannot be reached.
    """
    with _away_if_it_is():
        return _is_current(database)


def _is_current(database: Database) -> bool:
    with database.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": METADATA})
        return context.get_current_revision() == _newest_revision()


def read_clock(database: Database) -> datetime | None:
    """Read the database's own clock; SQLite has none but the machine's.

    Raises:
        DatabaseAwayError: the database cannot be reached.
    """
    if database.is_sqlite:
        return None
    with _away_if_it_is(), database.reader.connect() as connection:
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)


@contextmanager
def _away_if_it_is() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if is_away(error):
            raise away(error) from error
        raise


def _newest_revision() -> str | None:
    return ScriptDirectory.from_config(_alembic_config()).get_current_head()


def _alembic_config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _read_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidInputError(
            "The database URL is malformed; write sqlite:///path or postgresql://host/name."
        ) from error
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed.set(drivername="sqlite+pysqlite")
    raise InvalidInputError(
        f"ssflow runs on SQLite and PostgreSQL, not on {parsed.drivername!r}; "
        "write sqlite:///path or postgresql://host/name."
    )


_write_json = partial(json.dumps, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _postgresql_engine(url: URL) -> Engine:
    if find_spec("psycopg") is None:
        raise InvalidInputError("PostgreSQL needs the extra: pip install 'ssflow[postgres]'.")
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    return create_engine(
        url,
        connect_args=patience,
        json_serializer=_write_json,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
    )


def _sqlite_engine(url: URL, *, is_durable: bool) -> Engine:
    in_memory = url.database in (None, "", ":memory:") or "mode=memory" in (url.database or "")
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        json_serializer=_write_json,
        poolclass=QueuePool,
        # An in-memory database lives in its one connection, which threads take in turn.
        pool_size=1 if in_memory else POOL_SIZE,
        max_overflow=0 if in_memory else POOL_OVERFLOW,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    if not is_durable:
        event.listen(engine, "connect", _wait_for_no_disk)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins, not the driver
    for pragma in _PRAGMAS:
        _execute_patiently(connection, pragma)
    # SQLite's own knows A-Z only.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _wait_for_no_disk(connection: sqlite3.Connection, _record: object) -> None:
    _execute_patiently(connection, "PRAGMA synchronous = OFF")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    """Take the writer's place at the beginning: an upgrade in the middle could only fail."""
    read_only = connection.get_execution_options().get("ssflow_read_only", False)
    if connection.info.get("ssflow_read_only", False) is not read_only:
        _run_plainly(connection, f"PRAGMA query_only = {int(read_only)}")
        patience_ms = BUSY_SECONDS * 1000 if read_only else _WRITERS_TURN_MS
        _run_plainly(connection, f"PRAGMA busy_timeout = {patience_ms}")
        connection.info["ssflow_read_only"] = read_only
    _run_plainly(connection, "BEGIN" if read_only else "BEGIN IMMEDIATE")


def _run_plainly(connection: Connection, statement: str) -> None:
    """Run what opens every transaction past SQLAlchemy's execution, which costs more than it."""
    driver: Any = connection.connection.driver_connection
    try:
        _execute_patiently(driver, statement)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def _execute_patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Wait where SQLite does not: for a turn, and while others switch a new file to WAL mode."""
    patient_until = monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > patient_until:
                raise
            sleep(_BUSY_PAUSE_SECONDS)
        else:
            return
