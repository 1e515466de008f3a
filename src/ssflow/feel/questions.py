"""What can be asked of a value: after `in`, between operands, and in the cells of a decision."""

from dataclasses import dataclass

from ssflow.feel.scope import Scope
from ssflow.feel.tree import Node, Question
from ssflow.feel.values import COMPARISONS, Compare, Kind, Value, equal, exact, find_kind

_ORDERING = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Anything(Question):
    """`-`: whatever it is."""

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class Compared(Question):
    """`< 5`: how it compares with an operand."""

    sign: str
    compare: Compare
    operand: Node

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Compare, and remember two values that cannot be ordered."""
        operand = self.operand.evaluate(scope)
        answer = self.compare(value, operand)
        if answer is None and self.sign in _ORDERING:
            scope.run.note_mismatch(value, self.sign, operand)
        return answer


@dataclass(frozen=True, slots=True)
class Same(Question):
    """`"a"`: whether it is that value, or in it when that is a list."""

    operand: Node

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Look for it; a value of another kind is simply not the same."""
        wanted = self.operand.evaluate(scope)
        if find_kind(wanted) is not Kind.LIST:
            return equal(value, wanted) is True
        scope.run.visit(wanted)
        return any(equal(value, exact(item)) for item in wanted) or equal(value, wanted) is True


@dataclass(frozen=True, slots=True)
class Within(Question):
    """`[1..10]`: whether it is between two bounds."""

    low: Question
    high: Question

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Ask both bounds; one that it breaks decides."""
        above = self.low.ask(value, scope)
        if above is False:
            return False
        below = self.high.ask(value, scope)
        return below if above is True or below is False else None


@dataclass(frozen=True, slots=True)
class OneOf(Question):
    """`"a", "b"`: whether one of several things is so."""

    questions: tuple[Question, ...]

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Ask until one is so. A plain loop: most cells of large tables come through here."""
        outcome: bool | None = False
        for question in self.questions:
            answer = question.ask(value, scope)
            if answer:
                return True
            if answer is None:
                outcome = None
        return outcome


@dataclass(frozen=True, slots=True)
class NoneOf(Question):
    """`not("a", "b")`: whether it is not so, or unknown because the value is missing."""

    question: Question

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Turn the answer round; there is none when the values could not be compared."""
        answer = self.question.ask(value, scope)
        if answer is None and scope.run.mismatch is not None:
            return None
        return answer is not True


@dataclass(frozen=True, slots=True)
class Holds(Question):
    """`? > 2 and ? < 5`: whether a condition on the value, which it calls `?`, is true."""

    condition: Node

    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Evaluate it; an answer that is neither true nor false is none."""
        answer = self.condition.evaluate(scope.within({"?": value}))
        return answer if isinstance(answer, bool) else None


def compared(sign: str, operand: Node) -> Compared:
    """Build the question that a comparison sign asks."""
    return Compared(sign, COMPARISONS[sign], operand)
