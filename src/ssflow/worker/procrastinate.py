"""PostgreSQL: procrastinate hands the ids of new jobs over to whichever worker is free."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
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
_LOG = logging.getLogger(__name__)

# Never opened: it only borrows the connection of a transaction. The workers' own cannot be used,
# since it answers in the way of asyncio.
_SENDER = App(connector=SyncPsycopgConnector())


def submit(session: DbSession, job_ids: Sequence[UUID]) -> None:
    """Hand jobs over in the transaction that adds them: they are announced by its commit."""
    connection: Any = session.connection().connection.driver_connection
    deferrer = _SENDER.configure_task(TASK, connection=connection)
    messages: list[dict[str, Any]] = [{"job_id": str(job_id)} for job_id in job_ids]
    deferrer.batch_defer(*messages)


class ProcrastinateWorker:
    """Does what is handed over at once, and what becomes due later by looking for it.

    The table of jobs alone tells what is to be done: an id handed over twice, or for a job that is
    gone, is no harm, and one that was lost is found by the sweep.
    """

    def __init__(self, open_work: OpenWork, look: OpenWork, conninfo: str) -> None:
        self._open_work = open_work
        self._sweep = EmbeddedWorker(open_work, look, carrier="procrastinate", patience=PATIENCE)
        self._app = App(connector=PsycopgConnector(conninfo=conninfo))
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
            _LOG.warning("A job waits: %s", error.message)

    async def _serve(self) -> None:
        async with self._app.open_async():
            reaper = asyncio.create_task(self._reap_on())
            try:
                await self._app.run_worker_async(
                    concurrency=CONCURRENCY, delete_jobs="always", install_signal_handlers=True
                )
            finally:
                reaper.cancel()

    async def _reap_on(self) -> None:
        """Take away what lost workers left; their jobs come back by their leases, not by this."""
        while True:
            await self.reap()
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
