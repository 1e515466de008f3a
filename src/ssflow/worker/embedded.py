"""Do due jobs in this process: beside the web on SQLite, or as a process of its own."""

import logging
import threading
from collections.abc import Sequence
from uuid import UUID

from ssflow.services.jobs import OpenWork, run_due_jobs
from ssflow.store.database import DatabaseAwayError
from ssflow.store.unit_of_work import DbSession, LostRaceError, call_after_commit

LONGEST_SLEEP_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class EmbeddedWorker:
    """A thread that does what is due; it sleeps until a job is added or a second has passed."""

    def __init__(self, open_work: OpenWork) -> None:
        self._open_work = open_work
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="ssflow-worker", daemon=True)

    def submit(self, session: DbSession, job_ids: Sequence[UUID]) -> None:
        """Look for due jobs as soon as the work that added these has been committed."""
        if job_ids:
            call_after_commit(session, self._wake.set)

    def start(self) -> None:
        """Begin to work beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job at hand and end."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def run(self) -> None:
        """Do due jobs until `stop` is called."""
        while not self._stop.is_set():
            self._wake.clear()
            self._do_due_jobs()
            self._wake.wait(LONGEST_SLEEP_SECONDS)

    def _do_due_jobs(self) -> None:
        try:
            run_due_jobs(self._open_work)
        except (DatabaseAwayError, LostRaceError) as error:
            _LOG.warning("Jobs wait: %s", error.message)
        except Exception:  # noqa: BLE001 - the job loop's top: one bad job must not end it
            _LOG.exception("A job failed in a way nobody foresaw; its lease brings it back.")
