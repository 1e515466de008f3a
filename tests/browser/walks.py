"""Shipped walks as people take them: a server with the walk's own people, records and day."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ssflow.domain.registers.record import record_values
from ssflow.services.people import create_user
from ssflow.services.scenario_file import Scenario, read_scenarios
from ssflow.services.shipped import install_shipped, shipped_root
from ssflow.store.records import RECORD_KINDS
from ssflow.store.unit_of_work import UnitOfWork
from tests.browser.live import LiveServer, MovedClock, bare_server


def read_walk(file: str, name: str) -> Scenario:
    """Read the walk of a shipped file whose name begins so."""
    path = shipped_root() / "processes" / file
    [walk] = [w for w in read_scenarios(path.read_bytes(), path.name) if w.name.startswith(name)]
    return walk


@contextmanager
def walk_server(
    folder: Path, walk: Scenario, clock: MovedClock, *roles: str
) -> Iterator[LiveServer]:
    """Run ssflow on the day of a walk with what it is given; a role stands for its one holder."""
    clock.set(datetime.fromisoformat(walk.start["at"]))
    with bare_server(folder, clock) as live:
        with live.here.work(clock=clock) as work:
            install_shipped(work)
            people = [{"name": role, "roles": [role]} for role in roles] + walk.given["people"]
            ids = {person["name"]: _make_person(work, person) for person in people}
            for given in walk.given["records"]:
                ids[given["ref"]] = _make_record(work, given, ids)
        yield live


def _make_person(work: UnitOfWork, person: Mapping[str, Any]) -> str:
    full_name = person["name"].replace("_", " ").capitalize()
    user = create_user(work, person["name"], full_name, roles=person["roles"])
    if "certificate_no" in person:
        user.certificate_no = person["certificate_no"]
        user.certified_until = date.fromisoformat(person["certified_until"])
    return str(user.id)


def _make_record(work: UnitOfWork, given: Mapping[str, Any], ids: Mapping[str, str]) -> str:
    kind = RECORD_KINDS[given["kind"]]
    values = {
        name: ids[value[1:]] if isinstance(value, str) and value.startswith("$") else value
        for name, value in given["values"].items()
    }
    made = kind(created_at=work.now, created_by=work.actor.key, **record_values(kind, values))
    work.session.add(made)
    work.session.flush()
    return str(made.id)
