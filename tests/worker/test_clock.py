"""Workers on several machines go by the database's clock, however wrong their own is."""

from datetime import UTC, datetime, timedelta

import pytest

from ssflow.store.database import Database, open_database
from ssflow.worker import clock
from ssflow.worker.clock import SharedClock

HOUR = timedelta(hours=1)


def machine() -> datetime:
    return datetime.now(UTC)


def test_a_wrong_clock_is_put_right_on_postgresql(postgresql_database: Database) -> None:
    shared = SharedClock(postgresql_database, lambda: machine() - HOUR)

    assert abs(shared.now() - machine()) < timedelta(seconds=1)


def test_sqlite_has_the_clock_of_its_machine(sqlite_database: Database) -> None:
    shared = SharedClock(sqlite_database, lambda: machine() - HOUR)

    assert abs(shared.now() - (machine() - HOUR)) < timedelta(seconds=1)


def test_the_clocks_are_not_compared_at_every_look(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = SharedClock(postgresql_database, machine)
    shared.now()
    asked: list[Database] = []
    monkeypatch.setattr(clock, "read_clock", asked.append)

    for _ in range(10):
        shared.now()

    assert asked == []


def test_a_database_that_is_away_leaves_the_clock_as_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nowhere = open_database("postgresql://nobody@127.0.0.1:9/nowhere")
    shared = SharedClock(nowhere, machine)

    now = shared.now()

    assert abs(now - machine()) < timedelta(seconds=10)
    assert "could not be read" in caplog.text
