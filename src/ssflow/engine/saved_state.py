"""An instance as bytes: its live task tree as plain JSON, without the definition."""

import json
from collections.abc import Mapping
from typing import Any

from ssflow.engine.definition_cache import Definition
from ssflow.engine.scripts import ScriptEngine
from ssflow.engine.spiff import (
    OPEN,
    BpmnEvent,
    CatchingEvent,
    EventBasedGateway,
    SpiffTask,
    TaskState,
)
from ssflow.engine.tree import LiveSubWorkflow, LiveTask, LiveWorkflow
from ssflow.errors import ConflictError

FORMAT = 1

_SEEN = "seen_events"


class UnknownFormatError(ConflictError):
    """The state was saved by another version of ssflow, in a format that this one cannot read."""

    def __init__(self, number: object) -> None:
        super().__init__(f"The state has format {number}; this version reads format {FORMAT}.")


class DefinitionMismatchError(ConflictError):
    """The state has an element that the definition does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The definition has no element {name}, which the instance has reached.")
        self.name = name


def dump_state(workflow: LiveWorkflow) -> bytes:
    """Write an instance down."""
    inner = [
        [parent_id, _dump_tree(tree, tree.parent_task.data)]
        for parent_id, tree in workflow.subprocesses.items()
        if _is_needed(tree)
    ]
    state = {
        "format": FORMAT,
        "changes": workflow.changes,
        "last_end": workflow.last_end,
        "main": _dump_tree(workflow, {}),
        "inner": inner,
    }
    return json.dumps(state, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def load_state(state: bytes, definition: Definition, engine: ScriptEngine | None) -> LiveWorkflow:
    """Bring an instance back to life.

    Raises:
        UnknownFormatError: another version of ssflow saved it.
        DefinitionMismatchError: the definition is not the one that it was saved with.
    """
    saved = json.loads(state)
    if saved.get("format") != FORMAT:
        raise UnknownFormatError(saved.get("format"))
    workflow = LiveWorkflow(definition.spec, dict(definition.subprocess_specs), engine)
    _load_tree(workflow, saved["main"], {})
    for parent_id, tree in saved["inner"]:
        _load_inner(workflow, parent_id, tree)
    workflow.changes = saved["changes"]
    workflow.last_end = saved["last_end"]
    return workflow


def _is_needed(tree: LiveSubWorkflow) -> bool:
    return not tree.completed or not tree.parent_task._state & TaskState.FINISHED_MASK


def _dump_tree(tree: Any, around: Mapping[str, Any]) -> dict[str, Any]:
    """Write a tree; its root tells what it changes against the data `around` the tree."""
    places = {task_id: place for place, task_id in enumerate(tree.tasks)}
    rows = [_dump_task(task, places, around) for task in tree.tasks.values()]
    saved: dict[str, Any] = {"tasks": rows}
    if tree.completed:
        saved["completed"] = True
    for name in ("data", "settled"):
        if getattr(tree, name):
            saved[name] = getattr(tree, name)
    return saved


def _dump_task(task: SpiffTask, places: Mapping[str, int], around: Mapping[str, Any]) -> list[Any]:
    parent = task.parent
    changed, dropped = _changes(parent.data if parent is not None else around, task.data)
    row = [
        task.id,
        places[parent.id] if parent is not None else None,
        task.task_spec.name,
        task._state,
        task.last_state_change,
        int(task.triggered),
        _dump_marks(task),
        changed,
    ]
    if dropped:
        row.append(dropped)
    return row


def _changes(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Tell what a task's data changes against its parent's; None when it has none at all."""
    if not new:
        return None, []
    changed = {
        key: value
        for key, value in new.items()
        if key not in old or (old[key] is not value and old[key] != value)
    }
    return changed, [key for key in old if key not in new]


def _dump_marks(task: SpiffTask) -> dict[str, Any] | None:
    """Give what the engine noted on a task that is not finished."""
    marks = task.internal_data
    if not marks or task._state & TaskState.FINISHED_MASK:
        return None
    if not marks.get(_SEEN):
        return {name: value for name, value in marks.items() if name != _SEEN} or None
    definitions = task.task_spec.event_definition.event_definitions
    seen = [[definitions.index(e.event_definition), e.payload] for e in marks[_SEEN]]
    return {**marks, _SEEN: seen}


def _load_tree(tree: Any, saved: Mapping[str, Any], around: Mapping[str, Any]) -> None:
    tasks: list[SpiffTask] = []
    for row in saved["tasks"]:
        tasks.append(_load_task(tree, row, tasks, around))
    tree.task_tree = tasks[0]
    tree.completed = saved.get("completed", False)
    tree.data = saved.get("data", {})
    tree.settled = saved.get("settled", {})


def _load_task(
    tree: Any, row: list[Any], tasks: list[SpiffTask], around: Mapping[str, Any]
) -> SpiffTask:
    task_id, place, name, state, changed_at, triggered, marks, changed, *dropped = row
    spec = tree.spec.task_specs.get(name)
    if spec is None:
        raise DefinitionMismatchError(name)
    parent = tasks[place] if place is not None else None
    task = LiveTask(tree, spec, parent, state, task_id)
    task.last_state_change = changed_at
    task.triggered = bool(triggered)
    if marks:
        task.internal_data = _load_marks(spec, marks)
    if changed is not None:
        task.data = {**(parent.data if parent is not None else around), **changed}
        for key in dropped[0] if dropped else ():
            task.data.pop(key, None)
    if state == TaskState.WAITING and isinstance(spec, CatchingEvent):
        tree.top_workflow.event_manager.add_task(task)
    return task


def _load_marks(spec: Any, marks: dict[str, Any]) -> dict[str, Any]:
    if _SEEN in marks and isinstance(spec, EventBasedGateway):
        definitions = spec.event_definition.event_definitions
        marks[_SEEN] = [BpmnEvent(definitions[place], payload) for place, payload in marks[_SEEN]]
    return marks


def _load_inner(workflow: LiveWorkflow, parent_id: str, saved: Mapping[str, Any]) -> None:
    parent = workflow.find_task(parent_id)
    if parent is None or not parent._state & OPEN:
        return
    spec = workflow.subprocess_specs.get(parent.task_spec.spec)
    if spec is None:
        raise DefinitionMismatchError(parent.task_spec.name)
    inner = LiveSubWorkflow(spec, parent, workflow)
    workflow.subprocesses[parent_id] = inner
    _load_tree(inner, saved, parent.data)
