"""What an expression is once it is read: nodes that have a value."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from ssflow.feel.arithmetic import negate
from ssflow.feel.fields import find_field, find_item
from ssflow.feel.scope import Scope
from ssflow.feel.values import Kind, Value, exact, find_kind


class Node(ABC):
    """A part of an expression that has a value."""

    __slots__ = ()

    @abstractmethod
    def evaluate(self, scope: Scope) -> Value:
        """Give the value; what has no answer is None."""


class Question(ABC):
    """Something that can be asked of a value; None says that there is no answer."""

    __slots__ = ()

    @abstractmethod
    def ask(self, value: Value, scope: Scope) -> bool | None:
        """Tell whether it is so for this value."""


class Step(ABC):
    """Something that leads from a value to a part of it."""

    __slots__ = ()

    @abstractmethod
    def follow(self, value: Value, scope: Scope) -> Value:
        """Give the part; None when there is none."""


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value as it stands in the text."""

    value: Value

    def evaluate(self, scope: Scope) -> Value:
        """Give it."""
        return self.value


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name that the context, a loop or a filter knows."""

    name: str

    def evaluate(self, scope: Scope) -> Value:
        """Look it up."""
        return scope.find(self.name)


@dataclass(frozen=True, slots=True)
class Today(Node):
    """The day of the evaluation, which the caller gives."""

    def evaluate(self, scope: Scope) -> Value:
        """Take it from the run."""
        return scope.run.today


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """A list written out."""

    items: tuple[Node, ...]

    def evaluate(self, scope: Scope) -> Value:
        """Give the items' values."""
        return [item.evaluate(scope) for item in self.items]


@dataclass(frozen=True, slots=True)
class Calculation(Node):
    """Operands of one precedence, as in `a - b + c`."""

    first: Node
    rest: tuple[tuple[Callable[[Value, Value], Value], Node], ...]

    def evaluate(self, scope: Scope) -> Value:
        """Calculate from the left to the right."""
        value = self.first.evaluate(scope)
        for calculate, operand in self.rest:
            value = calculate(value, operand.evaluate(scope))
            scope.run.visit(value)
        return value


@dataclass(frozen=True, slots=True)
class Minus(Node):
    """A sign before an operand."""

    operand: Node

    def evaluate(self, scope: Scope) -> Value:
        """Turn the operand round."""
        return negate(self.operand.evaluate(scope))


@dataclass(frozen=True, slots=True)
class Connection(Node):
    """Conditions joined by `and`, where a false one decides, or by `or`, where a true one does."""

    decisive: bool
    conditions: tuple[Node, ...]

    def evaluate(self, scope: Scope) -> Value:
        """Ask one after the other. A plain loop: nested ones need less of the stack that way."""
        outcome: bool | None = not self.decisive
        for condition in self.conditions:
            answer = condition.evaluate(scope)
            if answer is self.decisive:
                return answer
            if not isinstance(answer, bool):
                outcome = None
        return outcome


@dataclass(frozen=True, slots=True)
class Asked(Node):
    """A question with its operand: `x < 5`, `x in …`, `x between … and …`."""

    operand: Node
    question: Question

    def evaluate(self, scope: Scope) -> Value:
        """Ask it."""
        return self.question.ask(self.operand.evaluate(scope), scope)


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`if … then … else …`."""

    condition: Node
    then: Node
    otherwise: Node

    def evaluate(self, scope: Scope) -> Value:
        """Take the one or, when the condition is false or unknown, the other."""
        chosen = self.then if self.condition.evaluate(scope) is True else self.otherwise
        return chosen.evaluate(scope)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function with its arguments."""

    function: Callable[..., Value]
    arguments: tuple[Node, ...]

    def evaluate(self, scope: Scope) -> Value:
        """Call it."""
        values = [argument.evaluate(scope) for argument in self.arguments]
        for value in values:
            scope.run.visit(value)
        return self.function(*values)


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """`some`, `every` or `for`: a body for each item of lists, and what joins the answers."""

    join: Callable[[Iterable[Value]], Value]
    names: tuple[str, ...]
    sources: tuple[Node, ...]
    body: Node

    def evaluate(self, scope: Scope) -> Value:
        """Join what the body gives for each item; there is no answer without a list."""
        items = self.sources[0].evaluate(scope)
        if find_kind(items) is not Kind.LIST:
            return None
        return self.join(self._answers(scope, items, 0))

    def _answers(self, scope: Scope, items: Value, depth: int) -> Iterator[Value]:
        scope.run.visit(items)
        for item in items:
            inner = scope.within({self.names[depth]: item})
            if depth + 1 == len(self.names):
                yield self.body.evaluate(inner)
            else:
                yield from self._answers_deeper(inner, depth + 1)

    def _answers_deeper(self, scope: Scope, depth: int) -> Iterator[Value]:
        items = self.sources[depth].evaluate(scope)
        if find_kind(items) is Kind.LIST:
            yield from self._answers(scope, items, depth)
        else:
            yield None


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A value and the steps that lead to a part of it: `request.lines[gap = true].amount`."""

    start: Node
    steps: tuple[Step, ...]

    def evaluate(self, scope: Scope) -> Value:
        """Follow the steps."""
        value = self.start.evaluate(scope)
        for step in self.steps:
            value = step.follow(value, scope)
        return value


@dataclass(frozen=True, slots=True)
class FieldStep(Step):
    """`.name`, which on a list takes that field of every item."""

    name: str

    def follow(self, value: Value, scope: Scope) -> Value:
        """Take the field."""
        if find_kind(value) is not Kind.LIST:
            return find_field(value, self.name)
        scope.run.visit(value)
        return [find_field(item, self.name) for item in value]


@dataclass(frozen=True, slots=True)
class FilterStep(Step):
    """`[condition]`, which keeps the items for which it is true, or `[n]`, which takes one."""

    condition: Node

    def follow(self, value: Value, scope: Scope) -> Value:
        """Keep or take; a single value counts as a list of one."""
        if value is None:
            return None
        items = value if find_kind(value) is Kind.LIST else [value]
        scope.run.visit(items)
        answers = [self.condition.evaluate(_within_item(scope, item)) for item in items]
        if answers and isinstance(answers[0], (int, Decimal)) and not isinstance(answers[0], bool):
            return find_item(items, answers[0])
        return [exact(item) for item, answer in zip(items, answers, strict=True) if answer is True]


@dataclass(frozen=True, slots=True)
class ItemStep(Step):
    """`[1]`, `[-1]`: an item by its number."""

    number: Value

    def follow(self, value: Value, scope: Scope) -> Value:
        """Take the item; a single value counts as a list of one."""
        return find_item(value if find_kind(value) is Kind.LIST else [value], self.number)


def _within_item(scope: Scope, item: Value) -> Scope:
    inner = scope.within({"item": item})
    return inner.within(item) if find_kind(item) is Kind.FIELDS else inner
