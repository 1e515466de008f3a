"""How each command moves an instance, and where a completion is parked if it cannot go on."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from ssflow.engine import commands
from ssflow.engine.events import FIRED, CycleTimer, FirstOf, Message
from ssflow.engine.faults import ElementError, TaskGoneError, UnfitDataError
from ssflow.engine.json_values import read_value_in, read_variables_in
from ssflow.engine.parking import find_parked, park, pass_by, unpark
from ssflow.engine.snapshot import IncidentKind
from ssflow.engine.specs import JOB
from ssflow.engine.spiff import BpmnEvent, SpiffTask, StartEvent, TaskState, TimerEventDefinition
from ssflow.engine.tree import LiveWorkflow
from ssflow.engine.waiting import INCIDENT, WaitingEvent, list_waiting_events

Note: TypeAlias = Callable[[SpiffTask], None]


class Move(Protocol):
    """A command on a live tree; it may be made again on a fresh one."""

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Do what the command says, up to where engine steps go on."""
        ...

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep what the command brought, on a fresh tree, with the fault beside it."""
        ...


def read_move(command: commands.Command) -> Move:
    """Check what a command brings and tell how it is carried out.

    Raises:
        UnfitDataError: what it brings cannot be kept.
    """
    return _MOVES[type(command)](command)


class Begin:
    """Start an instance; an event that the start waits for is taken as having come."""

    def __init__(self, command: commands.Start) -> None:
        self._variables = read_variables_in(command.variables, "The variables")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Reach the start event and pass it."""
        _reach_start(workflow, self._variables, note)
        for task in _list_waiting_starts(workflow):
            if isinstance(task.task_spec.event_definition, Message):
                task.internal_data[FIRED] = True
                task.task_spec._update(task)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the variables."""
        park(workflow.begin(self._variables), fault, when="before")


class BeginByMessage:
    """Start an instance with the message that its start event waits for."""

    def __init__(self, command: commands.StartByMessage) -> None:
        self._name = command.name
        self._payload = read_variables_in(command.payload, "The payload")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Reach the start event and hand it the message."""
        _reach_start(workflow, {}, note)
        for task in _list_waiting_starts(workflow):
            definition = task.task_spec.event_definition
            if isinstance(definition, Message) and definition.name == self._name:
                _hand_over(task, definition, self._payload)
                return
        raise UnfitDataError(f"The process does not start with the message {self._name}.")

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the payload, as variables."""
        park(workflow.begin(self._payload), fault, when="before")


class Complete:
    """Finish a user task with its form."""

    def __init__(self, command: commands.CompleteUserTask) -> None:
        self._task_id = command.task_id
        self._fields = read_variables_in(command.variables, "The form")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Store the form and go on."""
        task = self._take(workflow)
        task.run()
        note(task)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the form; the task is done, only what follows cannot be entered."""
        park(self._take(workflow), fault, when="after")

    def _take(self, workflow: LiveWorkflow) -> SpiffTask:
        task = workflow.find_task(self._task_id.hex)
        if task is None or task._state != TaskState.READY or not task.task_spec.manual:
            raise TaskGoneError(self._task_id)
        name = getattr(task.task_spec, "variable", None)
        task.data.update({name: self._fields} if name else self._fields)
        return task


class GoOff:
    """Let a timer go off."""

    def __init__(self, command: commands.FireTimer) -> None:
        self._event_id = command.task_id

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Fire it."""
        event = _find_event(workflow, self._event_id, TimerEventDefinition)
        self._fire(event)
        if isinstance(event.definition, CycleTimer):
            note(event.task)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep that it went off."""
        event = _find_event(workflow, self._event_id, TimerEventDefinition)
        is_cycle = isinstance(event.definition, CycleTimer)
        if not is_cycle:
            event.definition.fire(event.task)
        park(event.task, fault, when="tick" if is_cycle else "before")

    def _fire(self, event: WaitingEvent) -> None:
        task: Any = event.task
        if isinstance(task.task_spec.event_definition, FirstOf):
            task.task_spec.catch(task, BpmnEvent(event.definition))
        else:
            event.definition.fire(task)
        task.task_spec._update(task)
        if task._state == TaskState.WAITING and task.internal_data.get(FIRED):
            task.task_spec._update(task)  # a cycle that has gone round for the last time


class Catch:
    """Hand a message to the event that waits for it."""

    def __init__(self, command: commands.CatchMessage) -> None:
        self._event_id = command.task_id
        self._payload = read_variables_in(command.payload, "The payload")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Hand it over; an event sub-process begins with it."""
        event = _find_event(workflow, self._event_id, Message)
        task = event.task if event.task is not None else _begin_scope(event)
        _hand_over(task, event.definition, self._payload)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the message with the event."""
        event = _find_event(workflow, self._event_id, Message)
        if event.task is None:
            raise fault
        event.task.task_spec.catch(event.task, BpmnEvent(event.definition, self._payload))
        park(event.task, fault, when="before")


class Answer:
    """Give a service task the result of its outside operation."""

    def __init__(self, command: commands.AnswerOperation) -> None:
        self._task_id = command.task_id
        self._result = read_value_in(command.result, "The result")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Store the result and go on."""
        task = self._take(workflow)
        task.complete()
        note(task)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the result; the operation is not called again."""
        park(self._take(workflow), fault, when="after")

    def _take(self, workflow: LiveWorkflow) -> SpiffTask:
        task = _find_calling(workflow, self._task_id)
        del task.internal_data[JOB]
        task.task_spec.take(task, self._result)
        return task


class Fail:
    """Tell a service task that its outside operation failed for good."""

    def __init__(self, command: commands.FailOperation) -> None:
        self._command = command

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Let an error event catch it, if there is one."""
        task = self._take(workflow)
        task.task_spec.fail(task, self._command.message, self._command.code)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Stop at the service task; a retry calls the operation again."""
        park(self._take(workflow), fault, when="before")

    def _take(self, workflow: LiveWorkflow) -> SpiffTask:
        task = _find_calling(workflow, self._command.task_id)
        del task.internal_data[JOB]
        return task


class RunOn:
    """Run on from a parked element."""

    def __init__(self, command: commands.Retry) -> None:
        self._incident_id = command.task_id
        self._changes = read_variables_in(command.changes, "The changes")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Change the data and go on."""
        task = self._take(workflow)
        unpark(task)
        note(task)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the changes; the element is parked as before, with the new fault."""
        task = self._take(workflow)
        park(task, fault, when=task.internal_data[INCIDENT]["when"])

    def _take(self, workflow: LiveWorkflow) -> SpiffTask:
        task = find_parked(workflow, self._incident_id)
        if task is None:
            raise TaskGoneError(self._incident_id)
        task.data.update(self._changes)
        return task


class StopAt:
    """Park the element that a command is about, as if the command had failed there."""

    def __init__(self, command: commands.Park) -> None:
        self._move = read_move(command.command)
        self._message = command.message

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Fail at once."""
        raise ElementError(IncidentKind.ENGINE, self._message)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep what the command brought; a retry goes on from there."""
        self._move.park(workflow, fault)


class Leave:
    """Go on behind a parked element without doing its work."""

    def __init__(self, command: commands.PassBy) -> None:
        self._incident_id = command.task_id
        self._variables = read_variables_in(command.variables, "The variables")

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Keep what the element would have written, and go on."""
        task = self._take(workflow)
        pass_by(task)
        note(task)

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Keep the variables; the element is passed, only what follows cannot be entered."""
        park(self._take(workflow), fault, when="after")

    def _take(self, workflow: LiveWorkflow) -> SpiffTask:
        task = find_parked(workflow, self._incident_id)
        if task is None:
            raise TaskGoneError(self._incident_id)
        task.data.update(self._variables)
        return task


class GoOn:
    """Only run what can run."""

    def __init__(self, command: commands.Noop | None = None) -> None:
        pass

    def make(self, workflow: LiveWorkflow, note: Note) -> None:
        """Change nothing."""

    def park(self, workflow: LiveWorkflow, fault: ElementError) -> None:
        """Nothing was brought, so nothing can be kept."""
        raise fault


_MOVES: dict[type, Callable[[Any], Move]] = {
    commands.Start: Begin,
    commands.StartByMessage: BeginByMessage,
    commands.CompleteUserTask: Complete,
    commands.FireTimer: GoOff,
    commands.CatchMessage: Catch,
    commands.AnswerOperation: Answer,
    commands.FailOperation: Fail,
    commands.Retry: RunOn,
    commands.PassBy: Leave,
    commands.Park: StopAt,
    commands.Noop: GoOn,
}


def _reach_start(workflow: LiveWorkflow, variables: dict[str, Any], note: Note) -> None:
    root = workflow.begin(variables)
    root.run()
    note(root)


def _list_waiting_starts(workflow: LiveWorkflow) -> list[SpiffTask]:
    return [
        task
        for task in workflow.open.values()
        if task._state == TaskState.WAITING and isinstance(task.task_spec, StartEvent)
    ]


def _find_event(workflow: LiveWorkflow, event_id: UUID, kind: type) -> WaitingEvent:
    for event in list_waiting_events(workflow):
        if event.id == event_id and isinstance(event.definition, kind):
            return event
    raise TaskGoneError(event_id)


def _begin_scope(event: WaitingEvent) -> SpiffTask:
    tree = event.tree
    child_id = tree.spec.start.trigger_wf(tree.task_tree, event.scope_name)
    inner = tree.top_workflow.subprocesses[child_id]
    return next(t for t in inner.open.values() if t.task_spec.bpmn_id == event.element_id)


def _hand_over(task: SpiffTask, definition: Message, payload: dict[str, Any]) -> None:
    task.task_spec.catch(task, BpmnEvent(definition, payload))
    task.task_spec._update(task)


def _find_calling(workflow: LiveWorkflow, task_id: UUID) -> SpiffTask:
    task = workflow.find_task(task_id.hex)
    if task is None or task._state != TaskState.STARTED or JOB not in task.internal_data:
        raise TaskGoneError(task_id)
    return task
