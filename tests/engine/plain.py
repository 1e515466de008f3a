"""The same definition on SpiffWorkflow's own tree: no pruning, no reload, every guess kept.

Only what our elements ask of a tree is added, so that both ways run the same elements.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from ssflow.engine.commands import Command
from ssflow.engine.definition_cache import Definition
from ssflow.engine.moves import read_move
from ssflow.engine.scripts import ScriptEngine
from ssflow.engine.snapshot import Snapshot
from ssflow.engine.spiff import OPEN, BpmnSubWorkflow, BpmnWorkflow, SpiffTask, TaskState
from ssflow.engine.surroundings import Surroundings
from ssflow.engine.variables import collect_variables
from ssflow.engine.waiting import take_snapshot


class _PlainTree:
    """What our elements know a tree by."""

    settled: dict[str, Any]

    @property
    def open(self: Any) -> dict[Any, SpiffTask]:
        return {task.id: task for task in self.tasks.values() if task.state & OPEN}

    def _task_removed_notify(self: Any, task: SpiffTask) -> None:
        self.top_workflow.event_manager.remove_task(task)
        inner = self.top_workflow.subprocesses.pop(task.id, None)
        if inner is not None:
            inner.cancel()


class _PlainSubWorkflow(_PlainTree, BpmnSubWorkflow):
    def __init__(self, spec: Any, parent_task: SpiffTask, top: Any) -> None:
        self.settled = {}
        self.parent_task = parent_task
        super().__init__(spec, parent_task.id, top)
        self.completed_event.connect(parent_task.task_spec._on_subworkflow_completed, parent_task)


class _PlainWorkflow(_PlainTree, BpmnWorkflow):
    def __init__(self, definition: Definition, engine: ScriptEngine) -> None:
        self.settled = {}
        super().__init__(definition.spec, dict(definition.subprocess_specs), script_engine=engine)

    def begin(self, variables: dict[str, Any]) -> SpiffTask:
        self.task_tree.data = variables
        return self.task_tree

    def trees(self) -> list[Any]:
        return [self, *(inner for inner in self.subprocesses.values() if not inner.completed)]

    def find_task(self, task_id: str) -> SpiffTask | None:
        return next((t.tasks[task_id] for t in self.trees() if task_id in t.tasks), None)

    def create_subprocess(self, my_task: SpiffTask, spec_name: str) -> _PlainSubWorkflow:
        inner = _PlainSubWorkflow(self.subprocess_specs[spec_name], my_task, self)
        self.subprocesses[my_task.id] = inner
        if not my_task.children:  # nobody guesses what follows an event sub-process
            my_task.task_spec._predict(my_task, mask=TaskState.NOT_FINISHED_MASK)
        return inner

    def run_on(self) -> None:
        """Run engine tasks in the order in which they became ready."""
        while ready := list(self._list_ready()):
            task = min(ready, key=lambda task: task.last_state_change)
            task.run()

    def _list_ready(self) -> Iterator[SpiffTask]:
        for tree in self.trees():
            for task in tree.tasks.values():
                if task.state == TaskState.READY and not task.task_spec.manual:
                    yield task


class Plain:
    """An instance that is never saved."""

    def __init__(self, definition: Definition, surroundings: Surroundings) -> None:
        self.engine = ScriptEngine(surroundings)
        self.workflow = _PlainWorkflow(definition, self.engine)

    def do(self, command: Command) -> None:
        self.engine.environment.begin_anew()
        self.engine.begun_instances = 0
        read_move(command).make(self.workflow, lambda task: None)
        self.workflow.run_on()

    @property
    def snapshot(self) -> Snapshot:
        return take_snapshot(self.workflow, business_key=None)

    @property
    def variables(self) -> dict[str, Any]:
        return collect_variables(self.workflow)

    def data(self, task_id: UUID) -> dict[str, Any]:
        task: Any = self.workflow.find_task(task_id.hex)
        return dict(task.data)


class _Ticks:
    """A clock whose every reading is later than the one before."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def time(self) -> int:
        return next(self._numbers)


@pytest.fixture
def ordered_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SpiffWorkflow's own tasks have ids and an exact order of changes, as ours have."""
    monkeypatch.setattr("SpiffWorkflow.task.time", _Ticks())
    monkeypatch.setattr("SpiffWorkflow.task.uuid4", lambda: uuid4().hex)
