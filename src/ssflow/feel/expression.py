"""S-FEEL expressions: conditions and computed values of forms, inputs and outputs of decisions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ssflow.feel.errors import FeelError
from ssflow.feel.grammar import Reader
from ssflow.feel.scope import Run, Scope, TooMuchWorkError
from ssflow.feel.tree import Node
from ssflow.feel.values import Value, to_json

__all__ = ["Expression", "FeelError", "parse_expression"]

_ATOMS = frozenset({type(None), bool, str})
_LEADING_EQUALS = re.compile(r"\A\s*=")


@dataclass(frozen=True)
class Expression:
    """An expression that was read; it can be evaluated as often as one likes, in any thread.

    `names` are those it takes from the context. What a filter names is either a field of the
    filtered rows or a name of the context, so it stands apart, in `names_in_filters`.
    """

    text: str
    names: frozenset[str]
    names_in_filters: frozenset[str]
    node: Node = field(repr=False)

    def evaluate(self, context: Mapping[str, Any], *, today: date) -> Any:
        """Give the JSON value; what has no answer is None."""
        scope = Scope(context, Run(today))
        return give_json(self.evaluate_in(scope), scope)

    def evaluate_in(self, scope: Scope) -> Value:
        """Give the value itself; `scope` may serve many expressions of one evaluation."""
        try:
            return self.node.evaluate(scope)
        except (TooMuchWorkError, RecursionError):
            return None


def give_json(value: Value, scope: Scope) -> Any:
    """Turn a value into JSON, unless it is too large: then None."""
    if type(value) in _ATOMS:
        return value
    try:
        if isinstance(value, (list, dict)):
            scope.run.visit_all(value)
        return to_json(value)
    except (TooMuchWorkError, RecursionError):
        return None


def parse_expression(text: str) -> Expression:
    """Read an expression; a leading "=" says nothing.

    Raises:
        FeelError: the text is none.
    """
    reader = Reader(_LEADING_EQUALS.sub(lambda match: " " * len(match[0]), text, count=1))
    node = reader.read_expression()
    return Expression(text, frozenset(reader.names), frozenset(reader.names_in_filters), node)
