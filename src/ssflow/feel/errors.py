"""What is wrong with a text that should be S-FEEL."""

from ssflow.errors import InvalidInputError


class FeelError(InvalidInputError):
    """The text is not S-FEEL; `position` is the character, from 1, at which reading stopped."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.position = position


class UndecidableError(InvalidInputError):
    """A test has no answer for this value, such as "x" < 5."""
