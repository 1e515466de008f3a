"""The clock that workers on several machines share: the database's."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from ssflow.store.database import Database, DatabaseAwayError, read_clock

EVERY = timedelta(minutes=1)
_LOG = logging.getLogger(__name__)


class SharedClock:
    """The machine's clock, put right by the database's once a minute.

    Leases and due times are compared by it, so a worker whose own clock is wrong takes no job too
    early, and takes none away from another.
    """

    def __init__(self, database: Database, machine: Callable[[], datetime]) -> None:
        self._database = database
        self._machine = machine
        self._offset = timedelta(0)
        self._next = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Tell the present moment."""
        with self._lock:
            if time.monotonic() >= self._next:
                self._next = time.monotonic() + EVERY.total_seconds()
                self._compare()
        return self._machine() + self._offset

    def _compare(self) -> None:
        before = self._machine()
        try:
            theirs = read_clock(self._database)
        except DatabaseAwayError as error:
            _LOG.warning("The database's clock could not be read: %s", error)
            return
        if theirs is not None:
            after = self._machine()
            self._offset = theirs - (before + (after - before) / 2)
