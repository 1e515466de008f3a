"""Scenarios of strangers: bundles in any order, late tries, odd beginnings."""

import json
from pathlib import Path
from typing import Any

import pytest

from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import run_scenarios
from ssflow.services.scenarios import Played
from ssflow.services.shipped import read_bundles
from tests.engine.diagrams import call, diagram, end, flows, process, start, user

CALLED = diagram(
    process("called", start(), user("U_in", role="brm"), end(), flows("start U_in end"))
)
CALLER = diagram(process("caller", start(), call("C", "called"), end(), flows("start C end")))


def _write(root: Path, area: str, **files: Any) -> Path:
    folder = root / area
    folder.mkdir(parents=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def _scenarios(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"process": "caller", "scenarios": [{"name": "walk", "steps": steps, **more}]}


def _play(path: Path) -> Played:
    [played] = run_scenarios(path, run_due_jobs).played
    return played


DONE = {"complete": "U_in", "as": "brm"}


def test_called_bundles_come_first_whatever_they_are_named(tmp_path: Path) -> None:
    _write(tmp_path, "a_caller", caller__bpmn=CALLER)
    _write(tmp_path, "z_called", called__bpmn=CALLED)

    assert [bundle.area for bundle in read_bundles(tmp_path)] == ["z_called", "a_caller"]


def test_a_bundle_brings_those_along_that_it_calls(tmp_path: Path) -> None:
    walk = _scenarios(DONE, expect={"ended": "end"})
    folder = _write(tmp_path, "a_caller", caller__bpmn=CALLER, caller__scenarios__json=walk)
    _write(tmp_path, "z_called", called__bpmn=CALLED)
    _write(tmp_path, "broken", broken__bpmn=b"no diagram")

    assert _play(folder).failure is None


def test_a_task_that_is_done_already_is_refused_with_409(tmp_path: Path) -> None:
    late = {"refuse": "U_in", "as": "brm", "status": 409}
    walk = _scenarios(DONE, late)
    _write(tmp_path, "one", caller__bpmn=CALLER, called__bpmn=CALLED, c__scenarios__json=walk)

    assert _play(tmp_path).failure is None


@pytest.mark.parametrize(
    ("at", "failure"),
    [
        ("2026-03-02T09:00:00Z", None),
        ("2026-03-02", None),
        ("yesterday", 'The start "yesterday" is no moment; write 2026-03-02T09:00:00Z.'),
    ],
)
def test_the_beginning_is_a_moment(tmp_path: Path, at: str, failure: str | None) -> None:
    walk = _scenarios({"advance": "P1D"}, start={"at": at})
    _write(tmp_path, "one", caller__bpmn=CALLER, called__bpmn=CALLED, c__scenarios__json=walk)

    assert _play(tmp_path).failure == failure


@pytest.mark.parametrize("time", ["wd(3)", "P3D", "2026-03-05"])
def test_time_passes_in_working_days_too(tmp_path: Path, time: str) -> None:
    walk = _scenarios({"advance": time}, {"expect": {"open": ["U_in"]}}, DONE)
    _write(tmp_path, "one", caller__bpmn=CALLER, called__bpmn=CALLED, c__scenarios__json=walk)

    assert _play(tmp_path).failure is None
