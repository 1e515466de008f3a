"""Expressions: what they give, what is refused, and what no expression may do."""

import inspect
import json
import math
import sys
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.feel.expression import FeelError, parse_expression
from ssflow.feel.grammar import MAX_NESTING
from ssflow.feel.tokens import MAX_CHARACTERS

TODAY = date(2026, 3, 2)
FEELIN = json.loads((Path(__file__).parent / "feelin_answers.json").read_text("utf-8"))
CASE: dict[str, Any] = {
    "amount": 1200,
    "price": 19.99,
    "money": Decimal("0.10"),
    "kind": "major",
    "urgent": True,
    "closed": False,
    "nothing": None,
    "due": "2026-05-01",
    "opened_at": "2026-02-28T22:30:00Z",
    "request": {"customer": {"tier": "gold", "the tier": "silver"}},
    "costs": [
        {"category": "software", "y0": 100.1, "y1": 50, "gap": True},
        {"category": "hardware", "y0": 200.2, "y1": None, "gap": False},
    ],
    "risks": [{"likelihood": 3, "impact": 4}, {"likelihood": 5, "impact": 3}],
    "years": [2026, 2027, 2028],
    "empty": [],
    "item_names": ["a", "b"],
}

RISK = "some r in risks satisfies r.likelihood * r.impact"


def evaluate(text: str, **context: Any) -> Any:
    return parse_expression(text).evaluate(CASE | context, today=TODAY)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("12.50", 12.5),
        (".5", 0.5),
        ("-3", -3),
        ('"a \\"b\\" \\n \\u00e5 \\\\"', 'a "b" \n å \\'),
        ("'single'", "single"),
        ('"\\ud83d\\ude00 😀"', "😀 😀"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("True", True),
        ("None", None),
        ("[1, [2], []]", [1, [2], []]),
        ("=amount", 1200),
        ("  = amount", 1200),
        ("amount", 1200),
        ("request.customer.tier", "gold"),
        ('request["customer"]["the tier"]', "silver"),
        ("request . customer", CASE["request"]["customer"]),
        ("request.customer.tier.x", None),
        ("unknown", None),
        ("unknown.field", None),
        ("größe_2", None),
    ],
)
def test_values_are_written_or_named(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("8 / 2 / 2", 2),
        ("2 * -3", -6),
        ("- - 2", 2),
        ("-amount", -1200),
        ("0.1 + 0.2", 0.3),
        ("0.1 + 0.2 = 0.3", True),
        ("price * 3", 59.97),
        ("money * 3", 0.3),
        ("1 / 3 * 3 = 1", False),
        ("1 / 4", 0.25),
        ("1 / 0", None),
        ("0 / 0", None),
        ('"a" + "b" + "c"', "abc"),
        ('"a" + 1', None),
        ("amount * nothing", None),
        ("true + true", None),
        ("[1] + [2]", None),
        ('-"a"', None),
        ("9007199254740991 + 1", 2**53),
        ("9007199254740993 + 1", 9007199254740994.0),
    ],
)
def test_numbers_are_decimal(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 = 1.0", True),
        ("price = 19.99", True),
        ('kind = "major"', True),
        ('kind != "major"', False),
        ("1 != 2", True),
        ('1 = "1"', None),
        ('1 != "1"', None),
        ("true = 1", None),
        ("nothing = null", True),
        ("unknown = null", True),
        ("amount != null", True),
        ("null = 1", False),
        ("[1, 2.0] = [1.0, 2]", True),
        ("[1] = [2]", False),
        ("[1] = [1, 2]", False),
        ('[1] = ["a"]', None),
        ("costs[1] = costs[1]", True),
        ("costs[1] = costs[2]", False),
        ("amount > 1000", True),
        ("amount <= 1000", False),
        ('"b" > "a"', True),
        ("nothing < 1", None),
        ('"a" < 1', None),
        ("true < false", None),
        ("[1] < [2]", None),
        ('kind == "major"', True),
    ],
)
def test_only_values_of_one_kind_compare(text: str, value: Any) -> None:
    assert evaluate(text) is value


@pytest.mark.parametrize("left", ["true", "false", "null", '"a"'])
@pytest.mark.parametrize("right", ["true", "false", "null", "1"])
def test_logic_has_three_values(left: str, right: str) -> None:
    both, one = evaluate(f"{left} and {right}"), evaluate(f"{left} or {right}")

    sides = {left, right}
    assert both is (False if "false" in sides else True if sides == {"true"} else None)
    assert one is (True if "true" in sides else False if sides == {"false"} else None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("not(urgent)", False),
        ("not(nothing)", None),
        ("not(1)", None),
        ("urgent or closed and closed", True),
        ("(urgent or closed) and closed", False),
        ("not(closed) and amount > 5", True),
        ("amount > 5 and kind = 'major' or nothing", True),
        ('if amount > 1000 then "big" else "small"', "big"),
        ('if nothing then "yes" else "no"', "no"),
        ("if amount then 1 else 2", 2),
        ("if false then 1 else if false then 2 else 3", 3),
        ("(if urgent then 1 else 2) + 10", 11),
        ("if urgent then 1 else 2 + 10", 1),
    ],
)
def test_conditions_hold_only_when_true(text: str, value: Any) -> None:
    assert evaluate(text) is value or evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 between 1 and 2", True),
        ("0 between 1 and 2", False),
        ("nothing between 1 and 2", None),
        ("2 between 1 and 3 and urgent", True),
        ('kind in ("minor", "major")', True),
        ('kind in ["minor", "new"]', False),
        ("2027 in years", True),
        ("years in years", True),
        ("1 in 1", True),
        ("nothing in (1, null)", True),
        ('nothing in ("a")', False),
        ("5 in [1..10]", True),
        ("1 in (1..10]", False),
        ("10 in [1..10)", False),
        ("1 in ]1..10]", False),
        ("10 in ]1..10[", False),
        ("2 in [amount - 1199..years[1]]", True),
        ("5 in ([1..3], 5)", True),
        ("5 in (< 3, > 4)", True),
        ("5 in <= 4", False),
        ("nothing in [1..10]", None),
        ('"x" in [1..10]', None),
        ("5 in [nothing..4]", False),
        ("5 in [nothing..10]", None),
        ('kind in ("major") and amount in (1200) or false', True),
        ('due in [date("2026-05-01")..date("2026-05-31")]', True),
    ],
)
def test_membership_in_lists_ranges_and_tests(text: str, value: Any) -> None:
    assert evaluate(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("costs.y0", [100.1, 200.2]),
        ("sum(costs.y0)", 300.3),
        ("costs[1].category", "software"),
        ("costs[-1].category", "hardware"),
        ("costs[0]", None),
        ("costs[3]", None),
        ("costs[1.5]", None),
        ("costs[-3]", None),
        ("costs[gap = true].category", ["software"]),
        ("count(costs[y0 > 150])", 1),
        ("costs[item.y0 > 150][1].category", "hardware"),
        ("costs[category in item_names]", []),
        ("years[item > 2026]", [2027, 2028]),
        ("years[count(years)]", 2028),
        ("empty[1]", None),
        ("empty[item = 1]", []),
        ("amount[1]", 1200),
        ("amount[item > 5]", [1200]),
        ("nothing[1]", None),
        ("nothing[item = 1]", None),
        ("costs[unknown]", []),
        ("costs.y0.x", [None, None]),
        ('costs["y1"]', [50, None]),
        ("costs[some y in years satisfies y = 2026].category", ["software", "hardware"]),
    ],
)
def test_rows_are_projected_filtered_and_counted_from_one(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("some r in risks satisfies r.likelihood * r.impact >= 15", True),
        ("every r in risks satisfies r.likelihood * r.impact >= 15", False),
        ("some r in empty satisfies true", False),
        ("every r in empty satisfies false", True),
        ("some r in nothing satisfies true", None),
        ("some r in amount satisfies true", None),
        ("some r in costs satisfies r.y1 > 70", None),
        ("some a in years, b in risks satisfies b.impact = a - 2024", True),
        ("every a in [[1], [2]], b in a satisfies b > 0", True),
        ("every a in years, b in nothing satisfies true", None),
        ("for r in risks return r.likelihood * r.impact", [12, 15]),
        ("sum(for r in risks return r.likelihood * r.impact)", 27),
        ("for a in [1, 2], b in [a, 10] return a * b", [1, 10, 4, 20]),
        ("for x in nothing return x", None),
        ("for amount in [1] return amount", [1]),
        ("some r in risks satisfies some s in risks satisfies r.impact > s.impact", True),
        (f'if {RISK} >= 15 then "high" else if {RISK} >= 8 then "medium" else "low"', "high"),
        (f'if {RISK} > 15 then "high" else if {RISK} >= 8 then "medium" else "low"', "medium"),
    ],
)
def test_loops_ask_every_row(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("today()", "2026-03-02"),
        ("due > today()", True),
        ('due = date("2026-05-01")', True),
        ('due < "2026-05-02"', True),
        ('opened_at = "2026-02-28T23:30:00+01:00"', True),
        ('opened_at < date and time("2026-02-28T22:30:01Z")', True),
        ('opened_at = date("2026-02-28")', True),
        ('"2026-05-01T10:00" = "2026-05-01T10:00:00Z"', True),
        ('"2026-02-30" = due', False),
        ('"2026-02-30" < due', True),  # both are texts then
        ('due + duration("P14D")', "2026-05-15"),
        ('duration("P1M") + date("2026-01-31")', "2026-02-28"),
        ('date("2024-02-29") + duration("P1Y")', "2025-02-28"),
        ('due - duration("P1M1D")', "2026-03-31"),
        ('due <= today() + duration("P1Y")', True),
        ("due - today()", "P60D"),
        ("(due - today()).days", 60),
        ("(today() - due).days", -60),
        ('date and time("2026-05-01T12:00:00Z") - opened_at', "P61DT13H30M"),
        ('due - today() > duration("P59D")', True),
        ('due - today() > "P59D"', True),
        ('duration("P1Y") = duration("P12M")', True),
        ('duration("P1M") > duration("P30D")', None),
        ('duration("P1Y") > duration("PT1S")', None),
        ('duration("P1D") * 2 + duration("PT12H")', "P2DT12H"),
        ('2 * duration("P6M")', "P1Y"),
        ('duration("P1D") * 1.5', None),
        ('duration("P1M") + duration("P1D")', None),
        ('duration("P1Y") - duration("P1M")', "P11M"),
        ('duration("P1Y") < "soon"', None),
        ('-duration("P1D")', "-P1D"),
        ('duration("P1Y2M").months', 2),
        ("due.year", 2026),
        ("due.weekday", 5),
        ("due.hour", None),
        ("opened_at.minute", 30),
        ("due.century", None),
        ("date(opened_at)", "2026-02-28"),
        ("date and time(due)", "2026-05-01T00:00:00+00:00"),
        ('@"2026-05-01" = due', True),
        ('@"P1D"', "P1D"),
        ("due + 1", None),
        ("due + due", "2026-05-012026-05-01"),
        ("due * 2", None),
        ('date("9999-12-31") + duration("P1D")', None),
        ('date("2026-01-01") - duration("P2026Y")', None),
        ('duration("P9999999D") * 1000000000', None),
        ("date(nothing)", None),
        ('date("2026" + "-02-30")', None),
    ],
)
def test_dates_are_calculated_with(text: str, value: Any) -> None:
    assert evaluate(text) == value


def test_dates_may_also_come_as_dates() -> None:
    context = {"day": date(2026, 5, 1), "naive": datetime.fromisoformat("2026-05-01T10:00")}

    assert evaluate("day > today()", **context) is True
    assert evaluate("day", **context) == "2026-05-01"
    assert evaluate('naive = "2026-05-01T10:00:00Z"', **context) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(1, 2.5)", 3.5),
        ("sum([])", 0),
        ("sum(costs.y1)", 50),
        ('sum([1, "a"])', None),
        ("sum(nothing)", None),
        ("sum(5)", 5),
        ("min(3, 1, 2)", 1),
        ("max(years)", 2028),
        ('max("2026-01-02", due)', "2026-05-01"),
        ("min([])", None),
        ("max(null, 1)", 1),
        ('max(1, "a")', None),
        ("min(nothing)", None),
        ("mean(1, 2, null)", 1.5),
        ("mean([])", None),
        ("mean(nothing)", None),
        ("count(costs)", 2),
        ("count([null])", 1),
        ("count(nothing)", None),
        ("count(5)", 1),
        ("all(costs.gap)", False),
        ("all([])", True),
        ("all([true, null])", None),
        ("all(nothing)", None),
        ("any(costs.gap)", True),
        ("any([])", False),
        ("any([false, null])", None),
        ("any(nothing)", None),
        ("list contains(years, 2026.0)", True),
        ("list contains([null], null)", True),
        ("list contains(5, 5)", None),
        ('distinct values([1, "a", 1.0, null, "a"])', [1, "a", None]),
        ("count(distinct values(costs.category)) = count(costs)", True),
        ("distinct values(5)", None),
        ('contains("feedback", "db")', True),
        ('contains("feedback", 1)', None),
        ('starts with("6010", "60")', True),
        ('ends with("6010", "60")', False),
        ('upper case("å")', "Å"),
        ('lower case("ABC")', "abc"),
        ("upper case(1)", None),
        ('string length("åäö")', 3),
        ("string(12.50)", "12.5"),
        ("string(true)", "true"),
        ('string("a")', "a"),
        ('string(date("2026-05-01"))', "2026-05-01"),
        ("string(nothing)", None),
        ("string([1])", None),
        ('number(" 12.50 ")', 12.5),
        ("number(3)", 3),
        ('number("12,5")', None),
        ('number("1e5")', None),
        ('number("NaN")', None),
        ("number(true)", None),
        ("abs(-2.5)", 2.5),
        ('abs("a")', None),
        ("floor(-1.5)", -2),
        ("floor(1.29, 1)", 1.2),
        ("ceiling(1.2)", 2),
        ("round half up(2.345, 2)", 2.35),
        ("round half up(-2.5)", -3),
        ("decimal(2.345, 2)", 2.34),
        ("decimal(2.345, nothing)", None),
        ("decimal(1234, -2)", 1200),
        ("decimal(1, 31)", None),
        ("decimal(1, 99999999999)", None),
        ('floor("a")', None),
    ],
)
def test_functions(text: str, value: Any) -> None:
    assert evaluate(text) == value


def test_whole_numbers_that_not_every_reader_can_hold_come_out_as_floats() -> None:
    values = [evaluate("x", x=number) for number in (2**53, 2**53 + 2, Decimal(10) ** 20, 10**400)]

    assert [type(value) for value in values] == [int, float, float, type(None)]


def test_reading_on_a_nearly_full_stack_is_refused_like_any_other_nesting() -> None:
    def read_below(depth: int) -> None:
        if depth > 0:
            read_below(depth - 1)
        else:
            parse_expression("(" * 60 + "1" + ")" * 60)

    free = sys.getrecursionlimit() - len(inspect.stack(0))

    with pytest.raises(FeelError, match="nested"):
        read_below(free - 100)


def test_a_number_comes_out_as_the_json_number_that_it_is() -> None:
    context = {"decimal": Decimal("2.50"), "whole": Decimal("5.00"), "rows": [{"x": Decimal(7)}]}

    values = [evaluate(text, **context) for text in ("decimal", "whole", "rows", "2 * decimal")]

    assert json.dumps(values) == '[2.5, 5, [{"x": 7}], 5]'


@pytest.mark.parametrize(
    ("text", "names", "in_filters"),
    [
        ("amount > 5 and request.customer.tier = kind", {"amount", "request", "kind"}, set()),
        ("some r in risks satisfies r.impact > limit", {"risks", "limit"}, set()),
        ("for a in x, b in a return a + b + c", {"x", "c"}, set()),
        ("sum(costs[gap = true and item.y0 > floor].y0)", {"costs"}, {"gap", "floor"}),
        ("(for r in x return r) = r", {"x", "r"}, set()),
        ("x.y.z[1].w", {"x"}, set()),
        ("today() + duration(d)", {"d"}, set()),
        ("item", {"item"}, set()),
        ("1 + 1", set(), set()),
    ],
)
def test_an_expression_tells_the_names_it_needs(
    text: str, names: set[str], in_filters: set[str]
) -> None:
    expression = parse_expression(text)

    assert set(expression.names) == names
    assert set(expression.names_in_filters) == in_filters


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 1, "At character 1, a value is missing before the end."),
        ("1 +", 4, "At character 4, a value is missing before the end."),
        ("= 1 +", 6, "At character 6, a value is missing before the end."),
        ("a b", 3, 'At character 3, an operator is missing before "b".'),
        ("(a", 3, 'At character 3, ")" is missing before the end.'),
        ("[1, 2", 6, 'At character 6, "]" is missing before the end.'),
        ("a and", 6, "At character 6, a value is missing before the end."),
        ("and a", 1, 'At character 1, a value is missing before "and".'),
        ("a # b", 3, 'At character 3, "# b" cannot be understood.'),
        ('"abc', 1, "The text that begins at character 1 has no end."),
        ("1.5.2", 4, None),
        ("12abc", 1, None),
        ("1e5", 1, None),
        (f"{'9' * 40}", 1, None),
        ("a.", 3, "At character 3, the name of a field is missing before the end."),
        ("a.1", 2, None),
        ("nope(1)", 1, 'At character 1, there is no function "nope".'),
        ("now()", 1, None),
        ("sum()", 1, 'At character 1, "sum" takes 1 to 100 arguments, not 0.'),
        ("abs(1, 2)", 1, 'At character 1, "abs" takes 1 argument, not 2.'),
        ("contains(a)", 1, 'At character 1, "contains" takes 2 arguments, not 1.'),
        ("today(1)", 1, 'At character 1, "today" takes no argument, not 1.'),
        ("if a then b", 12, 'At character 12, "else" is missing before the end.'),
        ("if a", 5, 'At character 5, "then" is missing before the end.'),
        ("some r in x", 12, 'At character 12, "satisfies" is missing before the end.'),
        ("some in x satisfies y", 6, None),
        ("some r x satisfies y", 8, None),
        ("for a in b, c in d, e in f, g in h, i in j, k in l return 1", 1, None),
        ("1 < a < 5", 7, None),
        ("a = b = c", 7, None),
        ("a in b in c", 8, None),
        ("x between 1 or 2", 13, None),
        ("[1..3]", 3, None),
        ("a in [1..3", 11, None),
        ("not a", 1, None),
        ("?", 1, 'At character 1, "?" has no meaning outside the cells of a decision.'),
        ('a.startswith("x")', 3, None),
        ('date("2026-02-30")', 1, 'At character 1, "date" cannot understand its text.'),
        ('@"soon"', 2, None),
        ("@a", 2, None),
        ("a[]", 2, None),
        ("lambda: 1", 7, None),
        ("__import__('os')", 1, None),
        ("{a: 1}", 1, None),
        ("a; b", 2, None),
        ('a = "\\ud83d"', 5, "The text at character 5 cannot be stored."),
        ('"\ud83d"', 1, None),
        ('"\\u0000"', 1, None),
        ("a\x00b", 2, None),
    ],
)
def test_what_is_no_expression_is_refused_where_it_goes_wrong(
    text: str, position: int, message: str | None
) -> None:
    with pytest.raises(FeelError) as caught:
        parse_expression(text)

    assert caught.value.position == position
    assert caught.value.message == message or (message is None and caught.value.message[-1] == ".")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 65 + "1" + ")" * 65,
        "[" * 65 + "]" * 65,
        "not(" * 65 + "true" + ")" * 65,
        "if a then 1 else " * 65 + "2",
        "a[" * 65 + "1" + "]" * 65,
        "some x in y satisfies " * 65 + "true",
        "1 in (" * 65 + "1" + ")" * 65,
        "(" * 3_999,
        "a or a and a in (" * 200,
        "a in [" * 500,
        "x" * (MAX_CHARACTERS + 1),
        " " * (MAX_CHARACTERS + 1),
    ],
)
def test_bombs_are_refused(text: str) -> None:
    with pytest.raises(FeelError):
        parse_expression(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(" * (MAX_NESTING - 1) + "1" + ")" * (MAX_NESTING - 1), 1),
        ("not(" * (MAX_NESTING - 1) + "true" + ")" * (MAX_NESTING - 1), False),
        ("no or true and 1 in (" * 40 + "1" + ")" * 40, None),
        ("+".join(["1"] * 1_900), 1_900),
        ("*".join(["9"] * 1_900), None),  # more than a JSON number can hold
        (" and ".join(["true"] * 400), True),
        ("-" * 3_000 + "1", 1),
        ("-" * 2_999 + "amount", -1200),
        ("request" + ".x" * 1_900, None),
        ("years" + "[item > 0]" * 300, [2026, 2027, 2028]),
        ("[" + ",".join(["1"] * 1_900) + "]", [1] * 1_900),
        ("9" * 34 + "*" + "9" * 34, 1e68),
    ],
)
def test_long_but_plain_expressions_are_fine(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "for a in big, b in big return 1",
        "count(for a in big, b in big, c in big, d in big, e in big return 1)",
        "some a in big, b in big satisfies false",
        "[" + ",".join(["big"] * 150) + "]",
        "for a in big return big",
        "count(for a in big return long + long)",
        "for a in big return long",
        "+".join(["sum(big)"] * 400),
        "+".join(["count(big[item > 0])"] * 180),
        "long" + "+long" * 700,
        "sum(big" + ".x" * 500 + ")",
        " or ".join(["-1 in big"] * 300),
    ],
)
def test_an_expression_that_works_too_hard_has_no_answer(text: str) -> None:
    assert evaluate(text, big=list(range(1_000)), long="x" * 40_000) is None


def test_deep_data_has_no_answer_rather_than_an_error() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]

    assert evaluate("deep", deep=deep) is None
    assert evaluate("deep = other", deep=deep, other=[deep]) is None
    assert evaluate("count(deep)", deep=deep) == 1


@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")]
)
def test_numbers_that_are_none_are_null(number: Any) -> None:
    context = {"x": number, "xs": [number, 1], "fields": {"x": number}}

    assert evaluate("x", **context) is None
    assert evaluate("x = null", **context) is True
    assert evaluate("x > 1", **context) is None
    assert evaluate("sum(xs)", **context) == 1
    assert evaluate("xs[1]", **context) is None
    assert evaluate("fields.x", **context) is None
    assert evaluate("fields", **context) == {"x": None}
    assert evaluate("1 in xs", **context) is True


@pytest.mark.parametrize("number", [10**400, Decimal("1e400"), Decimal("1e-400"), 1e308, 5e-324])
def test_numbers_at_the_edge_do_no_harm(number: Any) -> None:
    values = [evaluate(text, x=number) for text in ("x * x", "x + 1", "-x", "x / 3", "floor(x)")]

    assert all(value is None or isinstance(value, (int, float)) for value in values)


@pytest.mark.parametrize(("text", "answer"), FEELIN["expressions"]["answers"])
def test_the_editors_preview_gives_the_same_answer(text: str, answer: Any) -> None:
    context = FEELIN["expressions"]["context"]

    value = parse_expression(text).evaluate(context, today=TODAY)

    assert isinstance(value, bool) is isinstance(answer, bool)
    assert value == (pytest.approx(answer) if isinstance(answer, float) else answer)


# --- whatever is thrown at it --------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "rows", "item"])
POISON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-05-01", "2026-05-01T10:00:00Z", "9999-12-31", "P9999Y", "-P1D", "12.5"]
    )
    | st.dates()
    | st.binary(max_size=2)
    | st.just(object()),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(NAMES, children, max_size=3),
    max_leaves=8,
)
LEAVES = NAMES | st.sampled_from(
    ["1", "0", "-2.5", '"x"', "true", "null", "[]", "today()", '@"2026-05-01"', '@"P1M"', '@"PT1H"']
)
OPERATORS = ["+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"]
OTHER_WORDS = ["a", "1", "2.5", '"x"', "(", ")", "[", "]", "..", ".", ",", "@", "?", "not", "if"]
MORE_WORDS = [
    "then",
    "else",
    "some",
    "every",
    "for",
    "satisfies",
    "return",
    "between",
    "sum",
    "date",
]
WORDS = st.sampled_from([*OPERATORS, *OTHER_WORDS, *MORE_WORDS])


def _combine(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    functions = ["sum", "count", "min", "max", "mean", "not", "abs", "floor", "string", "number"]
    functions += [
        "date",
        "date and time",
        "duration",
        "all",
        "any",
        "distinct values",
        "upper case",
    ]
    return st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from(OPERATORS), parts),
        st.builds("{}({})".format, st.sampled_from(functions), parts),
        st.builds("(if {} then {} else {})".format, parts, parts, parts),
        st.builds("(some a in {} satisfies {})".format, parts, parts),
        st.builds("(for b in {} return {})".format, parts, parts),
        st.builds("({})[{}]".format, parts, parts),
        st.builds("({}).{}".format, parts, NAMES | st.sampled_from(["year", "days", "hour"])),
        st.builds("({} in [{}..{}))".format, parts, parts, parts),
        st.builds("({} between {} and {})".format, parts, parts, parts),
        st.builds("[{}, {}]".format, parts, parts),
        st.builds("decimal({}, {})".format, parts, parts),
        st.builds("-{}".format, parts),
    )


@given(text=st.recursive(LEAVES, _combine, max_leaves=12), context=st.dictionaries(NAMES, POISON))
def test_evaluation_never_fails_and_gives_json(text: str, context: dict[str, Any]) -> None:
    with suppress(FeelError):  # longer or deeper than allowed
        value = parse_expression(text).evaluate(context, today=TODAY)
        assert json.dumps(value, allow_nan=False, default=_foreign)


def _foreign(value: Any) -> str:
    """Let pass only what a test put in that JSON has not; all else has to be JSON already."""
    assert not isinstance(value, (Decimal, date))
    return ""


@given(text=st.text(max_size=60) | st.lists(WORDS, max_size=25).map(" ".join))
def test_reading_refuses_or_reads_but_never_breaks(text: str) -> None:
    try:
        expression = parse_expression(text)
    except FeelError as error:
        position = error.position
    else:
        position = 1
        expression.evaluate({}, today=TODAY)

    assert 1 <= position <= len(text) + 1
