"""User tasks that open: their properties, with expressions worked out once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ssflow.engine.faults import ElementError, shorten
from ssflow.engine.rules.times import NO_REMINDER, is_due
from ssflow.engine.snapshot import IncidentKind, WaitingUserTask
from ssflow.engine.specs import get_properties
from ssflow.engine.spiff import SpiffTask
from ssflow.ids import read_id

OPENED = "opened"

_LONGEST_NAME = 200
_MOST_EXCLUDED, _LONGEST_ID = 50, 40  # an index holds them all
_MOST_PRIORITY = 9_999
_NO_ROLE = (None, "initiator")
_EVALUATED = ("role", "assignee", "exclude", "due", "remind", "esc", "priority", "form")


def open_user_task(task: SpiffTask) -> dict[str, Any]:
    """Work out the expressions in a user task's properties and mark it as opened.

    Raises:
        ElementError: one of them failed, or gave what the property cannot be.
    """
    texts = {
        name: text.removeprefix("=")
        for name, text in get_properties(task.task_spec).items()
        if name in _EVALUATED and text.startswith("=")
    }
    values = task.workflow.script_engine.evaluate_all(task, texts) if texts else {}
    opened = describe_user_task(task, values)
    if "role" in texts or "assignee" in texts:
        _require_somebody(opened)
    task.internal_data[OPENED] = True
    return values


def _require_somebody(task: WaitingUserTask) -> None:
    if task.role is None and read_id(task.assignee) is None and task.lane in _NO_ROLE:
        message = (
            "Nobody could do this task: its expressions gave neither a role nor a person's id. "
            "Change the data that they read."
        )
        raise ElementError(IncidentKind.EXPRESSION, message, activity_id=task.activity_id)


def describe_user_task(task: SpiffTask, values: Mapping[str, Any] | None) -> WaitingUserTask:
    """Describe an open user task; without `values`, expressions are left out.

    Raises:
        ElementError: a value is not what the property may be.
    """
    spec = task.task_spec
    read = _Reader(spec, values or {})
    return WaitingUserTask(
        id=UUID(hex=task.id),
        activity_id=spec.bpmn_id,
        name=spec.bpmn_name or spec.bpmn_id,
        form_id=read.text("form"),
        variable_name=getattr(spec, "variable", None),
        role=read.text("role"),
        lane=spec.lane,
        assignee=read.text("assignee"),
        exclude=read.names("exclude"),
        due=read.time("due"),
        has_due=read.has("due"),
        remind=read.time("remind"),
        escalate=read.text("esc"),
        priority=read.number("priority"),
        instructions=(getattr(spec, "extensions", None) or {}).get("instructionsForEndUser"),
    )


class _Reader:
    """Reads properties: literal ones from the diagram, expressions from their values."""

    def __init__(self, spec: Any, values: Mapping[str, Any]) -> None:
        self._activity_id = spec.bpmn_id
        self._texts = get_properties(spec)
        self._values = values

    def text(self, name: str) -> str | None:
        value = self._get(name)
        if value is None or value == "":
            return None
        if isinstance(value, dict | list | bool):
            raise self._refuse(name, value, "a text")
        text = str(value).strip()
        if len(text) > _LONGEST_NAME:
            raise self._refuse(name, text, f"at most {_LONGEST_NAME} characters long")
        return text or None

    def time(self, name: str) -> str | None:
        value = self.text(name)
        if value in (None, NO_REMINDER) or not self._is_expression(name) or is_due(str(value)):
            return value
        raise self._refuse(name, value, "a time such as wd(5), P14D or 2026-05-01")

    def has(self, name: str) -> bool:
        return name in self._texts

    def names(self, name: str) -> tuple[str, ...]:
        value = self._get(name)
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._refuse(name, value, "a list of names")
        names = tuple(str(part) for part in value if part not in (None, ""))
        if len(names) > _MOST_EXCLUDED or any(len(part) > _LONGEST_ID for part in names):
            raise self._refuse(name, value, f"a list of at most {_MOST_EXCLUDED} ids")
        return names

    def number(self, name: str) -> int | None:
        value = self._get(name)
        if value is None or value == "":
            return None
        number = _read_whole(value)
        if number is None or abs(number) > _MOST_PRIORITY:
            raise self._refuse(name, value, f"a whole number up to {_MOST_PRIORITY}")
        return number

    def _get(self, name: str) -> Any:
        return self._values.get(name) if self._is_expression(name) else self._texts.get(name)

    def _is_expression(self, name: str) -> bool:
        return self._texts.get(name, "").startswith("=")

    def _refuse(self, name: str, value: Any, wanted: str) -> ElementError:
        message = f"The property {name} must be {wanted}, not {shorten(repr(value))}."
        return ElementError(IncidentKind.EXPRESSION, message, activity_id=self._activity_id)


def _read_whole(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    is_whole = not isinstance(value, bool) and float(value) == number
    return number if is_whole else None
