"""Run the scenarios that stand beside diagrams, each on a database of its own in memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ssflow.domain.identity import OPERATOR
from ssflow.services.bundle_calls import Bundle
from ssflow.services.definitions import SCENARIOS_SUFFIX
from ssflow.services.deployment import deploy_files
from ssflow.services.scenario_file import Scenario, read_scenarios
from ssflow.services.scenarios import Played, Player, RunDueJobs
from ssflow.services.shipped import install_roles, read_bundles, read_bundles_around
from ssflow.store import definitions as definition_rows
from ssflow.store.database import Database, copy_in_memory, open_database, upgrade_schema
from ssflow.store.unit_of_work import open_work

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When a scenario begins unless it says otherwise: a Monday morning."""
TIMEZONE = ZoneInfo("Europe/Amsterdam")

Fill = Callable[[Database], None]
"""Puts what a scenario needs into an empty database."""


@dataclass(frozen=True)
class Coverage:
    """How many sequence flows of a process some scenario took, and which none did."""

    process: str
    flows: int
    missed: Sequence[str]


@dataclass(frozen=True)
class ScenarioReport:
    """What came of running scenarios."""

    played: Sequence[Played]
    coverage: Sequence[Coverage]

    @property
    def failed(self) -> list[Played]:
        """The walks that did not go as their files say."""
        return [played for played in self.played if not played.is_ok]


class CopiesInMemory:
    """A database in memory that becomes a copy of the one that was filled first.

    One after the other, not several at once; what SQLAlchemy compiled for one serves the next.
    """

    def __init__(self) -> None:
        self._first: Database | None = None
        self._copy = open_database("sqlite://")

    def __call__(self, fill: Fill) -> Database:
        """Give a database that was just filled."""
        if self._first is None:
            self._first = open_database("sqlite://")
            upgrade_schema(self._first)
            fill(self._first)
        copy_in_memory(self._first, self._copy)
        return self._copy

    def close(self) -> None:
        """Give the memory back."""
        for database in (self._first, self._copy):
            if database is not None:
                database.close()


def run_scenarios(
    path: Path,
    run_due_jobs: RunDueJobs,
    on_played: Callable[[Played], None] = lambda _: None,
    *,
    make_database: Callable[[Fill], Database] | None = None,
) -> ScenarioReport:
    """Run every scenario in or below a path; bundles that it calls come along.

    `make_database` gives each scenario, one after the other, a database filled as it is told.

    Raises:
        InvalidInputError: a file cannot be read, or its bundle cannot be deployed.
    """
    if make_database is None:
        with closing(CopiesInMemory()) as copies:
            return run_scenarios(path, run_due_jobs, on_played, make_database=copies)
    bundles = read_bundles_around(path)
    wanted = {bundle.folder for bundle in read_bundles(path)}
    scenarios = [s for b in bundles if b.folder in wanted for s in _scenarios_of(b)]
    played = []
    flows: dict[str, dict[str, str]] = {}
    for scenario in scenarios:
        database = make_database(lambda empty: _deploy(empty, bundles))
        flows = flows or _flows(database, {s.process for s in scenarios})
        one = Player(database, TIMEZONE, START, run_due_jobs).play(scenario)
        database.close()
        on_played(one)
        played.append(one)
    return ScenarioReport(played, _coverage(played, flows))


def _scenarios_of(bundle: Bundle) -> Iterator[Scenario]:
    for name, content in bundle.files.items():
        if name.endswith(SCENARIOS_SUFFIX):
            yield from read_scenarios(content, name)


def _deploy(database: Database, bundles: Sequence[Bundle]) -> None:
    with open_work(database, actor=OPERATOR, now=START, timezone=TIMEZONE) as work:
        install_roles(work)
        for bundle in bundles:
            deploy_files(work, bundle.files, area=bundle.area, is_rehearsal=True)


def _flows(database: Database, processes: set[str]) -> dict[str, dict[str, str]]:
    """Map each process to its sequence flows, with a name that people can find them by."""
    with open_work(database, actor=OPERATOR, now=START, timezone=TIMEZONE, read_only=True) as work:
        found = {key: definition_rows.find_latest(work.session, key) for key in sorted(processes)}
        return {
            key: {i: _told(i, flow) for i, flow in definition.facts["flows"].items()}
            for key, definition in found.items()
            if definition is not None
        }


def _told(flow_id: str, flow: dict[str, Any]) -> str:
    name = f" ({flow['name']})" if flow.get("name") else ""
    return f"{flow_id}: {flow['source']} → {flow['target']}{name}"


def _coverage(played: Sequence[Played], flows: dict[str, dict[str, str]]) -> list[Coverage]:
    passed: Counter[str] = Counter()
    for one in played:
        passed.update(one.passed)
    return [
        Coverage(key, len(named), [told for i, told in named.items() if not passed[i]])
        for key, named in flows.items()
    ]
