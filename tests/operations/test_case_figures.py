"""The figures of a business case: examples worked out by hand, and laws that always hold."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.operations.case_figures import (
    MOST_PCT,
    NEVER,
    YEARS,
    CaseFigures,
    add_months,
    calculate_case,
    days_late,
    overrun_pct,
    reforecast_costs,
    risk_level,
    weigh_score,
)
from ssflow.operations.operation import OperationRefusedError

RATINGS = ("fit", "value", "financial", "feasibility")


def row(*amounts: Any, **more: Any) -> dict[str, Any]:
    return {**dict(zip(("y0", "y1", "y2"), amounts, strict=False)), **more}


def case(
    costs: list[dict[str, Any]], benefits: list[dict[str, Any]], discount: str = "0"
) -> CaseFigures:
    return calculate_case(costs, benefits, Decimal(discount))


# --- worked out by hand ---------------------------------------------------------------------------


def test_a_case_that_pays_back_in_its_second_year() -> None:
    # results -60 000, +40 000, +40 000; npv at 6 %: -60 000 + 37 735.849 + 35 599.858
    figures = case(
        [row(80_000, 20_000, 20_000)], [row(20_000, 60_000, 60_000, confidence=100)], "6"
    )

    assert figures == CaseFigures(
        tco3=Decimal("120000.00"),
        benefit3=Decimal("140000.00"),
        npv=Decimal("13335.71"),
        roi_pct=Decimal("16.7"),
        payback_months=30,
    )


@pytest.mark.parametrize(
    ("cost", "gain", "confidence", "discount", "npv", "roi", "payback"),
    [
        # -1000 + 700/1.1 + 800/1.21; 500/1200; 300 of 800 are left to earn in year 3: month 4.5
        ((1000, 100, 100), (0, 800, 900), 100, 10, "297.52", "41.7", 29),
        # one year only, half of 200 expected: -400; -400/500; never
        ((500, 0, 0), (200, 0, 0), 50, 8, "-400.00", "-80.0", 999),
        ((0, 0, 0), (0, 0, 0), 100, 5, "0.00", "0.0", 1),
    ],
)
def test_figures_agree_with_those_made_by_hand(
    cost: tuple[int, ...],
    gain: tuple[int, ...],
    confidence: int,
    discount: int,
    npv: str,
    roi: str,
    payback: int,
) -> None:
    costs = [dict(zip(YEARS, cost, strict=True))]
    benefits = [{**dict(zip(YEARS, gain, strict=True)), "confidence": confidence}]

    found = calculate_case(costs, benefits, Decimal(discount))

    assert (found.npv, found.roi_pct) == (Decimal(npv), Decimal(roi))
    assert found.payback_months == payback


def test_benefits_count_as_far_as_they_are_expected() -> None:
    figures = case([row(100)], [row(100, 100, 100, confidence=50), row(0, 0, 40, confidence="25")])

    assert (figures.benefit3, figures.roi_pct) == (Decimal("160.00"), Decimal("60.0"))


def test_a_benefit_without_confidence_counts_in_full() -> None:
    assert case([row(100)], [row(100, confidence=None)]).benefit3 == Decimal("100.00")
    assert case([row(100)], [row(100, confidence=0)]).benefit3 == Decimal("0.00")


def test_costs_and_benefits_come_as_numbers_texts_or_not_at_all() -> None:
    figures = case(
        [row("1000.10", 2.2, None), row("", y3="ignored")], [row("3000", confidence="100")]
    )

    assert (figures.tco3, figures.benefit3) == (Decimal("1002.30"), Decimal("3000.00"))


def test_nothing_spent_has_no_return_in_per_cent() -> None:
    figures = case([], [row(100)])

    assert figures.tco3 == figures.roi_pct == 0
    assert figures.payback_months == 1


def test_what_is_never_earned_back() -> None:
    figures = case([row(100, 100, 100)], [row(10, 10, 10)])

    assert (figures.payback_months, figures.roi_pct) == (NEVER, Decimal("-90.0"))


@pytest.mark.parametrize(
    ("costs", "benefits", "months"),
    [
        (row(0, 0, 0), row(0, 0, 0), 1),
        (row(120), row(120), 1),
        (row(120), row(0, 120), 24),
        (row(120), row(0, 240), 18),
        (row(120), row(0, 0, 120), 36),
        (row(120), row(0, 0, 119), NEVER),
        (row(120, 0, 0), row(0, 120, 0), 24),
    ],
)
def test_payback_is_the_first_month_without_loss(
    costs: dict[str, Any], benefits: dict[str, Any], months: int
) -> None:
    assert case([costs], [benefits]).payback_months == months


def test_the_score_weighs_five_things() -> None:
    ratings = {"fit": 4, "value": 5, "financial": 3, "feasibility": 4}

    # 0.30*4 + 0.25*5 + 0.20*3 + 0.10*4 = 3.45, and 0.15 times 5, 3 or 1
    assert weigh_score(ratings, "low") == Decimal("4.20")
    assert weigh_score(ratings, "medium") == Decimal("3.90")
    assert weigh_score(ratings, "high") == Decimal("3.60")


@pytest.mark.parametrize(
    ("products", "stated", "level"),
    [
        ([], "low", "low"),
        ([], "high", "high"),
        ([(2, 3)], "low", "low"),
        ([(2, 4)], "low", "medium"),
        ([(2, 4)], "high", "high"),
        ([(3, 5)], "low", "high"),
        ([(1, 1), (5, 5)], "medium", "high"),
        ([(2, 5)], "nonsense", "medium"),
    ],
)
def test_the_risk_level_is_the_higher_of_stated_and_ruled(
    products: list[tuple[int, int]], stated: str, level: str
) -> None:
    risks = [{"likelihood": a, "impact": str(b)} for a, b in products]

    assert risk_level(risks, stated) == level


@pytest.mark.parametrize("amount", ["many", "1,5", [], {"a": 1}, "0x10"])
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    with pytest.raises(OperationRefusedError, match="amount"):
        case([row(amount)], [])


@pytest.mark.parametrize("amount", ["NaN", "Infinity", float("nan"), float("-inf"), "1e30"])
def test_what_is_no_finite_amount_is_refused(amount: Any) -> None:
    with pytest.raises(OperationRefusedError, match="amount"):
        case([row(amount)], [])


# --- laws -----------------------------------------------------------------------------------------

MONEY = st.decimals(min_value=0, max_value=10**9, places=2)
COSTS = st.lists(st.builds(row, MONEY, MONEY, MONEY), max_size=8)
BENEFITS = st.lists(st.builds(row, MONEY, MONEY, MONEY, confidence=st.integers(0, 100)), max_size=8)
DISCOUNT = st.decimals(min_value=0, max_value=20, places=2).map(str)


@given(COSTS, BENEFITS)
def test_without_discount_the_net_value_is_the_difference(
    costs: list[dict[str, Any]], benefits: list[dict[str, Any]]
) -> None:
    figures = case(costs, benefits)

    assert abs(figures.npv - (figures.benefit3 - figures.tco3)) <= Decimal("0.02")


@given(COSTS, BENEFITS, DISCOUNT)
def test_the_return_has_the_sign_of_the_difference(
    costs: list[dict[str, Any]], benefits: list[dict[str, Any]], discount: str
) -> None:
    figures = case(costs, benefits, discount)

    assert figures.roi_pct >= -100
    if figures.roi_pct > 0:
        assert figures.benefit3 > figures.tco3
    if figures.roi_pct < 0:
        assert figures.benefit3 < figures.tco3


@given(COSTS, BENEFITS, DISCOUNT)
def test_the_order_of_rows_makes_no_difference(
    costs: list[dict[str, Any]], benefits: list[dict[str, Any]], discount: str
) -> None:
    assert case(costs, benefits, discount) == case(costs[::-1], benefits[::-1], discount)


@given(COSTS, BENEFITS)
def test_payback_is_a_month_or_never(
    costs: list[dict[str, Any]], benefits: list[dict[str, Any]]
) -> None:
    figures = case(costs, benefits)

    assert figures.payback_months in {*range(1, 37), NEVER}
    if figures.benefit3 >= figures.tco3 + 1:
        assert figures.payback_months != NEVER


@given(COSTS, BENEFITS, MONEY, st.sampled_from(["y0", "y1", "y2"]))
def test_more_benefit_never_makes_a_case_worse(
    costs: list[dict[str, Any]], benefits: list[dict[str, Any]], more: Decimal, year: str
) -> None:
    before, after = case(costs, benefits, "6"), case(costs, [*benefits, {year: more}], "6")

    assert after.npv >= before.npv
    assert after.roi_pct >= before.roi_pct
    assert after.payback_months <= before.payback_months


@given(st.fixed_dictionaries({name: st.integers(1, 5) for name in RATINGS}))
def test_the_score_lies_between_one_and_five_and_falls_with_risk(ratings: dict[str, int]) -> None:
    low, medium, high = (weigh_score(ratings, level) for level in ("low", "medium", "high"))

    assert 1 <= high < medium < low <= 5


@given(
    st.fixed_dictionaries({name: st.integers(1, 4) for name in RATINGS}),
    st.sampled_from(RATINGS),
    st.sampled_from(["low", "medium", "high"]),
)
def test_a_better_rating_is_a_better_score(ratings: dict[str, int], name: str, level: str) -> None:
    better = {**ratings, name: ratings[name] + 1}

    assert weigh_score(better, level) > weigh_score(ratings, level)


@given(
    st.lists(
        st.builds(lambda a, b: {"likelihood": a, "impact": b}, st.integers(1, 5), st.integers(1, 5))
    ),
    st.sampled_from(["low", "medium", "high"]),
)
def test_another_risk_never_lowers_the_level(risks: list[dict[str, int]], stated: str) -> None:
    order = ("low", "medium", "high")
    worse = [*risks, {"likelihood": 5, "impact": 5}]

    assert order.index(risk_level(worse, stated)) >= order.index(risk_level(risks, stated))
    assert risk_level(worse, stated) == "high"


MONEY = st.decimals(min_value=0, max_value=10**8, places=2)
COSTS = st.lists(
    st.fixed_dictionaries({"category": st.just("hardware"), "y0": MONEY, "y1": MONEY, "y2": MONEY}),
    max_size=6,
)


def sum_of(costs: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(str(row[y])) for row in costs for y in ("y0", "y1", "y2")), Decimal(0))


@given(COSTS, MONEY)
def test_stretched_costs_sum_to_the_new_total(costs: list[dict[str, Any]], total: Decimal) -> None:
    stretched = reforecast_costs(costs, total)

    assert abs(sum_of(stretched) - total) < Decimal("0.01")
    assert len(stretched) - len(costs) == (0 if sum_of(costs) else 1)


@given(COSTS.filter(sum_of))
def test_stretching_to_the_former_total_changes_nothing(costs: list[dict[str, Any]]) -> None:
    stretched = reforecast_costs(costs, sum_of(costs))

    assert [row["y1"] for row in stretched] == [float(row["y1"]) for row in costs]


@given(MONEY.filter(bool), MONEY)
def test_an_overrun_is_the_forecast_over_the_budget(budget: Decimal, forecast: Decimal) -> None:
    pct = overrun_pct(forecast, budget)

    assert pct == MOST_PCT or abs(budget * (1 + pct / 100) - forecast) <= budget * Decimal("0.0001")
    assert (pct > 0) <= (forecast > budget)


def test_percentages_of_a_few_cents_end_where_a_record_keeps_them() -> None:
    figures = case([{"y0": "0.01"}], [{"y0": "99999999999.99", "confidence": 100}], "6")

    assert figures.roi_pct == MOST_PCT
    assert overrun_pct(Decimal("99999999999.99"), Decimal("0.01")) == MOST_PCT


def test_costs_without_a_budget_are_an_overrun_beyond_measure() -> None:
    assert overrun_pct(Decimal(1), Decimal(0)) == Decimal(999)
    assert overrun_pct(Decimal(0), Decimal(0)) == Decimal(0)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-500, 500))
def test_days_late_count_from_the_milestone(milestone: date, days: int) -> None:
    assert days_late(milestone + timedelta(days=days), milestone) == days
    assert days_late(None, milestone) == days_late(milestone, None) == 0


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(
    start: date, months: int
) -> None:
    later = add_months(start, months)

    assert (later.year - start.year) * 12 + later.month - start.month == months
    assert later.day == start.day or (later + timedelta(days=1)).day == 1
