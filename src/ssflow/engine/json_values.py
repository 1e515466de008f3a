"""What may be kept as data: plain JSON, finite, with whole numbers that every reader can hold."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ssflow.engine.faults import ElementError, UnfitDataError
from ssflow.engine.snapshot import IncidentKind

MAX_TASK_BYTES = 1_000_000
MAX_INTEGER = 2**53
RESERVED_NAMES = frozenset({"initiator", "done_by", "now", "business_key"})

_PLAIN = (bool, type(None))


def to_json(value: Any, name: str) -> Any:
    """Turn what a script gave into JSON: dates as ISO text, decimals as text, sets as lists.

    Raises:
        ElementError: something in it cannot be kept; the message names the path to it.
    """
    try:
        return _normalise(value, name)
    except RecursionError:
        raise ElementError(IncidentKind.DATA, f"{name} is nested too deeply to be kept.") from None


def read_variables_in(variables: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Check variables that come from outside and give a copy that may be kept.

    Raises:
        UnfitDataError: not JSON, over 1 MB, or one of the names is reserved.
    """
    for name in variables.keys() & RESERVED_NAMES:
        raise UnfitDataError(f"{name} is set by ssflow itself; choose another name.")
    checked: dict[str, Any] = read_value_in(dict(variables), what)
    return checked


def read_value_in(value: Any, what: str) -> Any:
    """Check a value that comes from outside and give a copy that may be kept.

    Raises:
        UnfitDataError: not JSON, or over 1 MB.
    """
    try:
        checked = to_json(value, what)
    except ElementError as fault:
        raise UnfitDataError(fault.message) from None
    if count_bytes(checked) > MAX_TASK_BYTES:
        raise UnfitDataError(f"{what} is larger than 1 MB; store large things as attachments.")
    return checked


def count_bytes(value: Any) -> int:
    """Tell how large a JSON value is when written."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _normalise(value: Any, path: str) -> Any:
    kind = type(value)
    if kind is str:
        return _text(value, path)
    if kind in _PLAIN:
        return value
    if kind is int:
        return _integer(value, path)
    if kind is float:
        return _finite(value, path)
    if kind is dict:
        return {_key(k, path): _normalise(v, f"{path}.{k}") for k, v in value.items()}
    if kind in (list, tuple):
        return [_normalise(item, f"{path}[{i}]") for i, item in enumerate(value)]
    return _special(value, path)


def _special(value: Any, path: str) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(_finite(value, path))
    if isinstance(value, set | frozenset):
        items = [_normalise(item, path) for item in value]
        return sorted(items, key=lambda item: (str(type(item)), item))
    if isinstance(value, timedelta):
        raise _refusal(path, "a length of time cannot be kept; take its .days or total_seconds()")
    raise _refusal(path, f"a value of type {type(value).__name__} cannot be kept")


def _text(value: str, path: str) -> str:
    if "\0" in value:
        raise _refusal(path, "a text with a NUL character cannot be kept")
    return value


def _integer(value: int, path: str) -> int:
    if abs(value) > MAX_INTEGER:
        raise _refusal(path, "whole numbers may go up to 2**53; write larger ones as text")
    return value


def _finite(value: Any, path: str) -> Any:
    if not math.isfinite(value):
        raise _refusal(path, f"{value} is not a finite number")
    return value


def _key(key: Any, path: str) -> str:
    if type(key) is not str:
        raise _refusal(path, f"key {key!r} is not text")
    return _text(key, path)


def _refusal(path: str, reason: str) -> ElementError:
    return ElementError(IncidentKind.DATA, f"{path}: {reason}.")
