"""Pages of long lists: a cursor says after which row the next page begins."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from ssflow.errors import InvalidInputError
from ssflow.sentences import Sentence

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_MAX_CURSOR_CHARACTERS = 2_000
_MAX_INT = 2**63 - 1
_TOO_MUCH = (ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: Sequence[T]
    next_cursor: str | None = None


class BadCursorError(InvalidInputError):
    """The cursor was not given out for this list."""

    def __init__(self) -> None:
        super().__init__(
            "This cursor does not belong to this list.",
            errors={"cursor": ["Start again without a cursor."]},
        )


def require_limit(limit: int) -> None:
    """Refuse pages that are empty or too long.

    Raises:
        InvalidInputError: the limit is not between 1 and `MAX_LIMIT`.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(
            Sentence("A page has 1 to %(most)s items.", most=MAX_LIMIT),
            errors={"limit": [Sentence("Choose a number from 1 to %(most)s.", most=MAX_LIMIT)]},
        )


def encode_cursor(name: str, values: Sequence[Any]) -> str:
    """Write the sort values of a page's last row as opaque text; `name` is the list's."""
    marked = [[type(value).__name__, _plain(value)] for value in values]
    packed = json.dumps([name, *marked], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode_cursor(name: str, cursor: str, kinds: Sequence[tuple[type, ...]]) -> list[Any]:
    """Read what `encode_cursor` wrote; `kinds` are the types that each value may have.

    Raises:
        BadCursorError: it was made for another list, or by somebody else.
    """
    try:
        values = _unpack(name, cursor)
    except (ValueError, LookupError, TypeError, AttributeError, *_TOO_MUCH) as error:
        raise BadCursorError from error
    if len(values) != len(kinds) or not all(map(isinstance, values, kinds)):
        raise BadCursorError
    return values


def read_page(
    session: Session,
    query: Select[T],
    *,
    name: str,
    keys: Sequence[InstrumentedAttribute[Any]],
    descending: bool = False,
    cursor: str | None,
    limit: int,
) -> Page[T]:
    """Read one page of entities, sorted by `keys`: columns of theirs that are never null.

    Raises:
        InvalidInputError: the limit or the cursor is wrong.
    """
    require_limit(limit)
    if cursor is not None:
        kinds = [(key.type.python_type,) for key in keys]
        query = query.where(
            is_after(keys, decode_cursor(name, cursor, kinds), descending=descending)
        )
    order = [key.desc() if descending else key.asc() for key in keys]
    found = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    return cut_page(found, limit, name=name, key=lambda row: [getattr(row, k.key) for k in keys])


def is_after(
    keys: Sequence[SQLColumnExpression[Any]], values: Sequence[Any], *, descending: bool = False
) -> ColumnElement[bool]:
    """Build the condition that a row comes after the one with these sort values."""
    place = tuple_(*keys)
    return place < tuple(values) if descending else place > tuple(values)


def cut_page(
    rows: Sequence[T], limit: int, *, name: str, key: Callable[[T], Sequence[Any]]
) -> Page[T]:
    """Make a page of `limit` rows out of one row more, which only tells that there are more."""
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], encode_cursor(name, key(rows[limit - 1])))


def _unpack(name: str, cursor: str) -> list[Any]:
    if len(cursor) > _MAX_CURSOR_CHARACTERS:
        raise ValueError("too long")
    packed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    given_name, *marked = json.loads(packed)
    if given_name != name:
        raise ValueError("another list's")
    return [_READERS[kind](value) for kind, value in marked]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC)


def _read_int(value: Any) -> int:
    if type(value) is not int or abs(value) > _MAX_INT:
        raise ValueError("no number that a database holds")
    return value


def _read_text(value: str) -> str:
    value.encode()
    if "\0" in value:
        raise ValueError("no text that a database holds")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "datetime": _read_moment,
    "date": date.fromisoformat,
    "UUID": UUID,
    "int": _read_int,
    "str": _read_text,
    "NoneType": lambda _: None,
}
