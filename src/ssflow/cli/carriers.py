"""Who does due jobs: the process that serves on SQLite, workers of their own on PostgreSQL."""

import signal
import threading
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Any

from ssflow.cli.surroundings import Installation, now
from ssflow.errors import InvalidInputError
from ssflow.store.unit_of_work import Submit
from ssflow.worker.clock import SharedClock
from ssflow.worker.embedded import EmbeddedWorker


def embedded_worker(here: Installation) -> EmbeddedWorker:
    """Build the worker that lives in this process."""
    return EmbeddedWorker(here.system_work(), here.system_work(read_only=True))


def postgresql_submit() -> Submit:
    """Give what hands new jobs over to the workers."""
    submit: Submit = _procrastinate().submit
    return submit


def run_worker(here: Installation) -> None:
    """Do jobs until the process is told to stop; what has begun is finished."""
    if here.database.is_sqlite:
        loop = embedded_worker(here)
        _stop_on_signal(loop)
        loop.run()
        return
    carrier = _procrastinate()
    clock = SharedClock(here.database, now).now
    open_work = here.system_work(carrier.submit, clock=clock)
    look = here.system_work(read_only=True, clock=clock)
    address = here.database.url.set(drivername="postgresql")
    conninfo = address.render_as_string(hide_password=False)
    carrier.ProcrastinateWorker(open_work, look, conninfo).run()


def _procrastinate() -> Any:
    """Load the carrier that only PostgreSQL needs; its library is part of an extra."""
    if find_spec("procrastinate") is None:
        raise InvalidInputError("PostgreSQL needs the extra: pip install 'ssflow[postgres]'.")
    return import_module("ssflow.worker.procrastinate")


def _stop_on_signal(loop: EmbeddedWorker) -> None:
    """Let the worker finish its job when the process is told to stop."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=loop.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
