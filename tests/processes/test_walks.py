"""Every shipped walk goes as told, on both databases, and together they take every flow."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import CopiesInMemory, Fill, run_scenarios
from ssflow.store.database import Database, open_database, upgrade_schema

PROCESSES = Path(__file__).parents[2] / "processes"
AREAS = sorted(folder.name for folder in PROCESSES.iterdir() if any(folder.glob("*.bpmn")))


class CopiesOnServer:
    """Databases on a PostgreSQL server: the first is filled, the others are copies of it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._names: list[str] = []

    def __call__(self, fill: Fill) -> Database:
        if not self._names:
            first = self._make("template0")
            upgrade_schema(first)
            fill(first)
            first.close()
        return self._make(self._names[0])

    def drop(self) -> None:
        for name in reversed(self._names):
            self._do(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _make(self, template: str) -> Database:
        name = f"ssflow_walk_{uuid4().hex}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._do(statement.format(sql.Identifier(name), sql.Identifier(template)))
        self._names.append(name)
        url = make_url(self._server).set(database=name)
        return open_database(url.render_as_string(hide_password=False))

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
    report = run_scenarios(PROCESSES / area, run_due_jobs, make_database=CopiesInMemory())

    assert [(one.scenario.name, one.failure) for one in report.failed] == []
    assert [missed for one in report.coverage for missed in one.missed] == []


@pytest.mark.parametrize("area", AREAS)
def test_the_walks_go_on_postgresql(area: str, copies_on_server: CopiesOnServer) -> None:
    report = run_scenarios(PROCESSES / area, run_due_jobs, make_database=copies_on_server)

    assert [(one.scenario.name, one.failure) for one in report.failed] == []
    assert len(report.played) > 0
