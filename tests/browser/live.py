"""The real application on a real port, with the sample organisation and its worker."""

import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from waitress.server import create_server

from ssflow.cli.surroundings import Clock, Installation, now
from ssflow.config import Config, read_config
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import ROLE_TITLES, Actor, User
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.registers.budget import BudgetLine
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service
from ssflow.domain.registers.strategy import StrategicObjective
from ssflow.services.credentials import create_sign_in_link
from ssflow.services.demo import build_demo
from ssflow.services.deployment import deploy_files
from ssflow.services.jobs import run_due_jobs
from ssflow.services.people import actor_of, create_user
from ssflow.services.scenario_file import Scenario, read_scenarios
from ssflow.services.scenarios import Player
from ssflow.services.shipped import install_roles, shipped_root
from ssflow.store.database import open_database, upgrade_schema
from ssflow.web.app import create_app
from ssflow.worker.embedded import EmbeddedWorker

_PLENTY = 10_000_000
SERVICE_CHANGE = "spm_service_change"
_WALKS = f"processes/service_portfolio/{SERVICE_CHANGE}.scenarios.json"


@dataclass
class MovedClock:
    """A clock that runs as fast as any other, but tells another day."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return now() + self.ahead

    def set(self, moment: datetime) -> None:
        """Go on from this moment."""
        self.ahead = moment - now()

    def let_pass(self, time: timedelta) -> None:
        """Let so much time pass at once."""
        self.ahead += time


@dataclass
class LiveServer:
    """A running ssflow, and what a test puts into it without the pages it is not about."""

    here: Installation
    secrets: dict[str, str]
    """Unused sign-in links by user name."""
    clock: Clock = field(default=now)

    @property
    def url(self) -> str:
        return self.here.config.base_url

    def sign_in_link(self, name: str) -> str:
        """Give a link that signs somebody in once."""
        secret = self.secrets.pop(name, None)
        if secret is None:
            with self.here.work(clock=self.clock) as work:
                user = work.session.scalars(select(User).where(User.name == name)).one()
                secret = create_sign_in_link(work, user.id)
        return f"{self.url}/sign-in-link#{secret}"

    def add_person(self, name: str, *roles: str, timezone: str | None = None) -> None:
        """Make an account that one test has to itself."""
        with self.here.work() as work:
            create_user(work, name, name.title(), roles=list(roles), timezone=timezone)

    def add_money(self) -> None:
        """Give every budget line so much that no case runs short because of the others."""
        with self.here.work() as work:
            for line in work.session.scalars(select(BudgetLine).where(BudgetLine.is_funded)):
                line.amount += _PLENTY

    def actor(self, name: str) -> Actor:
        """Give somebody as one who acts."""
        with self.here.work(read_only=True) as work:
            user = work.session.scalars(select(User).where(User.name == name)).one()
            return actor_of(work, user)

    def names(self) -> set[str]:
        """Give the names of people, cases, records and own processes: no page translates them."""
        queries = (
            *(select(each) for each in (User.full_name, Service.name, Customer.name)),
            select(ProcessInstance.title).where(ProcessInstance.title.is_not(None)),
            select(ProcessDefinition.name).where(ProcessDefinition.key != SERVICE_CHANGE),
        )
        with self.here.work(read_only=True) as work:
            return {str(name) for query in queries for name in work.session.scalars(query)}

    def case_waiting_at(self, activity: str, title: str) -> UUID:
        """Play a shipped walk by services until it waits at `activity`; gives the case's id."""
        walk = _walk_through(activity)
        steps = [_retitled(step, title) for step in walk.steps if "complete" in step]
        until = next(n for n, step in enumerate(steps) if step["complete"] == activity)
        start = {key: value for key, value in walk.start.items() if key != "at"}
        scenario = replace(walk, steps=steps, start=start, expect={})
        player = self._player(scenario)
        played = player.play(scenario, steps=until)
        assert not played.failure, played.failure
        assert player.instance_id is not None
        return player.instance_id

    def deploy(self, files: dict[str, bytes]) -> None:
        """Deploy a bundle that one test has to itself."""
        with self.here.work() as work:
            deploy_files(work, files, area="")

    def _player(self, scenario: Scenario) -> Player:
        """Let a walk be about people and records of the sample organisation."""
        names = [*ROLE_TITLES, *(person["name"] for person in scenario.given.get("people", []))]
        people = {name: self.actor(name) for name in names}
        ids = {name: actor.key for name, actor in people.items()} | self._records()
        return Player(
            self.here.database,
            self.here.config.timezone,
            now(),
            run_due_jobs,
            is_demo=True,
            people=people,
            ids=ids,
        )

    def _records(self) -> dict[str, str]:
        """Give what the shipped walks call acme, uptime and mail."""
        stands_for = {
            "acme": select(Customer.id).where(Customer.name == "Production"),
            "uptime": select(StrategicObjective.id).order_by(StrategicObjective.id),
            "mail": select(Service.id).where(Service.name == "Mail and calendar"),
        }
        with self.here.work(read_only=True) as work:
            return {
                ref: str(work.session.scalars(query.limit(1)).one())
                for ref, query in stands_for.items()
            }


@dataclass(frozen=True)
class Sample:
    """The sample organisation in a database file, of which servers take copies."""

    file: Path
    secrets: dict[str, str]
    """Sign-in links by user name."""


def make_sample(folder: Path) -> Sample:
    """Make the sample organisation as it is today; that takes as long as many tests."""
    config = _config(folder)
    database = open_database(config.database_url)
    upgrade_schema(database)
    people = build_demo(database, config.timezone, now(), run_due_jobs)
    database.close()
    secrets = {person.name: person.secret for person in people}
    return Sample(Path(database.url.database or ""), secrets)


@contextmanager
def live_server(folder: Path, sample: Sample) -> Iterator[LiveServer]:
    """Run ssflow on a free port of this machine until the block ends."""
    config = replace(_config(folder), is_demo=True)
    database = open_database(config.database_url)
    shutil.copy(sample.file, database.url.database or "")
    with _serving(Installation(config, database)) as serving:
        yield LiveServer(serving, dict(sample.secrets))
    database.close()


@contextmanager
def bare_server(folder: Path, clock: Clock = now, **people: str) -> Iterator[LiveServer]:
    """Run ssflow without the sample organisation, for people with one role each."""
    config = _config(folder)
    database = open_database(config.database_url)
    upgrade_schema(database)
    here = Installation(config, database)
    with here.work() as work:
        install_roles(work)
    with _serving(here, clock) as serving:
        live = LiveServer(serving, {}, clock)
        for name, role in people.items():
            live.add_person(name, role)
        yield live
    database.close()


@contextmanager
def _serving(here: Installation, clock: Clock = now) -> Iterator[Installation]:
    """Serve pages and do due jobs in threads, on a port that was free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://localhost:{listener.getsockname()[1]}"
        here = replace(here, config=replace(here.config, base_url=url))
        worker = EmbeddedWorker(here.system_work(clock=clock))
        app = create_app(here.config, here.database, clock=clock, submit=worker.submit)
        server = create_server(app, sockets=[listener], threads=8, ident="ssflow")
        serving = threading.Thread(target=server.run, name="live-server", daemon=True)
        serving.start()
        worker.start()
        try:
            yield here
        finally:
            worker.stop()
            server.close()
            serving.join(timeout=10)


def _config(home: Path) -> Config:
    return read_config({"SSFLOW_TIMEZONE": "Europe/Amsterdam", "SSFLOW_HOME": str(home)})


def _walk_through(activity: str) -> Scenario:
    file = shipped_root() / _WALKS
    walks = read_scenarios(file.read_bytes(), file.name)
    return next(w for w in walks if any(step.get("complete") == activity for step in w.steps))


def _retitled(step: Mapping[str, Any], title: str) -> Mapping[str, Any]:
    if "title" not in step.get("form", {}):
        return step
    return {**step, "form": {**step["form"], "title": title}}
