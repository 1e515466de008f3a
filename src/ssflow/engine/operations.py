"""The port through which a service task reaches what ssflow can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from ssflow.errors import SsflowError


class OperationError(SsflowError):
    """An operation could not do its work; `code` may be caught by an error event in the diagram."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class OperationCall:
    """What a service task asks for: an operation with its evaluated parameters."""

    name: str
    parameters: Mapping[str, Any]
    activity_id: str
    task_id: UUID


class OperationPort(Protocol):
    """What the engine is given to call operations by; one for each step.

    Only `OperationError` becomes an incident. Anything else that `call` raises leaves the step as
    it is: the caller's transaction is in doubt then, and the step must be taken again.
    """

    def is_outside(self, name: str) -> bool:
        """Tell whether the operation is done by a job later, so that the instance waits."""
        ...

    def call(self, call: OperationCall) -> Any:
        """Carry out an inside operation and give its result, a JSON value.

        Raises:
            OperationError: it could not be done.
        """
        ...

    def keep(self) -> None:
        """Let stand what inside operations did since the last `keep`."""
        ...

    def undo(self) -> None:
        """Take back everything since the last `keep`; the engine replays from there."""
        ...
