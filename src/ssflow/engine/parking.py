"""Elements that cannot go on: parked in the tree with an incident, and set going again."""

from typing import Any
from uuid import UUID, uuid4

from ssflow.engine.faults import ElementError
from ssflow.engine.snapshot import IncidentKind
from ssflow.engine.spiff import (
    BoundaryEvent,
    BoundaryEventSplit,
    SpiffTask,
    TaskState,
    WorkflowException,
)
from ssflow.engine.tree import LiveWorkflow
from ssflow.engine.waiting import INCIDENT


def read_fault(error: Exception, task: SpiffTask | None) -> ElementError:
    """Turn whatever SpiffWorkflow raised into a fault of an element."""
    if isinstance(error, ElementError):
        fault = error
    elif isinstance(error, WorkflowException):
        is_choice = "No conditions satisfied" in str(error)
        kind = IncidentKind.CONDITION if is_choice else IncidentKind.ENGINE
        text = "No condition of the gateway holds, and it has no default flow."
        fault = ElementError(kind, text if is_choice else str(error))
    else:
        fault = ElementError(IncidentKind.ENGINE, f"{type(error).__name__}: {error}")
    return fault.at(task.task_spec.bpmn_id if task is not None else None)


def park(task: SpiffTask, fault: ElementError, *, when: str) -> None:
    """Park a task `before` or `after` its work, or a cycle of timers at a `tick`."""
    task.internal_data[INCIDENT] = {
        "id": uuid4().hex,
        "when": when,
        "kind": fault.kind.value,
        "message": fault.message,
        "line": fault.line,
        "source_line": fault.source_line,
        "activity": fault.activity_id or task.task_spec.bpmn_id or task.task_spec.name,
    }
    task._set_state(TaskState.STARTED)
    _interrupt(task)


def find_parked(workflow: LiveWorkflow, incident_id: UUID) -> SpiffTask | None:
    """Find a parked task by its incident's id, or by its own."""
    for tree in workflow.trees():
        for task in tree.open.values():
            incident: dict[str, Any] | None = task.internal_data.get(INCIDENT)
            if incident and incident_id.hex in (task.id, incident["id"]):
                return task
    return None


def unpark(task: SpiffTask) -> None:
    """Let a parked task go on from where it stopped."""
    incident = task.internal_data.pop(INCIDENT)
    if incident["when"] == "after":
        task.complete()
    elif incident["when"] == "tick":
        task._set_state(TaskState.WAITING)
        task.task_spec.event_definition.fire(task)
        task.task_spec._update(task)
    else:
        task._set_state(TaskState.READY)


def pass_by(task: SpiffTask) -> None:
    """Let the work of a parked task count as done."""
    del task.internal_data[INCIDENT]
    task.complete()


def _interrupt(event: SpiffTask) -> None:
    """An event that happened ends its activity, though what follows the event is faulty."""
    spec = event.task_spec
    if not isinstance(spec, BoundaryEvent) or not spec.cancel_activity:
        return
    above = event.parent
    if not isinstance(above.task_spec, BoundaryEventSplit):
        return
    for other in above.children:
        if other is not event and not other._state & TaskState.FINISHED_MASK:
            other.cancel()
