"""Events as ssflow has them: timers by the calendar, messages by name and key, scoped errors."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ssflow.engine.faults import LONGEST_QUOTE, ElementError, shorten
from ssflow.engine.snapshot import IncidentKind, ThrownMessage
from ssflow.engine.spiff import (
    BoundaryEvent,
    BoundaryEventJoin,
    BoundaryEventSplit,
    BpmnEvent,
    CancelEventDefinition,
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    ErrorEventDefinition,
    EscalationEventDefinition,
    LoopTask,
    MessageEventDefinition,
    MultipleEventDefinition,
    SpiffTask,
    TaskSpec,
    TaskState,
    TimeDateEventDefinition,
    TimerEventDefinition,
)
from ssflow.errors import InvalidInputError

MAX_KEY_CHARACTERS = 200
FIRED = "event_fired"
_DUE = "due"
_KEYS = "keys"
_SEEN = "seen_events"
_CYCLE = re.compile(
    r"[Rr](?P<cycles>\d{0,9})/(?:(?P<begins>[^/]+)/)?(?P<every>P[\dYMWDTHS]+|wd\(\s*[1-9]\d*\s*\))",
    re.ASCII,
)
_LAST_YEAR = 9_998
"""One before the calendar's last, since in another time zone it may be next year already."""


class _Due:
    """A timer with one moment, fixed when the event is reached.

    It goes off when it is told to; only one that is due already when it is reached goes off alone.
    """

    element_id: str

    def has_fired(self: Any, my_task: SpiffTask) -> bool:
        """Tell whether the timer went off."""
        if _find_due(my_task, self.element_id) is None:
            due = _read_due(self, my_task, self.expression)
            my_task.internal_data.setdefault(_DUE, {})[self.element_id] = due.isoformat()
            if due <= my_task.workflow.script_engine.now:
                my_task.internal_data[FIRED] = True
        return bool(my_task.internal_data.get(FIRED))

    def find_due(self, my_task: SpiffTask) -> datetime | None:
        """Tell when the timer will go off, if it waits."""
        return _find_due(my_task, self.element_id)

    def fire(self, my_task: SpiffTask) -> None:
        """Let the timer go off."""
        my_task.internal_data[FIRED] = True

    def reset(self, my_task: SpiffTask) -> None:
        """Forget that it went off."""
        my_task.internal_data.pop(FIRED, None)
        my_task.internal_data.pop(_DUE, None)


class DateTimer(_Due, TimeDateEventDefinition):
    """A timer for a date."""


class DurationTimer(_Due, DurationTimerEventDefinition):
    """A timer for a length of time, working days among them."""


class CycleTimer(CycleTimerEventDefinition):
    """A timer that goes off again and again: `R3/P1D`, `R/P1W`, `R2/2026-05-01T09:00/PT1H`."""

    element_id: str

    def cycle_complete(self, my_task: SpiffTask) -> bool:
        """Tell whether it is time for another round; count it."""
        value = my_task.internal_data.get("event_value")
        if value is None:
            value = self._begin(my_task)
        ticks = bool(my_task.internal_data.pop("tick", None))
        if ticks:
            value = self._count(my_task, value)
        my_task.internal_data["event_value"] = value
        if value["cycles"] == 0:
            my_task.internal_data[FIRED] = True
        return ticks

    def update_task(self, my_task: SpiffTask) -> None:
        """Set going what the event leads to, when it is time for another round."""
        if self.cycle_complete(my_task):
            for output in list_entered(my_task.task_spec):
                child = my_task._add_child(output, TaskState.FUTURE)
                output._predict(child, mask=TaskState.NOT_FINISHED_MASK)
                output._update(child)

    def find_due(self, my_task: SpiffTask) -> datetime | None:
        """Tell when it will go off next, if it waits."""
        value = my_task.internal_data.get("event_value")
        if value is None or value["cycles"] == 0:
            return None
        return datetime.fromisoformat(value["next"])

    def fire(self, my_task: SpiffTask) -> None:
        """Let it go off once."""
        my_task.internal_data["tick"] = True

    def _begin(self, my_task: SpiffTask) -> dict[str, Any]:
        text = _read_text(self, my_task, self.expression)
        match = _CYCLE.fullmatch(text.strip())
        if match is None:
            raise self._refuse(f'"{text}" is no repeating timer; write for example R3/P1D.')
        cycles = int(match["cycles"]) if match["cycles"] else -1
        if cycles == 0:
            raise self._refuse(f'"{text}" would never go off; write R for ever, or R3 for three.')
        every, begins = match["every"], match["begins"]
        first = _parse_due(self, my_task, begins or every)
        value = {"cycles": cycles, "first": first.isoformat(), "every": every, "n": 0}
        if self._tick(my_task, value, 1) <= first:
            raise self._refuse(f'"{text}" repeats without any time between.')
        n = self._first_to_come(my_task, value) if begins else 0
        return {**value, "n": n, "next": self._tick(my_task, value, n).isoformat()}

    def _count(self, my_task: SpiffTask, value: Mapping[str, Any]) -> dict[str, Any]:
        n = value["n"] + 1
        following = self._tick(my_task, value, n)
        cycles = value["cycles"] - 1 if value["cycles"] > 0 else value["cycles"]
        return {**value, "cycles": cycles, "n": n, "next": following.isoformat()}

    def _tick(self, my_task: SpiffTask, value: Mapping[str, Any], n: int) -> datetime:
        """Tell when it goes off for the n-th time after the first one.

        Counted from the first time, so that months keep their day and days their hour.
        """
        first = datetime.fromisoformat(value["first"])
        if n == 0:
            return first
        text = re.sub(r"\d+", lambda part: str(int(part[0]) * n), value["every"])
        return _parse_due(self, my_task, text, at=first)

    def _first_to_come(self, my_task: SpiffTask, value: Mapping[str, Any]) -> int:
        """Find the first time that is not over when the timer is reached, by halving."""
        now = my_task.workflow.script_engine.now
        over, to_come = -1, 0
        while self._tick(my_task, value, to_come) < now:
            over, to_come = to_come, max(1, to_come * 2)
        while to_come - over > 1:
            middle = (over + to_come) // 2
            if self._tick(my_task, value, middle) < now:
                over = middle
            else:
                to_come = middle
        return to_come

    def _refuse(self, message: str) -> ElementError:
        return ElementError(IncidentKind.EXPRESSION, message, activity_id=self.element_id)


class Message(MessageEventDefinition):
    """A message: sent out of the instance, or waited for by name and key."""

    element_id: str
    key_expression: str | None

    def catches(self, my_task: SpiffTask, event: BpmnEvent) -> bool:
        """Tell whether the event is this message."""
        return bool(self == event.event_definition)

    def catch(self, my_task: SpiffTask, event: Any = None) -> None:
        """Take a message's payload."""
        my_task.internal_data[self.name] = event.payload
        my_task.internal_data[FIRED] = True

    def update_task(self, my_task: SpiffTask) -> None:
        """Work out the key to wait for, once."""
        if self.key_expression is None or self.element_id in my_task.internal_data.get(_KEYS, {}):
            return
        key = my_task.workflow.script_engine.evaluate(my_task, self.key_expression)
        my_task.internal_data.setdefault(_KEYS, {})[self.element_id] = _as_key(key, self.element_id)

    def find_key(self, my_task: SpiffTask) -> str | None:
        """Find the key that was worked out, if the diagram gives one."""
        key: str | None = my_task.internal_data.get(_KEYS, {}).get(self.element_id)
        return key

    def hand_on_key(self, my_task: SpiffTask, to: SpiffTask) -> None:
        """Let another task wait for the key that this one waited for."""
        if _KEYS in my_task.internal_data:
            to.internal_data[_KEYS] = dict(my_task.internal_data[_KEYS])

    def update_task_data(self, my_task: SpiffTask) -> None:
        """Put the payload into the variables: as one object, or field by field."""
        if self.name not in my_task.internal_data:
            return  # the instance was started without the message
        payload = my_task.internal_data.pop(self.name)
        if self.message_var is not None:
            my_task.data[self.message_var] = payload
        elif isinstance(payload, dict):
            my_task.data.update(payload)

    def throw(self, my_task: SpiffTask) -> None:
        """Send the message: it leaves with the step."""
        engine = my_task.workflow.script_engine
        payload = engine.evaluate(my_task, self.expression) if self.expression else {}
        if not isinstance(payload, dict):
            message = "The payload of a message must be an object with named fields."
            raise ElementError(IncidentKind.EXPRESSION, message, activity_id=self.element_id)
        key = self._key_to_send(my_task, payload)
        engine.thrown.append(ThrownMessage(self.name, key, payload, self.element_id))

    def reset(self, my_task: SpiffTask) -> None:
        """Forget the message that was caught."""
        my_task.internal_data.pop(FIRED, None)
        my_task.internal_data.pop(_KEYS, None)
        my_task.internal_data.pop(self.name, None)

    def _key_to_send(self, my_task: SpiffTask, payload: Mapping[str, Any]) -> str | None:
        engine = my_task.workflow.script_engine
        if self.key_expression is not None:
            return _as_key(engine.evaluate(my_task, self.key_expression), self.element_id)
        if self.correlation_properties:
            expression = self.correlation_properties[0].retrieval_expression
            return _as_key(engine.environment.evaluate(expression, payload), self.element_id)
        return _as_key(engine.business_key, self.element_id)


class FirstOf(MultipleEventDefinition):
    """What an event-based gateway waits for: whichever of its events comes first."""

    def has_fired(self, my_task: SpiffTask) -> bool:
        """Tell whether one of the events came."""
        seen: list[Any] = my_task.internal_data.setdefault(_SEEN, [])
        for definition in self.event_definitions:
            if seen:
                break
            if isinstance(definition, TimerEventDefinition) and definition.has_fired(my_task):
                seen.append(BpmnEvent(definition))
        return bool(seen)

    def catch(self, my_task: SpiffTask, event: Any = None) -> None:
        """Take the event that came."""
        my_task.internal_data[_SEEN] = [event]

    def update_task(self, my_task: SpiffTask) -> None:
        """Let messages work out the keys they wait for."""
        for definition in self.event_definitions:
            definition.update_task(my_task)

    def reset(self, my_task: SpiffTask) -> None:
        """Forget what came."""
        for name in (_SEEN, FIRED, _DUE, _KEYS):
            my_task.internal_data.pop(name, None)


class ScopedError(ErrorEventDefinition):
    """An error that is caught by the nearest error event around the scope where it happens."""

    def throw(self, my_task: SpiffTask) -> None:
        """Raise the error out of its sub-process."""
        catch_error(_find_scope(my_task), self.code, _evaluate_payload(self, my_task))


class ScopedEscalation(EscalationEventDefinition):
    """An escalation: only the nearest event around it that fits hears of it."""

    def throw(self, my_task: SpiffTask) -> None:
        """Tell the scopes around."""
        payload = _evaluate_payload(self, my_task)
        _catch_nearest(_find_scope(my_task), EscalationEventDefinition, self.code, payload)


class ScopedCancel(CancelEventDefinition):
    """The end of a transaction that takes back this one, not others beside it."""

    def throw(self, my_task: SpiffTask, **kwargs: Any) -> None:
        """Leave the transaction by its cancel event."""
        _catch_nearest(_find_scope(my_task), CancelEventDefinition, None, {})


def catch_error(task: SpiffTask | None, code: str | None, payload: Any) -> bool:
    """Let the nearest error event around a task catch an error, if there is one."""
    return _catch_nearest(task, ErrorEventDefinition, code, payload)


def _catch_nearest(task: SpiffTask | None, kind: type, code: str | None, payload: Any) -> bool:
    """Let one event on the border of a task, or of the scopes around it, catch what happened."""
    while task is not None:
        event = _find_catching(task, kind, code)
        if event is not None:
            event.task_spec.catch(event, BpmnEvent(event.task_spec.event_definition, payload))
            event.task_spec._update(event)
            return True
        task = _find_scope(task)
    return False


def _find_catching(task: SpiffTask, kind: type, code: str | None) -> SpiffTask | None:
    """Find the event on the border of a task: the one for this code, else the one for any."""
    events: dict[str | None, SpiffTask] = {}
    for event in _boundary_events(task):
        definition = event.task_spec.event_definition
        if isinstance(definition, kind):
            events.setdefault(getattr(definition, "code", None), event)
    return events.get(code) or events.get(None)


def _find_scope(task: SpiffTask) -> SpiffTask | None:
    """Find the task of the sub-process or call that a task happens in."""
    return getattr(task.workflow, "parent_task", None)


def _evaluate_payload(definition: Any, my_task: SpiffTask) -> Any:
    engine = my_task.workflow.script_engine
    return engine.evaluate(my_task, definition.expression) if definition.expression else {}


def list_entered(spec: TaskSpec) -> list[TaskSpec]:
    """List what an event that does not interrupt leads to; its activity's end is none of it."""
    return [output for output in spec.outputs if not isinstance(output, BoundaryEventJoin)]


def _boundary_events(task: SpiffTask) -> list[SpiffTask]:
    """List the events that wait on the border of an activity."""
    above = task.parent
    if above is not None and isinstance(above.task_spec, LoopTask):
        above = above.parent
    if above is None or not isinstance(above.task_spec, BoundaryEventSplit):
        return []
    return [
        event
        for event in above.children
        if isinstance(event.task_spec, BoundaryEvent) and event._state == TaskState.WAITING
    ]


def _find_due(my_task: SpiffTask, element_id: str) -> datetime | None:
    text = my_task.internal_data.get(_DUE, {}).get(element_id)
    return datetime.fromisoformat(text) if text is not None else None


def _read_due(definition: Any, my_task: SpiffTask, expression: str) -> datetime:
    return _parse_due(definition, my_task, _read_text(definition, my_task, expression))


def _read_text(definition: Any, my_task: SpiffTask, expression: str) -> str:
    try:
        value = my_task.workflow.script_engine.evaluate(my_task, expression)
    except ElementError as fault:
        fault.activity_id = definition.element_id
        raise
    if not isinstance(value, str):
        message = f'A timer needs a text like "P14D" or a date, not {shorten(repr(value))}.'
        raise ElementError(IncidentKind.EXPRESSION, message, activity_id=definition.element_id)
    if len(value) > LONGEST_QUOTE:
        message = f'"{shorten(value)}" is too long for the time of a timer.'
        raise ElementError(IncidentKind.EXPRESSION, message, activity_id=definition.element_id)
    return value


def _parse_due(
    definition: Any, my_task: SpiffTask, text: str, *, at: datetime | None = None
) -> datetime:
    engine = my_task.workflow.script_engine
    try:
        due: datetime = engine.calendar.parse_due(text, at or engine.now)
    except InvalidInputError as error:
        raise ElementError(
            IncidentKind.EXPRESSION, error.message, activity_id=definition.element_id
        ) from None
    if due.year > _LAST_YEAR:
        message = f'"{text}" is further away than the year {_LAST_YEAR}.'
        raise ElementError(IncidentKind.EXPRESSION, message, activity_id=definition.element_id)
    return due


def _as_key(value: Any, element_id: str) -> str | None:
    key = None if value is None else str(value)
    if len(key or "") > MAX_KEY_CHARACTERS:
        message = f"The key of a message may have {MAX_KEY_CHARACTERS} characters: {key}"
        raise ElementError(IncidentKind.EXPRESSION, shorten(message), activity_id=element_id)
    return key
