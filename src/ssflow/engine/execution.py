"""The one entry by which an instance moves: a command in, the new state and what happened out."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ssflow.engine.commands import Command
from ssflow.engine.definition_cache import Definition
from ssflow.engine.faults import SandboxBusyError as SandboxBusyError
from ssflow.engine.faults import TaskGoneError as TaskGoneError
from ssflow.engine.moves import read_move
from ssflow.engine.parking import find_parked
from ssflow.engine.running import Run
from ssflow.engine.saved_state import load_state
from ssflow.engine.snapshot import Snapshot, ThrownMessage, Trail
from ssflow.engine.surroundings import Surroundings as Surroundings
from ssflow.engine.variables import collect_variables


@dataclass(frozen=True)
class StepResult:
    """What a step came to; `state` is what the next step starts from."""

    state: bytes
    before: Snapshot
    after: Snapshot
    trail: Trail
    variables: dict[str, Any]
    completed: bool
    end_event: str | None
    thrown: tuple[ThrownMessage, ...]


def step(
    definition: Definition, state: bytes | None, command: Command, surroundings: Surroundings
) -> StepResult:
    """Carry out a command on an instance and run it to where it waits next.

    Faults in the diagram become incidents; they are not raised.

    Raises:
        TaskGoneError: what the command is about waits no more.
        UnfitDataError: what the command brings cannot be kept.
        SandboxBusyError: no worker for scripts became free; nothing was done.
    """
    run = Run(definition, state, surroundings)
    before = run.take_snapshot() if state is not None else Snapshot()
    run.move(read_move(command))
    workflow = run.workflow
    return StepResult(
        state=run.state,
        before=before,
        after=Snapshot() if workflow.completed else run.take_snapshot(),
        trail=run.recorder.trail(),
        variables=collect_variables(workflow),
        completed=workflow.completed,
        end_event=workflow.last_end,
        thrown=tuple(run.engine.thrown),
    )


def read_variables(definition: Definition, state: bytes, task_id: UUID | None) -> dict[str, Any]:
    """Read the variables of one open task, or of the instance.

    Raises:
        TaskGoneError: there is no such task.
    """
    workflow = load_state(state, definition, None)
    if task_id is None:
        return collect_variables(workflow)
    task = workflow.find_task(task_id.hex) or find_parked(workflow, task_id)
    if task is None:
        raise TaskGoneError(task_id)
    return dict(task.data)
