import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import ssflow.domain
from ssflow.domain.identity import Role
from ssflow.errors import InvalidInputError, SsflowError
from ssflow.store.database import (
    Database,
    DatabaseAwayError,
    open_database,
    schema_is_current,
    upgrade_schema,
)
from ssflow.store.metadata import METADATA, NOUNS


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_exactly_the_tables_that_the_nouns_map(database: Database) -> None:
    with database.engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _parents: not _is_procrastinates(kind, name),
        }
        context = MigrationContext.configure(connection, opts=options)

        differences = compare_metadata(context, METADATA)

    assert differences == []


def test_expression_indexes_are_there_though_sqlite_cannot_compare_them(
    database: Database,
) -> None:
    query = (
        "SELECT name FROM sqlite_master" if database.is_sqlite else "SELECT relname FROM pg_class"
    )
    with database.reader.connect() as connection:
        names = set(connection.execute(text(query)).scalars())

    assert {"ix_user_task_mine_urgency", "ix_user_task_offered_urgency"} <= names


def test_every_module_that_maps_a_table_is_known_to_the_metadata() -> None:
    folder = Path(ssflow.domain.__path__[0])
    mapping = {
        f"ssflow.domain.{'.'.join(file.relative_to(folder).with_suffix('').parts)}"
        for file in folder.rglob("*.py")
        if "__tablename__" in file.read_text(encoding="utf-8")
    }

    assert mapping == {module.__name__ for module in NOUNS}


def test_an_empty_database_becomes_current_by_upgrading(empty_database: Database) -> None:
    before = schema_is_current(empty_database)

    upgrade_schema(empty_database)

    assert (before, schema_is_current(empty_database)) == (False, True)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    upgrade_schema(database)

    assert schema_is_current(database)


@pytest.mark.parametrize("ask", [schema_is_current, upgrade_schema])
def test_a_database_that_is_not_there_is_away(
    tmp_path: Path, ask: Callable[[Database], object]
) -> None:
    for url in ("postgresql://nobody@127.0.0.1:9/none", f"sqlite:///{tmp_path}/no/such/folder.db"):
        with pytest.raises(DatabaseAwayError):
            ask(open_database(url))


def test_several_processes_may_upgrade_at_once(empty_database: Database) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    others = [open_database(url) for _ in range(3)]
    failures: list[Exception] = []

    def upgrade(database: Database) -> None:
        try:
            upgrade_schema(database)
        except (DBAPIError, SsflowError) as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=[other]) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for other in others:
        other.close()
    assert failures == []
    assert schema_is_current(empty_database)


def test_a_new_file_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def begin(database: Database) -> None:
        try:
            with database.engine.begin():
                pass
        except DBAPIError as error:
            failures.append(error)

    for number in range(200):
        others = [open_database(f"sqlite:///{tmp_path / str(number)}.db") for _ in range(4)]
        threads = [threading.Thread(target=begin, args=[other]) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for other in others:
            other.close()

    assert failures == []


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg"),
        ("sqlite:///x.db", "sqlite+pysqlite"),
    ],
)
def test_a_url_chooses_the_driver(given: str, driver: str) -> None:
    database = open_database(given)

    assert database.url.drivername == driver


@pytest.mark.parametrize("url", ["mysql://h/d", "nonsense", "", "oracle://h"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        open_database(url)


def test_a_password_is_not_shown() -> None:
    database = open_database("postgresql://u:hunter2@h/d")

    assert "hunter2" not in repr(database)


def test_sqlite_is_durable_and_checks_references(sqlite_database: Database) -> None:
    with sqlite_database.engine.connect() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }

    full = 2
    assert settings == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }


def test_what_is_thrown_away_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'short.db'}", is_durable=False)

    with database.engine.connect() as connection:
        level = connection.execute(text("PRAGMA synchronous")).scalar_one()
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()

    database.close()
    off = 0
    assert (level, mode) == (off, "wal")


def test_a_writer_takes_its_turn_at_the_beginning(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin():
        other = sqlite3.connect(sqlite_database.url.database or "", timeout=0)

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    other.close()


def test_what_is_up_to_date_does_not_wait_for_a_writer(sqlite_database: Database) -> None:
    other = sqlite3.connect(sqlite_database.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    upgrade_schema(sqlite_database)

    assert other.in_transaction
    other.close()


def test_writers_ask_for_their_turn_often_and_readers_are_patient(
    sqlite_database: Database,
) -> None:
    patience_ms = []
    for engine in (sqlite_database.engine, sqlite_database.reader, sqlite_database.engine):
        with engine.connect() as connection:
            patience_ms.append(connection.execute(text("PRAGMA busy_timeout")).scalar_one())

    assert patience_ms == [20, 30_000, 20]


def test_readers_do_not_wait_for_a_writer(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as writer:
        writer.execute(text("INSERT INTO role (key, title) VALUES ('a', 'A')"))
        with sqlite_database.reader.connect() as reader:
            found = reader.execute(text("SELECT count(*) FROM role")).scalar_one()

    assert found == 0


def test_a_reader_cannot_write(database: Database) -> None:
    with Session(database.reader) as session:
        session.add(Role(key="a", title="A"))

        with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
            session.flush()


def test_a_connection_that_only_read_may_write_for_the_next_user(database: Database) -> None:
    with Session(database.reader) as session:
        session.scalars(select(Role)).all()

    with Session(database.engine) as session:
        session.add(Role(key="a", title="A"))
        session.commit()

        assert session.get(Role, "a") is not None


def test_an_in_memory_database_keeps_its_rows_between_sessions() -> None:
    database = open_database("sqlite://")
    upgrade_schema(database)

    with Session(database.engine) as session:
        session.add(Role(key="a", title="A"))
        session.commit()

    with Session(database.reader) as session:
        assert session.get(Role, "a") is not None
    database.close()


def test_threads_take_turns_on_an_in_memory_database() -> None:
    database = open_database("sqlite://")
    upgrade_schema(database)

    def add(key: str) -> None:
        with Session(database.engine) as session:
            session.add(Role(key=key, title=key))
            session.commit()

    threads = [threading.Thread(target=add, args=[f"r{n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(database.reader) as session:
        assert len(session.scalars(select(Role)).all()) == len(threads)
    database.close()
    database.close()


def test_lower_case_knows_letters_beyond_a_to_z(database: Database) -> None:
    with database.reader.connect() as connection:
        lowered = connection.execute(text("SELECT lower('ÅRSÖVERSIKT')")).scalar_one()

    assert lowered == "årsöversikt"


def test_tables_carry_the_names_of_the_nouns(database: Database) -> None:
    with database.reader.connect() as connection:
        names = set(inspect(connection).get_table_names())

    own = {name for name in names if not _is_procrastinates("table", name)}
    assert own == {*METADATA.tables, "alembic_version"}
    assert bool(names - own) is not database.is_sqlite


def _is_procrastinates(kind: str, name: str | None) -> bool:
    return kind == "table" and (name or "").startswith("procrastinate_")
