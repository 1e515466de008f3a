"""What goes wrong while an instance moves: faults become incidents, the rest is raised."""

from uuid import UUID

from ssflow.engine.snapshot import IncidentKind
from ssflow.errors import AwayError, ConflictError, InvalidInputError

LONGEST_QUOTE = 100


def shorten(text: str) -> str:
    """Cut what a message quotes."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]} …"


class ElementError(Exception):
    """An element of the diagram cannot go on; the engine parks it with an incident."""

    def __init__(
        self,
        kind: IncidentKind,
        message: str,
        *,
        line: int | None = None,
        source_line: str | None = None,
        activity_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.source_line = source_line
        self.activity_id = activity_id

    def at(self, activity_id: str | None) -> "ElementError":
        """Name the element, unless a nearer place named one already."""
        self.activity_id = self.activity_id or activity_id
        return self


class OutsideError(Exception):
    """Something behind the port of operations went wrong that is not the diagram's fault."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class TaskGoneError(ConflictError):
    """What the command is about waits no more: it was finished, cancelled or never there."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__("This is no longer waiting; it was finished or cancelled meanwhile.")
        self.task_id = task_id


class SandboxBusyError(AwayError):
    """No worker for scripts became free in time; trying again later will do."""

    def __init__(self) -> None:
        super().__init__("All script workers are busy. Try again in a moment.")


class UnfitDataError(InvalidInputError):
    """What was handed in cannot be kept: not JSON, too large or under a reserved name."""
