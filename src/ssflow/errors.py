"""Every error raised on purpose, by what the caller can do about it."""

from collections.abc import Mapping


class SsflowError(Exception):
    """What all errors of ssflow share: the message is a sentence for the person who meets it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(SsflowError):
    """There is no such thing, or none that the actor may see."""


class ForbiddenError(SsflowError):
    """The actor sees the thing but may not do this to it."""


class ConflictError(SsflowError):
    """The thing is not, or no longer, in a state that allows this."""


class AwayError(SsflowError):
    """Something that ssflow needs cannot be used right now; the same may succeed in a moment."""


class InvalidInputError(SsflowError):
    """The input is wrong; `errors` says per field what to mend."""

    def __init__(self, message: str, *, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.errors: dict[str, list[str]] = dict(errors or {})
