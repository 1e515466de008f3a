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


class Room:
    """How many characters more several values may take when they are written, at the least.

    The sandbox hands a list over once however often it is part of another, so that a small result
    may be endless when it is written; its size is found while it is read.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_TASK_BYTES

    def take(self, size: int) -> None:
        """Use some of it up."""
        self.left -= size
        if self.left < 0:
            raise _TooLargeError


class _TooLargeError(Exception):
    """A value holds more than may be kept."""


def to_json(value: Any, name: str, room: Room | None = None) -> Any:
    """Turn what a script gave into JSON: dates as ISO text, decimals as text, sets as lists.

    Raises:
        ElementError: something in it cannot be kept; the message names the path to it.
    """
    try:
        return _normalise(value, name, room or Room())
    except _TooLargeError:
        message = f"{name} is larger than 1 MB; store large things as attachments."
        raise ElementError(IncidentKind.DATA, message) from None
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


def _normalise(value: Any, path: str, room: Room) -> Any:
    kind = type(value)
    if kind is str:
        room.take(len(value) + 2)
        return _text(value, path)
    if kind in _PLAIN:
        return value
    if kind is int:
        return _integer(value, path)
    if kind is float:
        return _finite(value, path)
    if kind is dict:
        room.take(4 * len(value) + 1)
        return {_key(k, path): _normalise(v, f"{path}.{k}", room) for k, v in value.items()}
    if kind in (list, tuple):
        room.take(len(value) + 1)
        return [_normalise(item, f"{path}[{i}]", room) for i, item in enumerate(value)]
    return _special(value, path, room)


def _special(value: Any, path: str, room: Room) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(_finite(value, path))
    if isinstance(value, set | frozenset):
        room.take(len(value))
        items = [_normalise(item, path, room) for item in value]
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
