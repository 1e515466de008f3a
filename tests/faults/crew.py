"""Web and worker processes of one installation, as a test makes and kills them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from ssflow.domain.identity import Actor
from ssflow.services.access_tokens import create_token
from tests.faults.nursery import Orders
from tests.services.office import Office

_ROOT = Path(__file__).parents[2]


class Crew:
    """Living processes by the place they hold; a place may be filled again after a kill."""

    def __init__(self, nursery: "subprocess.Popen[str]", log: Path) -> None:
        self._nursery = nursery
        self._log = log
        self.port = int(self._read())
        self.living: dict[str, int] = {}
        self.killed: dict[str, int] = {}

    def start(self, place: str, life: str) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(f"{life}\n")
        self._nursery.stdin.flush()
        self.living[place] = int(self._read())

    def kill(self, place: str) -> None:
        """End a process without warning, as a power cut would."""
        os.kill(self.living.pop(place), signal.SIGKILL)
        self.killed[place] = self.killed.get(place, 0) + 1

    def ask_to_stop(self, place: str) -> None:
        os.kill(self.living[place], signal.SIGTERM)

    def is_alive(self, place: str) -> bool:
        try:
            os.kill(self.living[place], 0)
        except ProcessLookupError:
            return False
        return True

    def _read(self) -> str:
        assert self._nursery.stdout is not None
        line = self._nursery.stdout.readline()
        assert line, f"The nursery ended ({self._nursery.wait()}): {self._log.read_text()}"
        return line


def make_orders(office: Office, actor: Actor, first_activity: str, folder: Path) -> Orders:
    """Start a case whose first task warms the nursery up, and gather what it has to know."""
    assert actor.user_id is not None
    case_id = office.start(actor, business_key=str(uuid4()))
    with office.work() as work:
        token = create_token(work, actor.user_id, "desk").text
    return Orders(
        url=office.database.url.render_as_string(hide_password=False),
        home=str(folder),
        marks=str(folder / "marks"),
        actor_id=str(actor.user_id),
        token=token,
        task_id=str(office.task(case_id, first_activity).id),
    )


@contextmanager
def crew(orders: Orders, log: Path) -> Iterator[Crew]:
    """Run a nursery; everything that lives is killed at the end."""
    command = [sys.executable, "-m", "tests.faults.nursery", json.dumps(asdict(orders))]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as nursery,
    ):
        yield Crew(nursery, log)
        assert nursery.stdin is not None
        nursery.stdin.close()
