"""Where code of strangers runs: in its own process, with little time and memory."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from threading import Lock
from time import perf_counter
from types import TracebackType
from typing import Any
from weakref import WeakSet

import pydantic_monty as monty

from ssflow.calendar import Calendar
from ssflow.engine.faults import ElementError, SandboxBusyError
from ssflow.engine.snapshot import IncidentKind

SCRIPT_TIME = timedelta(seconds=1)
SCRIPT_MEMORY_BYTES = 64 * 1024 * 1024
RECURSION_LIMIT = 200
CHECKOUT_TIMEOUT = timedelta(seconds=5)
MAX_WORKERS = 2
_RUNS_PER_WORKER = 10_000

_LIMITS: monty.ResourceLimits = {
    "max_feed_duration_secs": SCRIPT_TIME.total_seconds(),
    "max_memory": SCRIPT_MEMORY_BYTES,
    "max_recursion_depth": RECURSION_LIMIT,
}


class Clock:
    """The time that scripts see: it stands still for a step."""

    def __init__(self, now: datetime, calendar: Calendar) -> None:
        self.now = now.astimezone(calendar.timezone)
        self.calendar = calendar

    def policy(self) -> monty.OSPolicy:
        """Tell the sandbox which clock and which random numbers to use."""
        return {
            "datetime": self.now,
            "timezone": self.calendar.timezone.key or "UTC",
            "sleep": "zero",
            "process_time": "zero",
            "random_start": {"seed": self.now.isoformat()},
        }

    def today(self) -> date:
        """Tell which day it is here."""
        return self.now.date()

    def working_day(self, n: int) -> date:
        """Tell which day is the n-th working day from today."""
        return self.calendar.add_working_days(self.today(), n)


class Stopwatch:
    """How long code ran, taken together: waiting for a free worker is nobody's fault."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._begun = 0.0

    def __enter__(self) -> None:
        self._begun = perf_counter()

    def __exit__(self, *_error: object) -> None:
        self.seconds += perf_counter() - self._begun


@dataclass(frozen=True)
class _Given:
    """What a text is given beside itself."""

    inputs: dict[str, Any]
    clock: Clock | None
    functions: dict[str, Callable[..., Any]]
    stopwatch: Stopwatch


class Sandbox:
    """Worker processes for scripts; opened at the first use, in the process that uses them."""

    def __init__(
        self, *, max_workers: int = MAX_WORKERS, checkout_timeout: timedelta = CHECKOUT_TIMEOUT
    ) -> None:
        self._max_workers = max_workers
        self._checkout_timeout = checkout_timeout
        self._lock = Lock()
        self._pool: monty.Monty | None = None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; the next use starts new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.__exit__(None, None, None)

    def run(
        self,
        text: str,
        inputs: Mapping[str, Any],
        *,
        clock: Clock | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        stopwatch: Stopwatch | None = None,
    ) -> Any:
        """Run a text in a worker of its own and give the value of its last expression.

        Code that imports modules needs the `clock` that they go by. The `stopwatch` runs with it.
        A worker that is lost is replaced once; code that loses the second one too is at fault.

        Raises:
            SandboxBusyError: no worker became free in time.
            ElementError: a worker was lost twice.
            MontyError: the code failed.
        """
        given = _Given(dict(inputs), clock, dict(functions or {}), stopwatch or Stopwatch())
        try:
            return self._feed(text, given)
        except monty.MontyCrashedError:
            pass
        try:
            return self._feed(text, given)
        except monty.MontyCrashedError:
            message = "The script made its worker process end; it ran out of time or memory."
            raise ElementError(IncidentKind.SANDBOX, message) from None

    def _feed(self, text: str, given: _Given) -> Any:
        with self._checkout(given.clock) as session, given.stopwatch:
            return session.feed_run(
                text,
                inputs=given.inputs,
                external_lookup=given.functions or None,
                print_callback=_drop_output,
            )

    def _checkout(self, clock: Clock | None) -> AbstractContextManager[monty.MontySession]:
        policy = clock.policy() if clock is not None else None
        return _Checkout(self._open_pool().checkout(limits=_LIMITS, os_policy=policy))

    def _open_pool(self) -> monty.Monty:
        with self._lock:
            if self._pool is None:
                _FORKS.note_use(self)
                self._pool = self._start()
            return self._pool

    def _start(self) -> monty.Monty:
        _spare_a_search()
        pool = monty.Monty(
            min_processes=1,
            max_processes=self._max_workers,
            checkout_timeout=self._checkout_timeout.total_seconds(),
            max_checkouts_per_worker=_RUNS_PER_WORKER,
        )
        return pool.__enter__()


class _Checkout:
    """A session that says in our words that no worker was free."""

    def __init__(self, session: monty.MontySession) -> None:
        self._session = session

    def __enter__(self) -> monty.MontySession:
        try:
            return self._session.__enter__()
        except TimeoutError:
            raise SandboxBusyError from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.__exit__(kind, error, traceback)


def _spare_a_search() -> None:
    """Say once that there is no OpenTelemetry: monty would look for it whenever it runs code."""
    if find_spec("opentelemetry") is None:
        sys.modules.setdefault("opentelemetry", None)  # type: ignore[arg-type]  # means "none here"


def _drop_output(stream: str, text: str) -> None:
    """Ignore what a script prints."""


# --- forking --------------------------------------------------------------------------------


class _Forks:
    """What is known about forks: monty cannot be used in a child of a process that has used it."""

    def __init__(self) -> None:
        self.open: WeakSet[Sandbox] = WeakSet()
        self.was_used = False
        self.is_child_of_user = False

    def before(self) -> None:
        """End all workers, so that the child holds no line to them."""
        for sandbox in list(self.open):
            sandbox.close()

    def after_in_child(self) -> None:
        """Remember that scripts cannot be run here, instead of hanging when they are."""
        self.is_child_of_user = self.was_used

    def note_use(self, sandbox: Sandbox) -> None:
        """Take note that workers are about to be started here.

        Raises:
            RuntimeError: this process was forked from one that ran scripts.
        """
        if self.is_child_of_user:
            raise RuntimeError(
                "This process was forked from one that had run scripts, and cannot run any "
                "itself. Start processes before the first script runs, or spawn them afresh."
            )
        self.was_used = True
        self.open.add(sandbox)


_FORKS = _Forks()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_FORKS.before, after_in_child=_FORKS.after_in_child)
