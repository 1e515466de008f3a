"""S-FEEL unary tests: the cells of a decision table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ssflow.feel.errors import FeelError, UndecidableError
from ssflow.feel.grammar import Reader
from ssflow.feel.questions import Anything
from ssflow.feel.scope import Run, Scope, TooMuchWorkError
from ssflow.feel.tree import Question
from ssflow.feel.values import Value, exact

__all__ = ["FeelError", "UnaryTests", "UndecidableError", "parse_unary_tests"]


@dataclass(frozen=True)
class UnaryTests:
    """The tests of one cell; `names` are those it takes from the context."""

    text: str
    names: frozenset[str]
    names_in_filters: frozenset[str]
    question: Question = field(repr=False)

    @property
    def matches_anything(self) -> bool:
        """Tell whether the cell is empty or "-"."""
        return isinstance(self.question, Anything)

    def matches(self, value: Any, context: Mapping[str, Any], *, today: date) -> bool:
        """Tell whether a value passes.

        Raises:
            UndecidableError: the value is of a kind that the tests have no answer for.
        """
        return self.pass_in(Scope(context, Run(today)), exact(value))

    def pass_in(self, scope: Scope, value: Value) -> bool:
        """Tell whether a value passes; `scope` may serve many tests of one evaluation.

        Raises:
            UndecidableError: the value is of a kind that the tests have no answer for.
        """
        scope.run.mismatch = None
        try:
            answer = self.question.ask(value, scope)
        except (TooMuchWorkError, RecursionError):
            raise UndecidableError("the data is too large or too deep to be tested.") from None
        if answer is None and scope.run.mismatch is not None:
            raise UndecidableError(f"{scope.run.mismatch}.")
        return answer is True


def parse_unary_tests(text: str) -> UnaryTests:
    """Read the tests of a cell.

    Raises:
        FeelError: the text is none.
    """
    reader = Reader(text, knows_value=True)
    question = reader.read_tests()
    names, in_filters = frozenset(reader.names), frozenset(reader.names_in_filters)
    return UnaryTests(text, names, in_filters, question)
