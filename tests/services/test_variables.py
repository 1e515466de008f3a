"""Data that comes without a form."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssflow.errors import InvalidInputError
from ssflow.services.variables import MAX_BYTES, MAX_DEPTH, check_variables


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"initiator": 1}, "initiator"),
        ({"x": {"y": [float("nan")]}}, "x"),
        ({"x": float("-inf")}, "x"),
        ({"x": 2**53 + 1}, "x"),
        ({"x": [-(2**53) - 1]}, "x"),
        ({"x": {"a\0": 1}}, "x"),
        ({"x": "a\0"}, "x"),
        ({"a\0": 1}, "a\0"),
        ({"\ud800": 1}, "\ud800"),
        ({"x": ["\udfff"]}, "x"),
        ({"x": nested(MAX_DEPTH)}, "x"),
        ({"x": nested(5_000)}, "x"),
    ],
)
def test_what_cannot_be_kept_is_told_by_name(variables: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_variables(variables)

    assert set(refused.value.errors) == {name}


def test_one_megabyte_is_the_most() -> None:
    overhead = len('{"x": ""}')

    check_variables({"x": "y" * (MAX_BYTES - overhead)})
    with pytest.raises(InvalidInputError, match="1 MB"):
        check_variables({"x": "y" * (MAX_BYTES - overhead + 1)})
    with pytest.raises(InvalidInputError, match="1 MB"):
        check_variables({"x": "é" * (MAX_BYTES // 2)})


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"typename": "x", "": "", "with blank": True},
        {"x": [2**53, -(2**53), 0.1, None, True]},
        {"x": nested(MAX_DEPTH - 1)},
        {"x": "👩‍👩‍👧‍👦 \u202e \u2028 \x1f"},
    ],
)
def test_plain_data_is_let_through(variables: dict[str, Any]) -> None:
    check_variables(variables)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=10,
)


@settings(max_examples=30)
@given(st.dictionaries(TEXTS.filter(lambda n: n not in ("now", "initiator")), VALUES))
def test_whatever_json_can_say_is_let_through(variables: dict[str, Any]) -> None:
    check_variables(variables)

    assert json.loads(json.dumps(variables)) == variables
