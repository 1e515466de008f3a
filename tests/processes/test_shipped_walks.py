from pathlib import Path

import pytest

from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import ScenarioReport, run_scenarios

PROCESSES = Path(__file__).parents[2] / "processes"


@pytest.fixture(scope="module")
def report() -> ScenarioReport:
    return run_scenarios(PROCESSES, run_due_jobs)


def test_every_shipped_walk_goes_as_its_file_says(report: ScenarioReport) -> None:
    assert [f"{p.scenario.name}: {p.failure}" for p in report.failed] == []
    assert len(report.played) >= 10


def test_every_sequence_flow_is_taken_by_some_walk(report: ScenarioReport) -> None:
    assert {c.process: list(c.missed) for c in report.coverage if c.missed} == {}
