"""What may be asked of an instance: each command is a plain value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

Variables: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Start:
    """Begin a new instance at its start event, whatever that event waits for."""

    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class StartByMessage:
    """Begin a new instance at the start event that waits for this message."""

    name: str
    payload: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class CompleteUserTask:
    """Finish a waiting user task; `variables` are its form's fields."""

    task_id: UUID
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class FireTimer:
    """Let a waiting timer go off."""

    task_id: UUID


@dataclass(frozen=True)
class CatchMessage:
    """Hand a message to the event that waits for it."""

    task_id: UUID
    payload: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerOperation:
    """Give the result of an outside operation to the service task that waits for it."""

    task_id: UUID
    result: Any


@dataclass(frozen=True)
class FailOperation:
    """Tell the waiting service task that its outside operation failed for good."""

    task_id: UUID
    message: str
    code: str | None = None


@dataclass(frozen=True)
class Retry:
    """Run on from a parked element, with some variables changed before."""

    task_id: UUID
    changes: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class Park:
    """Carry a command no further than to its element, which is parked: it failed too often."""

    command: FireTimer | FailOperation
    message: str


@dataclass(frozen=True)
class PassBy:
    """Go on behind a parked element, whose work was done by hand; it wrote these variables."""

    task_id: UUID
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class Noop:
    """Run on what can run, without anything new."""


Command: TypeAlias = (
    Start
    | StartByMessage
    | CompleteUserTask
    | FireTimer
    | CatchMessage
    | AnswerOperation
    | FailOperation
    | Retry
    | PassBy
    | Park
    | Noop
)
