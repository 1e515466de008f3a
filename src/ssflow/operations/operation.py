"""What an operation is: its name, its parameters, what it is given and what it leaves behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError
from marshmallow.fields import Field

from ssflow.calendar import Calendar
from ssflow.domain.base import JsonValue
from ssflow.domain.identity import Actor
from ssflow.errors import SsflowError
from ssflow.sentences import Sentence
from ssflow.store.unit_of_work import DbSession

_UNFIT = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What reading a form raises that a diagram has bent: an incident, not the end of the step."""


class Refusal(StrEnum):
    """Why an operation is refused: the codes of BPMN errors that diagrams may catch."""

    REFUSED = "refused"
    WRONG_PARAMETER = "wrong_parameter"
    NOT_FOUND = "not_found"
    WRONG_STATE = "wrong_state"


class OperationRefusedError(SsflowError):
    """The operation cannot be done; a diagram may catch `code` as a BPMN error."""

    def __init__(self, message: str, *, code: Refusal = Refusal.REFUSED) -> None:
        super().__init__(message)
        self.code = code


class EffectKind(StrEnum):
    """What an operation may ask for that is done as its own step, right after the commit."""

    START_PROCESS = "start_process"
    SEND_MESSAGE = "send_message"
    NOTICE = "notice"


@dataclass(frozen=True)
class Effect:
    """Something to be done after the commit; `payload` is JSON."""

    kind: EffectKind
    payload: Mapping[str, JsonValue]
    activity_id: str | None = None
    """The service task that asked for it; filled in by who calls the operation."""


@dataclass(frozen=True)
class RecordChange:
    """One business record was made (`before` is None) or changed; values are JSON."""

    kind: str
    record_id: UUID
    number: str | None
    before: Mapping[str, JsonValue] | None
    after: Mapping[str, JsonValue]


@dataclass
class OperationContext:
    """What an operation works with, and where it leaves its changes and effects."""

    session: DbSession
    actor: Actor
    now: datetime
    calendar: Calendar
    instance_id: UUID
    initiator: UUID | None
    process_key: str
    activity_id: str
    changes: list[RecordChange] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """One thing that a service task can call."""

    name: str
    title: str
    schema: type[Schema]
    run: Callable[[OperationContext, dict[str, Any]], JsonValue]
    is_outside: bool

    @cached_property
    def required(self) -> frozenset[str]:
        """Names of the parameters that a service task must give."""
        return frozenset(n for n, f in self.schema().fields.items() if f.required)

    @cached_property
    def optional(self) -> frozenset[str]:
        """Names of the parameters that a service task may give."""
        return frozenset(n for n, f in self.schema().fields.items() if not f.required)

    def read(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Check the parameters.

        Raises:
            OperationRefusedError: one is wrong, missing or unknown.
        """
        try:
            read: dict[str, Any] = self.schema(unknown=RAISE).load(dict(parameters))
        except ValidationError as error:
            message = Sentence(
                "%(name)s has wrong parameters: %(problems)s",
                name=self.name,
                problems=_in_words(error.messages),
            )
            raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER) from error
        return read

    def call(self, context: OperationContext, parameters: Mapping[str, Any]) -> JsonValue:
        """Check the parameters and do it.

        Raises:
            OperationRefusedError: a parameter is wrong, or the operation cannot be done.
        """
        read = self.read(parameters)
        try:
            return self.run(context, read)
        except _UNFIT as error:
            message = Sentence(
                "%(name)s: the data does not fit (%(fault)s: %(reason)s).",
                name=self.name,
                fault=type(error).__name__,
                reason=error,
            )
            raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER) from error


def operation(
    name: str, title: str, /, *, is_outside: bool = False, **parameters: Field[Any]
) -> Callable[[Callable[[OperationContext, dict[str, Any]], JsonValue]], Operation]:
    """Turn a function into an operation with this name, title and checked parameters."""
    schema = Schema.from_dict(dict(parameters), name="Parameters")

    def make(run: Callable[[OperationContext, dict[str, Any]], JsonValue]) -> Operation:
        return Operation(name, title, schema, run, is_outside)

    return make


def _in_words(messages: Any) -> str:
    if isinstance(messages, Mapping):
        return "; ".join(f"{name}: {_in_words(text)}" for name, text in messages.items())
    return " ".join(str(text) for text in messages)
