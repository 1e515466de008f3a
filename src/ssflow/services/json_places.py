"""Where things stand in a JSON text, for people who mend it: the parser tells values, no lines."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')
_BY_POSITION = re.compile(r"component_(\d+)_(\d+)")
_NAMES = ("key", "path", "id")


class NotJsonError(Exception):
    """The text is no JSON object; `line` tells where it ceases to be one."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass
class _Container:
    """An object or list that is being read; `member` is the key or index that comes next."""

    is_object: bool
    line: int
    path: tuple[str | int, ...]
    member: str | int
    texts: dict[str, str] = field(default_factory=dict)


def read_json_object(content: bytes) -> dict[str, Any]:
    """Read a file that is to hold a JSON object in UTF-8.

    Raises:
        NotJsonError: it holds something else.
    """
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotJsonError("It is not written in UTF-8; save it in that encoding.", line) from error
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg} (character {error.colno}).", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise NotJsonError("It is nested too deeply, or a number is too long.", 1) from error
    if not isinstance(value, dict):
        raise NotJsonError("It must begin with { and end with }.", 1)
    return value


def find_component_line(content: bytes, component: str | None) -> int:
    """Find the line on which a component of a form begins; line 1 when it has no place."""
    if component is None:
        return 1
    name = component.rpartition(".")[2]
    placed = list(_objects(content.decode("utf-8-sig")))
    for found in placed:
        if name in (found.texts.get(by) for by in _NAMES) and found.path:
            return found.line
    if position := _BY_POSITION.fullmatch(name):
        depth, number = int(position[1]), int(position[2])
        for found in placed:
            is_there = found.path[-1:] == (number - 1,) and found.path[-2:-1] == ("components",)
            if is_there and found.path.count("components") == depth + 1:
                return found.line
    return 1


def _objects(text: str) -> Iterator[_Container]:
    """Give the objects of a JSON text in the order in which they end."""
    stack: list[_Container] = []
    line, seen, last = 1, 0, ""
    for token in _TOKEN.finditer(text):
        line, seen = line + text.count("\n", seen, token.start()), token.start()
        sign = token[0]
        around = stack[-1] if stack else None
        if sign in "{[":
            path = (*around.path, around.member) if around else ()
            stack.append(_Container(sign == "{", line, path, "" if sign == "{" else 0))
        elif sign in "}]":
            closed = stack.pop()
            if closed.is_object:
                yield closed
        elif around is not None:
            _go_on(around, sign, last)
        last = sign


def _go_on(around: _Container, sign: str, last: str) -> None:
    """Take in a text, a colon or a comma."""
    if sign == ":":
        around.member = json.loads(last)
    elif sign == ",":
        around.member = around.member + 1 if isinstance(around.member, int) else ""
    elif around.is_object and last == ":":
        around.texts[str(around.member)] = json.loads(sign)
