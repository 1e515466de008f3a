"""Every shipped walk goes as told, on both databases, and together they take every flow."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import Fill, run_scenarios
from ssflow.store.database import Database, open_database, upgrade_schema

PROCESSES = Path(__file__).parents[2] / "processes"
AREAS = sorted(folder.name for folder in PROCESSES.iterdir() if any(folder.glob("*.bpmn")))


class CopiesOnServer:
    """A database on a PostgreSQL server that becomes a copy of the one that was filled first."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._first, self._copy = (sql.Identifier(f"walk_{uuid4().hex}") for _ in range(2))
        self._given: Database | None = None

    def __call__(self, fill: Fill) -> Database:
        if self._given is None:
            self._make(self._first, sql.Identifier("template0"))
            first = self._open(self._first)
            upgrade_schema(first)
            fill(first)
            first.close()
            self._given = self._open(self._copy)
        self._drop(self._copy)
        self._make(self._copy, self._first)
        return self._given

    def drop(self) -> None:
        for name in (self._copy, self._first):
            self._drop(name)

    def _open(self, name: sql.Identifier) -> Database:
        url = make_url(self._server).set(database=name.as_string().strip('"'))
        return open_database(url.render_as_string(hide_password=False))

    def _make(self, name: sql.Identifier, template: sql.Identifier) -> None:
        self._do(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))

    def _drop(self, name: sql.Identifier) -> None:
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture
def copies_on_server(postgresql_server: str) -> Iterator[CopiesOnServer]:
    copies = CopiesOnServer(postgresql_server)
    yield copies
    copies.drop()


def test_there_are_walks_of_every_area() -> None:
    assert {"service_portfolio", "relationships", "finance", "strategy", "shared"} <= set(AREAS)


@pytest.mark.parametrize("area", AREAS)
def test_the_walks_go_on_sqlite_and_take_every_flow(area: str) -> None:
    report = run_scenarios(PROCESSES / area, run_due_jobs)

    assert [(one.scenario.name, one.failure) for one in report.failed] == []
    assert [missed for one in report.coverage for missed in one.missed] == []


@pytest.mark.parametrize("area", AREAS)
def test_the_walks_go_on_postgresql(area: str, copies_on_server: CopiesOnServer) -> None:
    report = run_scenarios(PROCESSES / area, run_due_jobs, make_database=copies_on_server)

    assert [(one.scenario.name, one.failure) for one in report.failed] == []
    assert len(report.played) > 0
