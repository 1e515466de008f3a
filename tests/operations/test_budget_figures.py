"""The figures of budgets: examples from the catalogue's walks, and laws."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.operations.budget_figures import (
    add_up,
    free_of_line,
    gap_pct,
    growth_pct,
    look_out,
    phase,
    remaining,
    rephase,
    spread,
    to_date,
    totals_by,
    vary,
)

EVEN = ["1000.00"] * 12


def euro(amount: str | int) -> Decimal:
    return Decimal(amount)


def test_an_amount_is_spread_evenly_and_the_last_month_takes_the_cents() -> None:
    parts = phase(euro(100), "even")

    assert parts[:11] == [euro("8.33")] * 11
    assert parts[11] == euro("8.37")


@pytest.mark.parametrize(("phasing", "first"), [("q1", 0), ("q2", 3), ("q3", 6), ("q4", 9)])
def test_a_quarter_takes_all_of_its_money(phasing: str, first: int) -> None:
    parts = phase(euro(90), phasing)

    assert [month for month, part in enumerate(parts) if part] == [first, first + 1, first + 2]
    assert parts[first] == euro(30)


def test_a_changed_amount_keeps_its_shape() -> None:
    assert rephase([euro(50), euro(50), *[euro(0)] * 10], euro(30))[:3] == [
        euro(15),
        euro(15),
        euro(0),
    ]
    assert rephase([euro(0)] * 12, euro(12)) == [euro(1)] * 12


def test_what_is_planned_is_split_by_the_month() -> None:
    assert to_date(EVEN, 3) == 3000
    assert remaining(EVEN, 3) == 9000
    assert [to_date(EVEN, 0), to_date(EVEN, 12), remaining(EVEN, 12)] == [0, 12000, 0]


def test_a_deviation_is_told_in_money_percent_and_outlook() -> None:
    """W3.7: a software line 12 % over, 6 000 EUR above the 50 000 planned so far."""
    found = vary(euro(54000), euro(2000), ["10000"] * 12, 5)

    assert [found.actual, found.planned, found.var, found.var_pct] == [56000, 50000, 6000, 12]
    assert found.outlook == euro(56000) + 70000 * euro("1.12")


@pytest.mark.parametrize(
    ("actual", "planned", "pct"),
    [
        ("100", "0", "999"),
        ("0", "0", "0"),
        ("-5", "0", "0"),
        ("0", "200", "-100"),
        ("210", "200", "5.0"),
    ],
)
def test_a_deviation_without_a_plan_is_told_as_999(actual: str, planned: str, pct: str) -> None:
    found = vary(euro(actual), euro(0), [planned, *["0"] * 11], 1)

    assert found.var_pct == euro(pct)


@pytest.mark.parametrize(
    ("actual", "planned", "outlook"),
    [("100", "100", "1000"), ("10", "100", "460"), ("900", "100", "2250"), ("0", "0", "900")],
)
def test_the_run_rate_of_the_outlook_is_limited(actual: str, planned: str, outlook: str) -> None:
    assert look_out(euro(actual), euro(planned), euro(900)) == euro(outlook)


@pytest.mark.parametrize(
    ("total", "ceiling", "pct"),
    [
        ("490", "500", "-2.0"),
        ("500", "500", "0"),
        ("963", "900", "7.0"),
        ("1", "0", "999"),
        ("0", "0", "0"),
    ],
)
def test_the_gap_compares_lines_with_ceilings(total: str, ceiling: str, pct: str) -> None:
    assert gap_pct(euro(total), euro(ceiling)) == euro(pct)


@pytest.mark.parametrize(
    ("amount", "former", "pct"),
    [
        ("103", "100", "3.0"),
        ("90", "100", "-10"),
        ("5", None, "100"),
        ("5", "0", "100"),
        ("0", None, "0"),
    ],
)
def test_growth_is_against_what_was_approved_last(
    amount: str, former: str | None, pct: str
) -> None:
    assert growth_pct(euro(amount), None if former is None else euro(former)) == euro(pct)


@pytest.mark.parametrize(
    ("committed", "spent", "free"),
    [("0", "0", "90"), ("40", "0", "50"), ("40", "70", "20"), ("40", "10", "50"), ("95", "0", "0")],
)
def test_a_line_promises_what_is_neither_frozen_nor_promised_nor_spent(
    committed: str, spent: str, free: str
) -> None:
    assert free_of_line(euro(100), euro(10), euro(committed), euro(spent)) == euro(free)


def test_lines_are_summed_by_what_they_say() -> None:
    lines: list[dict[str, Any]] = [
        {"budget_class": "capital", "amount": "1.50"},
        {"budget_class": "operational", "amount": 2},
        {"budget_class": "capital", "amount": None},
        {"amount": 1},
    ]

    assert totals_by(lines, "budget_class") == {
        "capital": euro("1.50"),
        "operational": 2,
        "": 1,
    }


# --- laws -----------------------------------------------------------------------------------------

MONEY = st.decimals(min_value=0, max_value=10**9, places=2)
SIGNED = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
PARTS = st.lists(MONEY, min_size=12, max_size=12)
MONTH = st.integers(1, 12)


@given(MONEY, st.lists(MONTH, min_size=1, max_size=12, unique=True).map(sorted))
def test_spread_parts_sum_to_the_amount(amount: Decimal, months: list[int]) -> None:
    parts = spread(amount, months)

    assert sum(parts) == amount
    assert min(parts) >= 0
    assert all(part == 0 for n, part in enumerate(parts, 1) if n not in months)


@given(PARTS, MONEY)
def test_rephased_parts_sum_to_the_new_amount(former: list[Decimal], amount: Decimal) -> None:
    parts = rephase(former, amount)

    assert sum(parts) == amount
    assert min(parts) >= 0


@given(PARTS, MONTH)
def test_plan_to_date_and_the_rest_make_the_year(parts: list[Decimal], month: int) -> None:
    assert to_date(parts, month) + remaining(parts, month) == sum(parts)


@given(SIGNED, SIGNED, PARTS, MONTH)
def test_a_deviation_has_the_sign_of_its_percentage(
    actual: Decimal, accruals: Decimal, parts: list[Decimal], month: int
) -> None:
    found = vary(actual, accruals, parts, month)

    assert found.var == actual + accruals - to_date(parts, month)
    if found.planned > 0:
        assert found.var_pct == 0 or (found.var_pct > 0) == (found.var > 0)
    if found.planned == found.actual:
        assert found.var_pct == 0


@given(MONEY, MONEY, MONEY)
def test_the_outlook_stays_between_half_and_one_and_a_half_of_the_rest(
    actual: Decimal, planned: Decimal, rest: Decimal
) -> None:
    outlook = look_out(actual, planned, rest)

    assert actual + rest / 2 - Decimal("0.01") <= outlook
    assert outlook <= actual + rest * 3 / 2 + Decimal("0.01")


@given(MONEY, MONEY, MONEY)
def test_more_money_never_makes_a_smaller_gap_or_growth(
    one: Decimal, other: Decimal, against: Decimal
) -> None:
    low, high = sorted((one, other))

    assert gap_pct(low, against) <= gap_pct(high, against)
    assert growth_pct(low, against) <= growth_pct(high, against)


@given(MONEY, MONEY, MONEY, MONEY)
def test_free_money_is_never_more_than_the_line(
    amount: Decimal, frozen: Decimal, committed: Decimal, spent: Decimal
) -> None:
    free = free_of_line(amount, frozen, committed, spent)

    assert 0 <= free <= amount
    assert free <= free_of_line(amount, frozen, committed)


def test_figures_of_lines_are_added_up() -> None:
    half = vary(Decimal(600), Decimal(0), [Decimal(100)] * 12, 5)
    credit = vary(Decimal(-50), Decimal(0), [Decimal(0)] * 12, 5)

    total = add_up([half, credit])

    assert (total.actual, total.planned, total.var) == (Decimal(550), Decimal(500), Decimal(50))
    assert total.var_pct == Decimal(10)
    assert total.outlook == half.outlook + credit.outlook
    assert add_up([]).var_pct == 0


@pytest.mark.parametrize(
    ("total", "gap"),
    [("480000", "0"), ("480000.01", "0.01"), ("480100", "0.02"), ("479999.99", "0")],
)
def test_lines_that_are_a_little_too_much_are_too_much(total: str, gap: str) -> None:
    assert gap_pct(Decimal(total), Decimal(480_000)) == Decimal(gap)


def test_a_deviation_a_little_above_a_limit_is_above_it() -> None:
    found = vary(Decimal("110040"), Decimal(0), ["100000", *["0"] * 11], 1)

    assert found.var_pct == Decimal("10.04")
