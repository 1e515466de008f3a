"""Do due jobs in this process: beside the web on SQLite, or beside what procrastinate carries."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from ssflow.services.jobs import (
    OpenWork,
    Share,
    next_due,
    outside_kinds,
    run_next_job,
)
from ssflow.store.database import DatabaseAwayError
from ssflow.store.unit_of_work import DbSession, LostRaceError, call_after_commit
from ssflow.worker.heartbeat import Heartbeat

LONGEST_SLEEP_SECONDS = 1.0
OUTSIDE_THREADS = 3
MOST_JOBS_A_PASS = 500
"""Then it looks around: at the other kinds, and whether it is to stop."""
_NOW = timedelta(0)
_LOG = logging.getLogger(__name__)


class EmbeddedWorker:
    """Threads that do what is due: one for ssflow's own steps, some for calls to the outside.

    A call that hangs keeps no timer waiting. They sleep until a job is added, the next one is due,
    or a second has passed; an idle pass is one query, however many instances wait.
    """

    def __init__(
        self,
        open_work: OpenWork,
        look: OpenWork | None = None,
        *,
        carrier: str = "embedded",
        patience: timedelta = timedelta(0),
    ) -> None:
        self._open_work = open_work
        self._look = look or open_work
        self._outside = Share(only=outside_kinds(), patience=patience)
        self._inside = Share(without=outside_kinds(), patience=patience)
        self.heartbeat = Heartbeat(open_work, carrier)
        self._wake = threading.Event()
        self._call_outside = threading.Event()
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
        """Finish the jobs at hand and end."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def run(self) -> None:
        """Do due jobs until `stop` is called."""
        callers = self._start_callers()
        while not self._stop.is_set():
            self._wake.clear()
            seconds = self._guarded(self._pass)
            self._wake.wait(LONGEST_SLEEP_SECONDS if seconds is None else seconds)
        self._call_outside.set()
        for caller in callers:
            caller.join(timeout=30)
        self.heartbeat.end()

    def _pass(self) -> float:
        """Do what is due; gives how long nothing is due then."""
        self.heartbeat.beat()
        with self._look() as work:
            outside, inside = next_due(work, within=timedelta(seconds=LONGEST_SLEEP_SECONDS))
        if outside is not None and outside <= _NOW:
            self._call_outside.set()
        if inside is not None and inside <= _NOW and self._do_own_steps():
            return 0.0
        ahead = [wait.total_seconds() for wait in (outside, inside) if wait and wait > _NOW]
        return min(ahead, default=LONGEST_SLEEP_SECONDS)

    def _do_own_steps(self) -> int:
        """Do ssflow's own steps, for a while; gives how many."""
        done = 0
        while (
            done < MOST_JOBS_A_PASS
            and not self._stop.is_set()
            and run_next_job(self._open_work, self._inside, self.heartbeat.note)
        ):
            done += 1
        return done

    # --- calls to the outside -------------------------------------------------------------------

    def _start_callers(self) -> list[threading.Thread]:
        """Start the threads that call outside; they wait until there is something to call."""
        number = OUTSIDE_THREADS if self._outside.only else 0
        callers = [
            threading.Thread(target=self._call_on, name=f"ssflow-caller-{i}", daemon=True)
            for i in range(number)
        ]
        for caller in callers:
            caller.start()
        return callers

    def _call_on(self) -> None:
        while not self._stop.is_set():
            self._call_outside.wait()
            self._call_outside.clear()
            self._guarded(self._call_all)
        self._call_outside.set()

    def _call_all(self) -> float:
        def note(lateness: timedelta) -> None:
            self.heartbeat.note(lateness)
            self._call_outside.set()  # this thread is busy now; another may look for more

        while not self._stop.is_set():
            if not run_next_job(self._open_work, self._outside, note):
                break
        return 0.0

    def _guarded(self, do: Callable[[], float]) -> float | None:
        """Go on after whatever goes wrong; None then."""
        try:
            return do()
        except (DatabaseAwayError, LostRaceError) as error:
            _LOG.warning("Jobs wait: %s", error)
        except Exception:  # noqa: BLE001 - the job loop's top: one bad job must not end it
            _LOG.exception("A job failed in a way nobody foresaw; its lease brings it back.")
        return None
