"""What an operation outside is: a worker calls it while the case waits for its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema
from marshmallow.fields import Field

from ssflow.domain.base import JsonValue
from ssflow.errors import SsflowError
from ssflow.operations.http_rules import HttpRules
from ssflow.operations.operation import Operation, OperationContext, OperationRefusedError, Refusal


class CallFailedError(SsflowError):
    """What lies outside did not do its part; a temporary failure is worth another attempt."""

    def __init__(self, message: str, *, code: str, is_temporary: bool) -> None:
        super().__init__(message)
        self.code = code
        """A diagram may catch it as a BPMN error."""
        self.is_temporary = is_temporary


@dataclass(frozen=True)
class OutsideContext:
    """What a call works with: no database, only what is the same at every attempt."""

    job_id: UUID
    """The key by which the other side may tell a second attempt from a second wish."""
    now: datetime
    http: HttpRules


def _prepare_nothing(_context: OperationContext, given: dict[str, Any]) -> JsonValue:
    return given


def _keep_nothing(_context: OperationContext, _given: dict[str, Any], answer: Any) -> JsonValue:
    return answer


@dataclass(frozen=True)
class OutsideOperation(Operation):
    """An operation in three parts: read what is needed, call, keep what came of it.

    Only `call` may reach outside, and only `prepare` and `keep` may use the database.
    """

    prepare: Callable[[OperationContext, dict[str, Any]], Any] = _prepare_nothing
    reach: Callable[[OutsideContext, Any], JsonValue] = field(kw_only=True)
    keep: Callable[[OperationContext, dict[str, Any], JsonValue], Any] = _keep_nothing


def outside_operation(
    name: str,
    title: str,
    /,
    *,
    reach: Callable[[OutsideContext, Any], JsonValue],
    prepare: Callable[[OperationContext, dict[str, Any]], Any] = _prepare_nothing,
    keep: Callable[[OperationContext, dict[str, Any], JsonValue], Any] = _keep_nothing,
    parameters: Mapping[str, Field[Any]],
) -> OutsideOperation:
    """Make an operation outside of its parts."""
    schema = Schema.from_dict(dict(parameters), name="Parameters")
    return OutsideOperation(
        name, title, schema, _never_inside, True, prepare=prepare, reach=reach, keep=keep
    )


def _never_inside(_context: OperationContext, _given: dict[str, Any]) -> JsonValue:
    message = "This operation is called by a worker, not within a step."
    raise OperationRefusedError(message, code=Refusal.REFUSED)
