"""What an instance waits for, and what happened in a step: plain values, no engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class IncidentKind(StrEnum):
    """What kind of fault keeps an element from going on."""

    SCRIPT = "script"
    CONDITION = "condition"
    DECISION = "decision"
    OPERATION = "operation"
    EXPRESSION = "expression"
    BUDGET = "budget"
    DATA = "data"
    SANDBOX = "sandbox"
    ENGINE = "engine"


@dataclass(frozen=True)
class WaitingUserTask:
    """A user task that is open; expressions in its properties are worked out when it opens.

    In the snapshot after a step only tasks that opened in this step carry the values of
    expressions; for older ones these fields are empty, since they were handed out before.
    """

    id: UUID
    activity_id: str
    name: str
    form_id: str | None = None
    variable_name: str | None = None
    role: str | None = None
    lane: str | None = None
    assignee: str | None = None
    exclude: tuple[str, ...] = ()
    due: str | None = None
    has_due: bool = False
    """Whether its diagram gives it a due date, whatever that comes to."""
    remind: str | None = None
    escalate: str | None = None
    priority: int | None = None
    instructions: str | None = None


@dataclass(frozen=True)
class WaitingTimer:
    """A timer that has not gone off yet."""

    id: UUID
    activity_id: str
    due_at: datetime


@dataclass(frozen=True)
class WaitingMessage:
    """An event that waits for a message of this name and key."""

    id: UUID
    activity_id: str
    name: str
    correlation_key: str | None


@dataclass(frozen=True)
class WaitingOperation:
    """A service task that waits for the answer of its outside operation."""

    id: UUID
    activity_id: str
    name: str
    parameters: Mapping[str, Any]
    retries: int | None = None
    """How often a failed call is tried again; None: the diagram does not say."""
    back_off_seconds: int | None = None
    """How long to wait before the first of these."""


@dataclass(frozen=True)
class ParkedIncident:
    """An element that cannot go on until somebody mends something and retries it."""

    id: UUID
    activity_id: str
    kind: IncidentKind
    message: str
    line: int | None
    source_line: str | None
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Everything that an instance waits for, each by the id that commands name."""

    user_tasks: Mapping[UUID, WaitingUserTask] = field(default_factory=dict)
    timers: Mapping[UUID, WaitingTimer] = field(default_factory=dict)
    messages: Mapping[UUID, WaitingMessage] = field(default_factory=dict)
    operations: Mapping[UUID, WaitingOperation] = field(default_factory=dict)
    incidents: Mapping[UUID, ParkedIncident] = field(default_factory=dict)


@dataclass(frozen=True)
class DecisionHit:
    """A decision that was taken: its inputs, the rows that hit and what came out."""

    activity_id: str
    decision: str
    inputs: Mapping[str, Any]
    rows: tuple[int, ...]
    outputs: Mapping[str, Any]


@dataclass(frozen=True)
class OperationDone:
    """An operation that gave its result in this step, or was refused and caught by the diagram."""

    activity_id: str
    name: str
    result: Any


@dataclass(frozen=True)
class ThrownMessage:
    """A message that the diagram sends."""

    name: str
    correlation_key: str | None
    payload: Mapping[str, Any]
    activity_id: str


@dataclass(frozen=True)
class Trail:
    """What happened in a step; `path` holds elements and sequence flows in order, 1 000 at most."""

    path: tuple[str, ...] = ()
    truncated: bool = False
    decisions: tuple[DecisionHit, ...] = ()
    operations: tuple[OperationDone, ...] = ()
