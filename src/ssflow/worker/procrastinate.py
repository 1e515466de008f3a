"""PostgreSQL: procrastinate hands the ids of new jobs over to whichever worker is free."""

import asyncio
import logging
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from ssflow.services.jobs import OpenWork, run_job
from ssflow.store.database import DatabaseAwayError
from ssflow.store.unit_of_work import DbSession, LostRaceError
from ssflow.worker.embedded import EmbeddedWorker

TASK = "run_job"
CONCURRENCY = 4
PATIENCE = timedelta(seconds=5)
"""What was handed over and not begun by then, the sweep takes: its carrier was lost."""
REAP_EVERY = timedelta(seconds=30)
SEEN_WITHIN = timedelta(seconds=30)
AGAIN_AFTER = timedelta(seconds=1)
"""Then what is handed over is listened for again, when the database went away."""
_LOG = logging.getLogger(__name__)

# Never opened: it only borrows the connection of a transaction. The workers' own cannot be used,
# since it answers in the way of asyncio.
_SENDER = App(connector=SyncPsycopgConnector())


def submit(session: DbSession, job_ids: Sequence[UUID]) -> None:
    """Hand jobs over in the transaction that adds them: they are announced by its commit.

    Raises:
        DatabaseAwayError: the connection broke.
    """
    connection: Any = session.connection().connection.driver_connection
    deferrer = _SENDER.configure_task(TASK, connection=connection)
    messages: list[dict[str, Any]] = [{"job_id": str(job_id)} for job_id in job_ids]
    try:
        deferrer.batch_defer(*messages)
    except ConnectorException as error:
        raise DatabaseAwayError(reason=_in_one_line(error)) from error


class ProcrastinateWorker:
    """Does what is handed over at once, and what becomes due later by looking for it.

    The table of jobs alone tells what is to be done: an id handed over twice, or for a job that is
    gone, is no harm, and one that was lost is found by the sweep.
    """

    def __init__(self, open_work: OpenWork, look: OpenWork, conninfo: str) -> None:
        self._open_work = open_work
        self._sweep = EmbeddedWorker(open_work, look, carrier="procrastinate", patience=PATIENCE)
        # One connection at rest: after a loss each dead one costs the pool another, longer wait.
        self._app = App(
            connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=CONCURRENCY)
        )
        self._app.task(name=TASK)(self._run_job)

    def run(self) -> None:
        """Do jobs until the process is told to stop; what has begun is finished."""
        self._sweep.start()
        try:
            asyncio.run(self._serve())
        finally:
            self._sweep.stop()

    def _run_job(self, job_id: str) -> None:
        try:
            run_job(self._open_work, UUID(job_id), self._sweep.heartbeat.note)
        except (DatabaseAwayError, LostRaceError) as error:
            _LOG.warning("A job waits: %s", error)

    async def _serve(self) -> None:
        """Do what is handed over until told to stop; a database that went away is waited for."""
        serving = asyncio.create_task(self._serve_on())
        _stop_on_signal(serving)
        with suppress(asyncio.CancelledError):
            await serving

    async def _serve_on(self) -> None:
        """Serve again whenever that ends: it does with the connection that listens, too."""
        this = asyncio.current_task()
        while this is not None and not this.cancelling():
            try:
                await self._serve_once()
                await asyncio.sleep(AGAIN_AFTER.total_seconds())
            except Exception as error:  # noqa: BLE001 - the carrier's top: it outlives the database
                _LOG.warning("What is handed over is left to the sweep: %s", _in_one_line(error))
                await asyncio.sleep(0 if this.cancelling() else AGAIN_AFTER.total_seconds())

    async def _serve_once(self) -> None:
        async with self._app.open_async():
            reaper = asyncio.create_task(self._reap_on())
            try:
                await self._app.run_worker_async(
                    concurrency=CONCURRENCY, delete_jobs="always", install_signal_handlers=False
                )
            finally:
                reaper.cancel()

    async def _reap_on(self) -> None:
        """Take away what lost workers left; their jobs come back by their leases, not by this."""
        while True:
            try:
                await self.reap()
            except ConnectorException as error:
                _LOG.warning("What lost workers left stays for now: %s", _in_one_line(error))
            await asyncio.sleep(REAP_EVERY.total_seconds())

    async def reap(self) -> int:
        """Take away the messages that lost workers had begun; gives how many."""
        manager = self._app.job_manager
        seconds = SEEN_WITHIN.total_seconds()
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=seconds))
        for left in stalled:
            if left.id is not None:
                await manager.finish_job_by_id_async(left.id, status=Status.FAILED, delete_job=True)
        return len(stalled)


def _stop_on_signal(serving: "asyncio.Task[None]") -> None:
    """Let what has begun be finished when the process is told to stop; told twice, it ends."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        for each in signals:
            loop.remove_signal_handler(each)
        serving.cancel()

    for each in signals:
        loop.add_signal_handler(each, stop)


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error.__cause__ or error).split()) or type(error).__name__
