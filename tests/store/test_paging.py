import base64
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from ssflow.domain.identity import SYSTEM
from ssflow.errors import InvalidInputError
from ssflow.store.instances import list_instances
from ssflow.store.paging import (
    MAX_LIMIT,
    BadCursorError,
    cut_page,
    decode_cursor,
    encode_cursor,
    require_limit,
)
from tests.store.conftest import Given

VALUES = [
    datetime(2026, 3, 2, 9, 30, 1, 999999, tzinfo=UTC),
    date(2026, 3, 2),
    UUID(int=7),
    -3,
    "å%_",
    None,
]
KINDS: list[tuple[type, ...]] = [(type(value),) for value in VALUES]


def packed(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def test_a_cursor_brings_back_what_went_in() -> None:
    cursor = encode_cursor("list", VALUES)

    assert decode_cursor("list", cursor, KINDS) == VALUES


def test_a_cursor_is_opaque_and_safe_in_an_address() -> None:
    cursor = encode_cursor("list", VALUES)

    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadCursorError):
        decode_cursor("other", encode_cursor("list", VALUES), KINDS)


@pytest.mark.parametrize(
    "content",
    [
        ["list"],
        ["list", ["int", 1], ["int", 2]],
        ["list", ["str", "1"]],
        ["list", ["int", "x"]],
        ["list", ["function", 1]],
        ["list", ["int", 2**63]],
        ["list", ["int", True]],
        ["list", ["UUID", 7]],
        ["list", ["int"]],
        ["list", 1],
        ["list", None],
        [],
        {},
        None,
        7,
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(content: Any) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor("list", packed(content), [(int,)])


@pytest.mark.parametrize(
    "moment", ["2026-03-02T09:30:00", "0001-01-01T00:00:00+23:00", "yesterday", 7]
)
def test_a_moment_that_is_none_in_utc_is_refused(moment: object) -> None:
    content = ["list", ["datetime", moment]]

    with pytest.raises(BadCursorError):
        decode_cursor("list", packed(content), [(datetime,)])


@pytest.mark.parametrize("text", ["a\0b", "\ud800", 7])
def test_text_that_no_database_holds_is_refused(text: object) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor("list", packed(["list", ["str", text]]), [(str,)])


def test_empty_text_is_text() -> None:
    cursor = encode_cursor("list", [""])

    assert decode_cursor("list", cursor, [(str,)]) == [""]


@given_any(st.text())
def test_any_text_is_a_cursor_or_refused_as_one(cursor: str) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor("list", cursor, [(int,)])


@pytest.mark.parametrize("nested", ["[" * 1400, "[" * 100_000])
def test_a_cursor_cannot_exhaust_the_reader(nested: str) -> None:
    cursor = base64.urlsafe_b64encode(nested.encode()).decode()

    with pytest.raises(BadCursorError):
        decode_cursor("list", cursor, [(int,)])


@pytest.mark.parametrize("limit", [1, MAX_LIMIT])
def test_a_limit_within_bounds_is_fine(limit: int) -> None:
    require_limit(limit)


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_a_limit_out_of_bounds_is_refused_with_its_field(limit: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        require_limit(limit)

    assert list(refused.value.errors) == ["limit"]


def test_a_page_is_cut_before_the_row_that_tells_of_more() -> None:
    page = cut_page([1, 2, 3], 2, name="list", key=lambda row: [row])

    assert list(page.items) == [1, 2]
    assert page.next_cursor == encode_cursor("list", [2])


@pytest.mark.parametrize("rows", [[], [1], [1, 2]])
def test_the_last_page_has_no_cursor(rows: list[int]) -> None:
    page = cut_page(rows, 2, name="list", key=lambda row: [row])

    assert (list(page.items), page.next_cursor) == (rows, None)


def test_rows_that_come_between_pages_do_not_shift_them(session: Session, given: Given) -> None:
    for _ in range(4):
        given.instance()
    whole = [instance.id for instance in list_instances(session, SYSTEM).items]
    first = list_instances(session, SYSTEM, limit=2)
    given.instance(started_at=datetime(2030, 1, 1, tzinfo=UTC))

    second = list_instances(session, SYSTEM, limit=2, cursor=first.next_cursor)

    assert [instance.id for instance in [*first.items, *second.items]] == whole
