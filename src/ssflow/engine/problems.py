"""What is wrong with a diagram: where, by which stable code, and how to mend it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ssflow.errors import InvalidInputError


class Severity(StrEnum):
    """Whether a problem keeps a bundle from being deployed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """One fault in one file of a bundle; `message` is a full sentence that says the way out."""

    file: str
    element_id: str | None
    line: int | None
    code: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """Tell file, line, element, code and message in one line."""
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        element = f" {self.element_id}" if self.element_id else ""
        return f"{place}:{element} {self.message} [{self.code}]"


class DiagramError(InvalidInputError):
    """A file of a bundle cannot be used; `problems` tells where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems: tuple[Problem, ...] = tuple(problems)


def find_errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Pick out the problems that forbid a deployment."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)
