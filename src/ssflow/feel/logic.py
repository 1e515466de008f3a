"""Three-valued logic: what is neither true nor false is unknown, and may not matter."""

from collections.abc import Iterable

from ssflow.feel.values import Value


def conjunction(answers: Iterable[Value]) -> bool | None:
    """Tell whether all are true: one false decides, one unknown leaves it open."""
    outcome: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is not True:
            outcome = None
    return outcome


def disjunction(answers: Iterable[Value]) -> bool | None:
    """Tell whether one is true: one true decides, one unknown leaves it open."""
    outcome: bool | None = False
    for answer in answers:
        if answer is True:
            return True
        if answer is not False:
            outcome = None
    return outcome


def negation(answer: Value) -> bool | None:
    """Turn true and false round; unknown stays unknown."""
    return not answer if isinstance(answer, bool) else None
