"""A warm process that makes web and worker processes within milliseconds, to be killed.

It opens no connection, no thread and no sandbox, so that each child begins like a process of its
own. The listening socket is made here: while no web process lives, callers wait in its queue.
Reads one line per child: `web`, `web-in-two`, `worker`, `worker-poisoned`
or `worker-slow`; answers its number.
"""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from waitress.server import create_server

from ssflow.cli.carriers import embedded_worker, postgresql_submit, run_worker
from ssflow.cli.surroundings import Installation, now
from ssflow.config import read_config
from ssflow.domain.job import Job, JobKind
from ssflow.services import job_runs, jobs
from ssflow.services.definitions import SANDBOX
from ssflow.services.job_kinds import OutsideWork
from ssflow.store.database import open_database
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.app import create_app
from tests.faults.in_two import CompletesInTwo

LEASE = timedelta(seconds=1)
"""A minute outside tests."""

LONG_LEASE = timedelta(seconds=2)
"""For what is renewed in time: a busy machine may take a second over it."""
SLOW = timedelta(seconds=3)
"""A call that outlasts its lease."""


@dataclass(frozen=True)
class Orders:
    """What the test says at the beginning."""

    url: str
    home: str
    marks: str
    """Where a poisoned worker leaves a line each time it does its job."""
    actor_id: str
    token: str
    task_id: str
    """A task that the nursery completes to warm up."""


def main() -> None:
    orders = Orders(**json.loads(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    set_lease(LEASE)
    config = read_config({"SSFLOW_HOME": orders.home, "SSFLOW_DATABASE_URL": orders.url})
    here = Installation(config, open_database(orders.url))
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    nursery = Nursery(orders, here, listening)
    nursery.warm_up()
    children: list[int] = []
    tell(listening.getsockname()[1])
    for line in sys.stdin:
        children.append(fork(nursery.lives[line.strip()]))
        tell(children[-1])
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def set_lease(lease: timedelta) -> None:
    """Let claims hold for so long: it is read when a job is claimed."""
    jobs.LEASE = job_runs.LEASE = lease  # type: ignore[attr-defined]


def tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def fork(live: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        live()
    finally:
        os._exit(1)


class Nursery:
    """What children can be; all is built before the fork but for what must not cross it."""

    def __init__(self, orders: Orders, here: Installation, listening: socket.socket) -> None:
        self._orders = orders
        self._here = here
        self._listening = listening
        self._embedded = embedded_worker(here) if here.database.is_sqlite else None
        submit = self._embedded.submit if self._embedded else postgresql_submit()
        self._app = create_app(here.config, here.database, clock=now, submit=submit)
        self.lives: dict[str, Callable[[], None]] = {
            "web": lambda: self._serve(self._app),
            "web-in-two": lambda: self._serve(self._in_two()),
            "worker": lambda: run_worker(here),
            "worker-poisoned": self._work_poisoned,
            "worker-slow": self._work_slowly,
        }

    def warm_up(self) -> None:
        """Read the diagram and load what a request needs, and let go of all that cannot be shared.

        A process that is killed within a tenth of a second should have done something by then.
        """
        header = {"Authorization": f"Bearer {self._orders.token}"}
        path = f"/api/v1/user-tasks/{self._orders.task_id}/completion"
        answer = self._app.test_client().post(path, json={}, headers=header)
        assert answer.status_code == HTTPStatus.OK, answer.get_data(as_text=True)
        SANDBOX.close()
        self._here.database.close()

    def _serve(self, app: Callable[..., Any]) -> None:
        """Do what `ssflow serve` does."""
        if self._embedded:
            self._embedded.start()
        create_server(app, sockets=[self._listening], threads=4).run()

    def _in_two(self) -> CompletesInTwo:
        return CompletesInTwo(self._app, self._here, UUID(self._orders.actor_id))

    def _work_poisoned(self) -> None:
        marks = Path(self._orders.marks)

        def die(_work: UnitOfWork, _job: Job) -> None:
            with marks.open("a") as file:
                file.write("begun\n")
            os.kill(os.getpid(), signal.SIGKILL)

        jobs.HANDLERS = {**jobs.HANDLERS, JobKind.TIMER: die}
        run_worker(self._here)

    def _work_slowly(self) -> None:
        set_lease(LONG_LEASE)

        def call(mark: str) -> str:
            with Path(self._orders.marks).open("a") as file:
                file.write(f"{mark}\n")
            return mark

        def call_long() -> str:
            call("begun")
            time.sleep(SLOW.total_seconds())
            return call("ended")

        slow = OutsideWork(
            prepare=lambda _work, _job: call_long,
            finish=lambda _work, _job, _answer: None,
            fail=lambda _work, _job, _error, _is_last: None,
        )
        jobs.HANDLERS = {**jobs.HANDLERS, JobKind.MAIL: slow}
        run_worker(self._here)


if __name__ == "__main__":
    main()
