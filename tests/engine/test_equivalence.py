"""Pruned and reloaded at every step, an instance runs as one that keeps its whole history."""

import json
import os
from random import Random
from typing import Any

import pytest

from ssflow.engine import commands
from ssflow.engine.commands import Command
from ssflow.engine.execution import read_variables
from ssflow.engine.scripts import Sandbox
from ssflow.engine.snapshot import Snapshot
from tests.engine.cases import Case
from tests.engine.generated import Generator
from tests.engine.plain import Plain, ordered_changes

__all__ = ["ordered_changes"]

RUNS = int(os.environ.get("SSFLOW_EQUIVALENCE_RUNS", "150"))
FIRST_SEED = int(os.environ.get("SSFLOW_EQUIVALENCE_SEED", "1"))
MAX_COMMANDS = 40
VARIABLES = {"x": 1, "y": 2, "names": ["a"], "deep": {"left": 0, "right": 0}, "things": [1, 2, 3]}


@pytest.mark.usefixtures("ordered_changes")
@pytest.mark.parametrize("part", range(5))
def test_generated_diagrams_run_the_same_pruned_and_plain(sandbox: Sandbox, part: int) -> None:
    for seed in range(FIRST_SEED + part, FIRST_SEED + RUNS, 5):
        compare(sandbox, seed)


def compare(sandbox: Sandbox, seed: int) -> int:
    """Run one diagram both ways by the same random choices; give the number of commands."""
    case = Case(
        sandbox, {"p.bpmn": Generator(seed, depth=3 + seed % 2).make()}, fresh=seed % 4 == 0
    )
    plain = Plain(case.definition, case.surroundings)
    case.start(**json.loads(json.dumps(VARIABLES)))
    plain.do(commands.Start(json.loads(json.dumps(VARIABLES))))
    random = Random(seed)  # noqa: S311 - not a secret
    for done in range(MAX_COMMANDS):
        ours, theirs = describe(case), describe_plain(plain)
        assert ours == theirs, f"seed {seed}, after {done} commands"
        choices = sorted(ours["waiting"])
        if not choices:
            assert case.result.completed, f"seed {seed}: nothing waits, but it is not completed"
            return done
        place = random.randrange(len(choices))
        fields = make_fields(random)
        case.do(make_command(case.result.after, describe_waiting(case), place, fields))
        plain.do(make_command(plain.snapshot, describe_plain_waiting(plain), place, fields))
    return MAX_COMMANDS


def make_fields(random: Random) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "x": random.randint(0, 6),
        "y": random.randint(0, 6),
        "names": ["n"] * random.randint(0, 4),
        "deep": {"left": random.randint(0, 3), "right": 0},
    }
    return {name: fields[name] for name in random.sample(sorted(fields), random.randint(0, 3))}


def make_command(
    snapshot: Snapshot, waiting: list[tuple[str, Any]], place: int, fields: dict[str, Any]
) -> Command:
    """Act on the n-th waiting point in an order that does not depend on ids."""
    _, event_id = sorted(waiting, key=lambda pair: pair[0])[place]
    if event_id in snapshot.user_tasks:
        return commands.CompleteUserTask(event_id, fields)
    if event_id in snapshot.timers:
        return commands.FireTimer(event_id)
    return commands.CatchMessage(event_id, fields)


def describe(case: Case) -> dict[str, Any]:
    return {
        "waiting": [text for text, _ in sorted(describe_waiting(case))],
        "incidents": [incident.message for incident in case.incidents],
        "variables": case.variables,
        "completed": case.result.completed,
    }


def describe_plain(plain: Plain) -> dict[str, Any]:
    return {
        "waiting": [text for text, _ in sorted(describe_plain_waiting(plain))],
        "incidents": [],
        "variables": plain.variables,
        "completed": plain.workflow.completed,
    }


def describe_waiting(case: Case) -> list[tuple[str, Any]]:
    def data(task_id: Any) -> dict[str, Any]:
        return read_variables(case.definition, case.result.state, task_id)

    return _list_waiting(case.result.after, data)


def describe_plain_waiting(plain: Plain) -> list[tuple[str, Any]]:
    return _list_waiting(plain.snapshot, plain.data)


def _list_waiting(snapshot: Snapshot, data: Any) -> list[tuple[str, Any]]:
    tasks = [
        (f"{task.activity_id} {json.dumps(data(task.id), sort_keys=True)}", task.id)
        for task in snapshot.user_tasks.values()
    ]
    timers = [(f"{t.activity_id} {t.due_at}", t.id) for t in snapshot.timers.values()]
    messages = [(m.activity_id, m.id) for m in snapshot.messages.values()]
    return [*tasks, *timers, *messages]
