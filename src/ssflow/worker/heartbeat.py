"""Tell others that a worker lives, and how late it begins its jobs."""

import logging
import os
import platform
import threading
import time
from collections import deque
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from ssflow.domain.base import new_id
from ssflow.domain.job import WorkerHeartbeat
from ssflow.services.jobs import OpenWork, give_sign_of_life, sign_off
from ssflow.store.database import DatabaseAwayError
from ssflow.store.unit_of_work import LostRaceError

EVERY = timedelta(seconds=10)
REMEMBERED_JOBS = 100
_LOG = logging.getLogger(__name__)


class Heartbeat:
    """The signs of life of one worker, written every ten seconds at most, by any of its threads."""

    def __init__(self, open_work: OpenWork, carrier: str) -> None:
        self._open_work = open_work
        self._carrier = carrier
        self._id: UUID = new_id()
        self._started_at: datetime | None = None
        self._lateness: deque[timedelta] = deque(maxlen=REMEMBERED_JOBS)
        self._jobs_done = 0
        self._next = 0.0
        self._lock = threading.Lock()

    @property
    def lateness(self) -> list[timedelta]:
        """How late the last jobs were begun, in the order of their beginning."""
        with self._lock:
            return list(self._lateness)

    def note(self, lateness: timedelta) -> None:
        """Take note that a job is begun, so late."""
        with self._lock:
            self._jobs_done += 1
            self._lateness.append(lateness)
        self.beat()

    def beat(self) -> None:
        """Write a sign of life, unless the last one is fresh."""
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + EVERY.total_seconds()
        try:
            with self._open_work() as work:
                self._started_at = self._started_at or work.now
                give_sign_of_life(work, self._build(self._started_at, work.now))
        except (DatabaseAwayError, LostRaceError) as error:
            _LOG.warning("A sign of life could not be written: %s", error)

    def end(self) -> None:
        """Sign off."""
        try:
            with self._open_work() as work:
                sign_off(work, self._id)
        except (DatabaseAwayError, LostRaceError) as error:
            _LOG.warning("A worker could not sign off: %s", error)

    def _build(self, started_at: datetime, now: datetime) -> WorkerHeartbeat:
        with self._lock:
            late = [each / timedelta(milliseconds=1) for each in self._lateness]
            return WorkerHeartbeat(
                id=self._id,
                name=f"{platform.node()}:{os.getpid()}",
                carrier=self._carrier,
                started_at=started_at,
                seen_at=now,
                jobs_done=self._jobs_done,
                median_lateness_ms=round(median(late)) if late else None,
                worst_lateness_ms=round(max(late)) if late else None,
            )
