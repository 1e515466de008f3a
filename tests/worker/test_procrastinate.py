"""PostgreSQL: jobs are handed over in their own transaction, and lost messages are no harm."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from ssflow.domain.identity import OPERATOR, SYSTEM
from ssflow.domain.job import JobKind
from ssflow.services import jobs
from ssflow.store import jobs as rows
from ssflow.store.database import Database, DatabaseAwayError
from ssflow.store.unit_of_work import UnitOfWork, open_work
from ssflow.worker.procrastinate import ProcrastinateWorker, submit
from tests.conftest import TIMEZONE
from tests.worker.conftest import PATIENCE_SECONDS, wait_until

R = TypeVar("R")
CARRIER = "carrier"
"""By which name the connections of the worker are known."""
OUTAGES = 2


@pytest.fixture
def database(postgresql_database: Database) -> Iterator[Database]:
    """PostgreSQL only; the carrier's tables are none of ours, so they are emptied here."""
    _empty_carrier(postgresql_database)
    yield postgresql_database
    _empty_carrier(postgresql_database)


def _empty_carrier(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def worker(database: Database) -> ProcrastinateWorker:
    url = database.url.set(drivername="postgresql")
    url = url.update_query_dict({"application_name": CARRIER})
    conninfo = url.render_as_string(hide_password=False)
    look = lambda: work_in(database, read_only=True)  # noqa: E731 - reads like the one below
    return ProcrastinateWorker(lambda: work_in(database), look, conninfo)


def work_in(database: Database, *, read_only: bool = False) -> Any:
    return open_work(
        database,
        actor=SYSTEM,
        now=datetime.now(UTC),
        timezone=TIMEZONE,
        submit=submit,
        read_only=read_only,
    )


def add(work: UnitOfWork, kind: JobKind = JobKind.CLEAN_UP, **payload: Any) -> UUID:
    row = {"kind": kind, "due_at": work.now, "payload": payload, "created_at": work.now}
    [job_id] = rows.add_jobs(work.session, [row])
    return job_id


def messages(database: Database) -> list[Any]:
    query = text("SELECT args->>'job_id', status::text FROM procrastinate_jobs ORDER BY id")
    with database.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(query)]


def run_apart(work: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run something in a loop of its own: a browser test may have left one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def run_until(worker: ProcrastinateWorker, is_done: Callable[[], bool], *, times: int = 1) -> None:
    """Let the carrier work in this process, without the sweep beside it.

    ``times``: how many things one after another it is given patience for.
    """

    async def serve() -> None:
        serving = asyncio.create_task(worker._serve())
        try:
            await asyncio.to_thread(wait_until, is_done, patience_seconds=times * PATIENCE_SECONDS)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    run_apart(serve)


def test_a_job_is_handed_over_by_the_commit_that_adds_it(database: Database) -> None:
    with work_in(database) as work:
        job_id = add(work)
        before = messages(database)

    assert before == []
    assert messages(database) == [(str(job_id), "todo")]


def test_a_job_that_is_undone_is_not_handed_over(database: Database) -> None:
    def add_and_fail() -> None:
        with work_in(database) as work:
            add(work)
            work.session.flush()
            submit(work.session, [uuid4()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()

    assert messages(database) == []
    with work_in(database, read_only=True) as work:
        assert rows.list_jobs(work.session).items == []


def test_a_connection_that_breaks_while_a_job_is_handed_over_is_away(database: Database) -> None:
    def add_and_lose_the_connection() -> None:
        with work_in(database) as work:
            add(work)
            work.session.flush()
            own = work.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with database.engine.begin() as other:
                other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})

    with pytest.raises(DatabaseAwayError):
        add_and_lose_the_connection()

    with work_in(database, read_only=True) as work:
        assert rows.list_jobs(work.session).items == []


def test_what_is_handed_over_is_done_and_leaves_nothing(
    database: Database, worker: ProcrastinateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(
        jobs, "HANDLERS", {JobKind.CLEAN_UP: lambda _work, job: done.append(job.payload["n"])}
    )
    for n in range(5):
        with work_in(database) as work:
            add(work, n=n)

    run_until(worker, lambda: len(done) == 5 and not messages(database))

    assert sorted(done) == [0, 1, 2, 3, 4]


def test_a_job_may_add_another_from_within_the_worker(
    database: Database, worker: ProcrastinateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    handlers = {
        JobKind.CLEAN_UP: lambda work, _job: add(work, JobKind.NOTICE),
        JobKind.NOTICE: lambda _work, _job: done.set(),
    }
    monkeypatch.setattr(jobs, "HANDLERS", handlers)
    with work_in(database) as work:
        add(work)

    run_until(worker, done.is_set)

    with work_in(database, read_only=True) as work:
        assert rows.list_jobs(work.session, kind=JobKind.CLEAN_UP).items == []


def test_a_message_for_a_job_that_is_gone_is_no_harm(
    database: Database, worker: ProcrastinateWorker
) -> None:
    with work_in(database) as work:
        submit(work.session, [uuid4()])

    run_until(worker, lambda: messages(database) == [])


def test_what_a_lost_worker_left_is_taken_away_and_the_lease_decides(
    database: Database, worker: ProcrastinateWorker
) -> None:
    with work_in(database) as work:
        job_id = add(work)
    leave_by_a_lost_worker(database)

    async def reap() -> int:
        async with worker._app.open_async():
            return await worker.reap()

    reaped = run_apart(reap)

    assert (reaped, messages(database)) == (1, [])
    with work_in(database, read_only=True) as work:
        assert rows.get_job(work.session, job_id).due_at is not None


def test_a_carrier_outlives_the_loss_of_its_connections(
    database: Database, worker: ProcrastinateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(
        jobs, "HANDLERS", {JobKind.CLEAN_UP: lambda _work, job: done.append(job.payload["n"])}
    )

    def lose_then_add() -> None:
        for n in range(OUTAGES):
            wait_until(lambda: is_listening(database))
            lose_connections(database)
            with work_in(database) as work:
                add(work, n=n)
            wait_until(lambda n=n: n in done)  # type: ignore[misc] # each round has its number

    with ThreadPoolExecutor(1) as thread:
        losing = thread.submit(lose_then_add)
        run_until(worker, losing.done, times=2 * OUTAGES)  # a loss, and what was handed over then

    losing.result()
    assert done == list(range(OUTAGES))


def test_a_carrier_that_is_told_to_stop_while_the_database_is_away_ends(
    database: Database, worker: ProcrastinateWorker
) -> None:
    def lose() -> bool:
        if is_listening(database):
            lose_connections(database)
            return True
        return False

    run_until(worker, lose)

    assert not is_listening(database)


def is_listening(database: Database) -> bool:
    with database.engine.begin() as connection:
        found = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE application_name = :carrier AND query LIKE 'LISTEN%'"
            ),
            {"carrier": CARRIER},
        )
        return bool(found.scalar_one())


def lose_connections(database: Database) -> None:
    """End every connection of the carrier, as a restart of the database would."""
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = :carrier"
            ),
            {"carrier": CARRIER},
        )


def leave_by_a_lost_worker(database: Database) -> None:
    """Make the one message look begun by a worker that was seen last an hour ago."""
    with database.engine.begin() as connection:
        worker_id = connection.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) "
                "VALUES (now() - interval '1 hour') RETURNING id"
            )
        ).scalar_one()
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker"),
            {"worker": worker_id},
        )


def test_an_administrators_retry_is_handed_over_too(database: Database) -> None:
    with work_in(database) as work:
        job_id = add(work)
        rows.get_job(work.session, job_id).due_at = None
    assert [status for _, status in messages(database)] == ["todo"]

    told = open_work(
        database, actor=OPERATOR, now=datetime.now(UTC), timezone=TIMEZONE, submit=submit
    )
    with told as work:
        jobs.retry_failed_job(work, job_id)

    assert messages(database) == [(str(job_id), "todo")] * 2
