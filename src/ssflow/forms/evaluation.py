"""FEEL of a form, evaluated to JSON."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ssflow.feel.expression import Expression
from ssflow.forms.context import FormContext
from ssflow.forms.numbers import MAX_NUMBER, is_in_bounds, to_json_number

MAX_DEPTH = 50


def evaluate(expression: Expression, names: Mapping[str, Any], context: FormContext) -> Any:
    """Give the value as JSON; what JSON cannot hold, or nests too deep, becomes None."""
    return _to_json(expression.evaluate(names, today=context.today))


def is_true(expression: Expression | None, names: Mapping[str, Any], context: FormContext) -> bool:
    """Say whether there is an expression and it is true, neither false nor unknown."""
    return expression is not None and evaluate(expression, names, context) is True


def _to_json(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Decimal):
        return to_json_number(value) if value.is_finite() and is_in_bounds(value) else None
    if isinstance(value, int | float):
        is_sound = isinstance(value, int) or math.isfinite(value)
        return value if is_sound and -MAX_NUMBER <= value <= MAX_NUMBER else None
    if isinstance(value, Mapping):
        return {str(key): _to_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item, depth + 1) for item in value]
    return value
