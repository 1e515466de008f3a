"""Check data that comes without a form: variables of a start, payloads of messages."""

import json
from collections.abc import Mapping
from typing import Any

from ssflow.errors import InvalidInputError
from ssflow.sentences import N_, Sentence

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_INTEGER = 2**53
RESERVED = frozenset({"initiator", "done_by", "now", "business_key"})


def check_variables(variables: Mapping[str, Any]) -> None:
    """Refuse what the engine or a database could not keep as it is.

    Raises:
        InvalidInputError: a reserved name, a number beyond ±2^53 or not finite, a NUL character,
            more than 1 MB, or nesting deeper than 64.
    """
    errors = {
        name: problems for name, value in variables.items() if (problems := _problems(name, value))
    }
    if errors:
        raise InvalidInputError("Some of the data cannot be kept.", errors=errors)
    if len(json.dumps(variables, ensure_ascii=False).encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidInputError("The data is larger than 1 MB.")


def text_problem(text: str) -> str | None:
    """Say why a text cannot be kept, or None when it can."""
    if "\0" in text:
        return N_("It holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        return N_("It holds half of a character.")
    return None


def _problems(name: str, value: Any) -> list[str]:
    if name in RESERVED:
        return [N_("This name is reserved.")]
    problem = text_problem(name) or _problem(value, MAX_DEPTH)
    return [problem] if problem else []


def _problem(value: Any, depth: int) -> str | None:
    if depth == 0:
        return Sentence("It is nested deeper than %(most)s levels.", most=MAX_DEPTH)
    if isinstance(value, str):
        return text_problem(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return N_("It is not a finite number.")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return N_("A whole number lies between -2^53 and 2^53.")
    if isinstance(value, Mapping):
        inner = [text_problem(key) or _problem(item, depth - 1) for key, item in value.items()]
        return next(filter(None, inner), None)
    if isinstance(value, list):
        return next(filter(None, (_problem(item, depth - 1) for item in value)), None)
    return None
