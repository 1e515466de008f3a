"""The cells of decision tables, as tests of a value."""

import json
import math
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.feel.unary_tests import FeelError, UndecidableError, parse_unary_tests

TODAY = date(2026, 3, 2)
FEELIN = json.loads((Path(__file__).parent / "feelin_answers.json").read_text("utf-8"))
CASE: dict[str, Any] = {
    "limit": 10,
    "tiers": ["gold", "silver"],
    "missing": None,
    "lines": [{"kind": "a", "max": 5}, {"kind": "b", "max": 50}],
}


def matches(text: str, value: Any) -> bool:
    return parse_unary_tests(text).matches(value, CASE, today=TODAY)


@pytest.mark.parametrize(
    ("text", "passing", "failing"),
    [
        ("", [None, 1, "a", [], {}], []),
        (" - ", [None, 1, "a", math.nan], []),
        ("5", [5, 5.0, Decimal("5.00")], [4, "5", True, None]),
        ("-5", [-5], [5]),
        ("0.1", [0.1, Decimal("0.1")], [0.10001]),
        ('"a"', ["a"], ["A", "", 1, None]),
        ('"a", "b"', ["a", "b"], ["c", None]),
        ("1, 5", [1, 5], [2]),
        ("not(5)", [4, "a", None], [5]),
        ('not("a", "b")', ["c", None, 5], ["a", "b"]),
        ("not(< 5)", [5, 6, None], [4]),
        ("not([1..3], 7)", [0, 4], [1, 7]),
        ("not(null)", [0, ""], [None, math.nan]),
        ("< 5", [4.99, -1], [5, None, math.inf]),
        ("<= 5", [5], [5.01]),
        ("> 5", [6], [5]),
        (">= 5", [5], [4]),
        ("= 5", [5], [6]),
        ("!= 5", [6], [5]),
        ("< limit", [9], [10]),
        ("< limit * 2 + 1", [20], [21]),
        ("< missing", [], [5]),
        ("< lines[1].max", [4], [5]),
        ("[1..10]", [1, 5.5, 10], [0.99, 10.01, None]),
        ("(1..10)", [1.01, 9.99], [1, 10]),
        ("]1..10[", [1.01, 9.99], [1, 10]),
        ("[1..10), (20..30]", [1, 30], [10, 20]),
        ("[limit..limit * 2]", [10, 20], [9]),
        ("]1..lines[1].max[", [4], [5]),
        ('["a".."c"]', ["b"], ["d"]),
        ("[-5..-1]", [-3], [0]),
        ("true", [True], [False, 1, "true", None]),
        ("false", [False], [True, 0, None]),
        ("null", [None, math.nan], [0, False, ""]),
        ("tiers", ["gold", ["gold", "silver"]], ["tin", "tiers", None]),
        ('["gold", "tin"]', ["tin"], ["silver"]),
        ("lines.kind", ["a", "b"], ["c"]),
        ('date("2026-05-01")', ["2026-05-01", date(2026, 5, 1)], ["2026-05-02"]),
        ('< date("2026-05-01")', ["2026-04-30", "2026-04-30T23:59:59Z"], ["2026-05-01", None]),
        ('> date and time("2026-05-01T12:00:00Z")', ["2026-05-01T14:01:00+02:00"], []),
        ('[date("2026-01-01")..@"2026-12-31"]', ["2026-12-31"], ["2027-01-01"]),
        ('> today() + duration("P14D")', ["2026-03-17"], ["2026-03-16"]),
        ('> duration("P1D")', ["P2D", "PT25H"], ["PT24H"]),
        ("if limit > 5 then 1 else 2", [1], [2]),
        ('? in ("a","b")', ["a"], ["c", None]),
        ('? in ["a","b"]', ["b"], ["c"]),
        ("? in tiers", ["gold"], ["tin"]),
        ("? in [1..3]", [3], [4]),
        ("2 < ? <= 5", [3, 5], [2, 6, None]),
        ("5 > ? > 2", [3], [5]),
        ("? = 5", [5], [6]),
        ("? == 5", [5], [6]),
        ("? != 5", [6], [5]),
        ("? != null", [1], [None]),
        ("? > 2 and ? < 5 or ? = 9", [3, 9], [5]),
        ("? * 2 > limit", [6], [5]),
        ("not(? in (1, 2))", [3], [1]),
        ("not(? > 5) and ? != 3", [4], [3, 6]),
        ("?", [True], [False, 1, "a", None]),
        ("not(?)", [False, None], [True]),
        ('starts with(?, "60")', ["6010"], ["6110", None, 60]),
        ('?.startswith("60")', ["6010"], ["6110", None, 60]),
        ('?.endswith("10")', ["6010"], ["6011"]),
        ("?.tier = 'gold'", [{"tier": "gold"}], [{"tier": "tin"}, {}, 5]),
        ('list contains(?, "a")', [["a"]], [["b"], "a"]),
        ("count(?) > 1", [[1, 2]], [[1], None]),
        ("some x in ? satisfies x > 5", [[1, 6]], [[1], [], 6]),
        ('count(?[kind = "a"]) = 1', [[{"kind": "a"}]], [[{"kind": "b"}]]),
        ("< 5, ? = 7", [4, 7], [5]),
        ("True", [True], [False]),
        ("None", [None], [0]),
        ("'a'", ["a"], ["b"]),
    ],
)
def test_a_cell_lets_values_pass(text: str, passing: list[Any], failing: list[Any]) -> None:
    assert [value for value in passing if not matches(text, value)] == []
    assert [value for value in failing if matches(text, value)] == []


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("< 5", "x", '"x" < 5 compares a text with a number.'),
        ("< 5", True, "true < 5 compares true or false with a number."),
        ("[1..10]", "x", '"x" >= 1 compares a text with a number.'),
        ("not(< 5)", "x", '"x" < 5 compares a text with a number.'),
        ("> 5", [6], "[6] > 5 compares a list with a number."),
        ("> 5", {"a": 1}, '{"a": 1} > 5 compares a group of fields with a number.'),
        ('< date("2026-05-01")', "soon", '"soon" < "2026-05-01" compares a text with a date.'),
        ('< date("2026-05-01")', 5, '5 < "2026-05-01" compares a number with a date.'),
        ('> duration("P1M")', "P30D", '"P30D" > "P1M" compares a text with a duration.'),
        ('> "a"', 5, '5 > "a" compares a number with a text.'),
        ("? > 5", "x", '"x" > 5 compares a text with a number.'),
        ("2 < ? <= 5", "x", '2 < "x" compares a number with a text.'),
        ('"a", < 5', "b", '"b" < 5 compares a text with a number.'),
        ("> 5", "x" * 99, f'"{"x" * 39}… > 5 compares a text with a number.'),
    ],
)
def test_a_value_that_cannot_be_compared_is_an_error(text: str, value: Any, message: str) -> None:
    with pytest.raises(UndecidableError) as caught:
        matches(text, value)

    assert caught.value.message == message


def test_data_that_is_too_large_to_be_tested_is_an_error() -> None:
    tests = parse_unary_tests("not(large)")

    with pytest.raises(UndecidableError, match="too large"):
        tests.matches(-1, {"large": [0] * 200_000}, today=TODAY)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('< 5, "x"', "x"),
        ('"x", < 5', "x"),
        ("? = 'x' or ? < 5", "x"),
    ],
)
def test_what_cannot_be_compared_does_not_matter_when_another_test_passes(
    text: str, value: Any
) -> None:
    assert matches(text, value)


def test_a_cell_forgets_what_it_could_not_compare_before() -> None:
    tests = parse_unary_tests('< 5, "x"')

    answers = [tests.matches(value, CASE, today=TODAY) for value in ("x", None, 3)]

    assert answers == [True, False, True]


@pytest.mark.parametrize(
    ("text", "names", "in_filters"),
    [
        ("< limit", {"limit"}, set()),
        ("not(a, b)", {"a", "b"}, set()),
        ("? in (x.y) and ? > z", {"x", "z"}, set()),
        ("[low..high]", {"low", "high"}, set()),
        ("lines[kind = k].max", {"lines"}, {"kind", "k"}),
        ("-", set(), set()),
    ],
)
def test_a_cell_tells_the_names_it_needs(text: str, names: set[str], in_filters: set[str]) -> None:
    tests = parse_unary_tests(text)

    assert set(tests.names) == names
    assert set(tests.names_in_filters) == in_filters


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("<", 2),
        ("< ,", 3),
        ("1,", 3),
        (",", 1),
        ("- -", 4),
        ("--", 3),
        ("1 2", 3),
        ("in (1, 2)", 1),
        ("[1..10", 7),
        ("[1..", 5),
        ("..5", 1),
        ("[1..2] and true", 8),
        ("not(5", 6),
        ("not()", 5),
        ("not(5) 6", 8),
        ("not 5", 1),
        ("< 5 and > 2", 5),
        ("? is None", 3),
        ("len(?) > 3", 1),
        ("?.upper()", 3),
        ("?x", 2),
        ("a.startswith()", 3),
        ('"a', 1),
        ("(" * 70, 65),
        ("9" * 5_000, 4_001),
    ],
)
def test_what_is_no_test_is_refused_where_it_goes_wrong(text: str, position: int) -> None:
    with pytest.raises(FeelError) as caught:
        parse_unary_tests(text)

    assert caught.value.position == position
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(("text", "value", "answer"), FEELIN["cells"]["answers"])
def test_the_editors_engine_gives_the_same_answer(text: str, value: Any, *, answer: bool) -> None:
    tests = parse_unary_tests(text)

    assert tests.matches(value, FEELIN["cells"]["context"], today=TODAY) is answer


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=6)
    | st.sampled_from(["a", "2026-05-01", "P1D", "9999-12-31T00:00:00-23:59"])
    | st.just(object()),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=1), children)
    ),
    max_leaves=6,
)
OPERANDS = st.sampled_from(
    ["5", "-0.5", '"a"', "true", "null", "x", "x.y", 'date("2026-05-01")', "[1, 2]"]
)
SINGLE = (
    OPERANDS
    | st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), OPERANDS)
    | st.builds("[{}..{}]".format, OPERANDS, OPERANDS)
    | st.builds("? {} {}".format, st.sampled_from(["<", "=", "in", "+", "and"]), OPERANDS)
)
CELLS = st.lists(SINGLE, min_size=1, max_size=3).map(", ".join)


@given(cell=CELLS | st.builds("not({})".format, CELLS), value=VALUES, x=VALUES)
def test_a_value_passes_or_not_or_cannot_be_compared(cell: str, value: Any, x: Any) -> None:
    tests = parse_unary_tests(cell)

    with suppress(UndecidableError):
        assert tests.matches(value, {"x": x}, today=TODAY) in (True, False)
