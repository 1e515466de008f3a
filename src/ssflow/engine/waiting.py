"""What an instance waits for: found in its tree, told as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from ssflow.engine.events import Message
from ssflow.engine.opening import describe_user_task
from ssflow.engine.snapshot import (
    IncidentKind,
    ParkedIncident,
    Snapshot,
    WaitingMessage,
    WaitingOperation,
    WaitingTimer,
    WaitingUserTask,
)
from ssflow.engine.specs import JOB
from ssflow.engine.spiff import (
    BoundaryEvent,
    BoundaryEventSplit,
    CatchingEvent,
    EventBasedGateway,
    SpiffTask,
    TaskState,
    TimerEventDefinition,
)
from ssflow.engine.tree import LiveWorkflow

INCIDENT = "incident"


@dataclass(frozen=True)
class WaitingEvent:
    """An event that waits; `task` is None for an event sub-process that has not begun."""

    id: UUID
    element_id: str
    definition: Any
    tree: Any
    task: SpiffTask | None = None
    scope_name: str | None = None


def take_snapshot(
    workflow: LiveWorkflow,
    *,
    business_key: str | None,
    opened: Mapping[str, Mapping[str, Any]] | None = None,
) -> Snapshot:
    """Tell everything that an instance waits for.

    `opened` holds the properties of user tasks that opened in this step.
    """
    snapshot = _Gathered({}, {}, {}, {}, {})
    for tree in workflow.trees():
        for task in tree.open.values():
            _gather(snapshot, task, opened or {})
    for event in list_waiting_events(workflow):
        _gather_event(snapshot, event, business_key)
    return Snapshot(
        snapshot.user_tasks,
        snapshot.timers,
        snapshot.messages,
        snapshot.operations,
        snapshot.incidents,
    )


def list_waiting_events(workflow: LiveWorkflow) -> Iterator[WaitingEvent]:
    """List the events that wait, each part of an event-based gateway by itself."""
    for tree in workflow.trees():
        for task in tree.open.values():
            if task._state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
                yield from _list_events_of(task)
        yield from _list_event_scopes(tree)


def is_completion_parked(task: SpiffTask) -> bool:
    """Tell whether a task is done but could not enter what follows."""
    incident = task.internal_data.get(INCIDENT)
    return incident is not None and incident["when"] == "after"


def _list_events_of(task: SpiffTask) -> Iterator[WaitingEvent]:
    above = task.parent
    if isinstance(above.task_spec, BoundaryEventSplit) and _is_activity_done(above):
        return
    spec = task.task_spec
    if not isinstance(spec, EventBasedGateway):
        event_id = UUID(hex=task.id)
        yield WaitingEvent(event_id, spec.bpmn_id, spec.event_definition, task.workflow, task)
        return
    for definition in spec.event_definition.event_definitions:
        event_id = uuid5(UUID(hex=task.id), definition.element_id)
        yield WaitingEvent(event_id, definition.element_id, definition, task.workflow, task)


def _is_activity_done(split: SpiffTask) -> bool:
    """Tell whether the activity of border events is done, though its completion is parked."""
    return any(
        is_completion_parked(task)
        for task in split.children
        if not isinstance(task.task_spec, BoundaryEvent) or task.task_spec.cancel_activity
    )


def _list_event_scopes(tree: Any) -> Iterator[WaitingEvent]:
    for name in tree.spec.start.trigger_specs:
        for start in tree.top_workflow.subprocess_specs[name].bpmn_start_events:
            event_id = uuid5(UUID(hex=tree.task_tree.id), start.bpmn_id)
            yield WaitingEvent(
                event_id, start.bpmn_id, start.event_definition, tree, scope_name=name
            )


@dataclass(frozen=True)
class _Gathered:
    user_tasks: dict[UUID, WaitingUserTask]
    timers: dict[UUID, WaitingTimer]
    messages: dict[UUID, WaitingMessage]
    operations: dict[UUID, WaitingOperation]
    incidents: dict[UUID, ParkedIncident]


def _gather(snapshot: _Gathered, task: SpiffTask, opened: Mapping[str, Mapping[str, Any]]) -> None:
    if task._state == TaskState.READY and task.task_spec.manual:
        user_task = describe_user_task(task, opened.get(task.id))
        snapshot.user_tasks[user_task.id] = user_task
    elif task._state == TaskState.STARTED and INCIDENT in task.internal_data:
        incident = _describe_incident(task, task.internal_data[INCIDENT])
        snapshot.incidents[incident.id] = incident
    elif task._state == TaskState.STARTED and JOB in task.internal_data:
        operation = _describe_operation(task)
        snapshot.operations[operation.id] = operation


def _gather_event(snapshot: _Gathered, event: WaitingEvent, business_key: str | None) -> None:
    definition = event.definition
    if isinstance(definition, TimerEventDefinition) and event.task is not None:
        due_at = definition.find_due(event.task)
        if due_at is not None:
            snapshot.timers[event.id] = WaitingTimer(event.id, event.element_id, due_at)
    elif isinstance(definition, Message):
        key = definition.find_key(event.task) if event.task is not None else None
        if definition.key_expression is None:
            key = business_key
        snapshot.messages[event.id] = WaitingMessage(
            event.id, event.element_id, definition.name, key
        )


def _describe_incident(task: SpiffTask, incident: Mapping[str, Any]) -> ParkedIncident:
    return ParkedIncident(
        id=UUID(hex=incident["id"]),
        activity_id=incident["activity"],
        kind=IncidentKind(incident["kind"]),
        message=incident["message"],
        line=incident["line"],
        source_line=incident["source_line"],
        variables=task.data,
    )


def _describe_operation(task: SpiffTask) -> WaitingOperation:
    spec = task.task_spec
    return WaitingOperation(
        UUID(hex=task.id),
        spec.bpmn_id,
        spec.operation_name,
        task.internal_data[JOB],
        spec.retries,
        spec.retry_backoff_base,
    )
