"""The figures of a business case: pure functions of the rows that people typed.

Formulas: process catalogue, section "calc" (case, score): tco3 = sum of costs over three years;
benefit3 = sum of benefit times confidence; npv = sum over t = 0..2 of (b_t - c_t) / (1 + d)^t;
roi_pct = 100 (benefit3 - tco3) / tco3; payback = first month whose cumulative result is >= 0.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ssflow.operations.parameters import amount_of, rating_of

YEARS = ("y0", "y1", "y2")
MOST_PCT = Decimal("999999.9")
"""What a percentage ends at, such as the return on a cost of a few cents."""
NEVER = 999
"""Payback in months when the costs are not earned back within three years."""
_HIGH_RISK, _MEDIUM_RISK = 15, 8
_LEVELS = ("low", "medium", "high")
_RISK_POINTS = {"low": 5, "medium": 3, "high": 1}
_WEIGHTS = {
    "fit": Decimal("0.30"),
    "value": Decimal("0.25"),
    "financial": Decimal("0.20"),
    "feasibility": Decimal("0.10"),
    "risk": Decimal("0.15"),
}


@dataclass(frozen=True)
class CaseFigures:
    """Money in EUR, percentages as such, payback in months (999: not within three years)."""

    tco3: Decimal
    benefit3: Decimal
    npv: Decimal
    roi_pct: Decimal
    payback_months: int


def calculate_case(
    costs: Sequence[Mapping[str, Any]], benefits: Sequence[Mapping[str, Any]], discount_pct: Decimal
) -> CaseFigures:
    """Sum costs and expected benefits of three years (t = 0, 1, 2) and compare them; EUR.

    tco3 = sum of costs; benefit3 = sum of benefit x confidence / 100 (no confidence: 100);
    npv = sum of (b_t - c_t) / (1 + discount_pct / 100)^t; roi_pct = 100 (benefit3 - tco3) / tco3,
    0 when nothing is spent, at most 999 999.9; payback as in `CaseFigures`.
    """
    cost = [sum((amount_of(row.get(y)) for row in costs), Decimal(0)) for y in YEARS]
    gain = [sum((_expected(row, y) for row in benefits), Decimal(0)) for y in YEARS]
    rate = 1 + discount_pct / 100
    npv = sum(
        ((g - c) / rate**t for t, (g, c) in enumerate(zip(gain, cost, strict=True))), Decimal(0)
    )
    tco3, benefit3 = sum(cost, Decimal(0)), sum(gain, Decimal(0))
    roi = 100 * (benefit3 - tco3) / tco3 if tco3 else Decimal(0)
    return CaseFigures(
        tco3=_cents(tco3),
        benefit3=_cents(benefit3),
        npv=_cents(npv),
        roi_pct=min(roi, MOST_PCT).quantize(Decimal("0.1"), ROUND_HALF_UP),
        payback_months=_payback_months(cost, gain),
    )


def told_figures(
    costs: Sequence[Mapping[str, Any]], benefits: Sequence[Mapping[str, Any]], discount_pct: Decimal
) -> dict[str, Any]:
    """Give the figures of a case as variables, with the rows that they come from."""
    figures = calculate_case(costs, benefits, discount_pct)
    return {
        "tco3": float(figures.tco3),
        "benefit3": float(figures.benefit3),
        "npv": float(figures.npv),
        "roi_pct": float(figures.roi_pct),
        "payback_months": figures.payback_months,
        "discount_pct": float(discount_pct),
        "costs": [dict(row) for row in costs],
        "benefits": [dict(row) for row in benefits],
    }


def reforecast_costs(costs: Sequence[Mapping[str, Any]], total: Decimal) -> list[dict[str, Any]]:
    """Stretch all costs alike so that they sum to `total`.

    cost' = cost * total / sum(costs), in cents; what rounding leaves goes to the largest amount.
    Costs that sum to nothing give one operational row with the whole total in the first year.
    """
    rows = [{**row, **{year: amount_of(row.get(year)) for year in YEARS}} for row in costs]
    former = sum((row[year] for row in rows for year in YEARS), Decimal(0))
    if not former:
        extra = {"category": "overhead", "budget_class": "operational"}
        return [*_as_numbers(rows), *_as_numbers([{**extra, "y0": total, "y1": 0, "y2": 0}])]
    for row in rows:
        row.update({year: _cents(row[year] * total / former) for year in YEARS})
    largest, year = max(((row, y) for row in rows for y in YEARS), key=lambda at: at[0][at[1]])
    largest[year] += _cents(total) - sum((row[y] for row in rows for y in YEARS), Decimal(0))
    return _as_numbers(rows)


def overrun_pct(forecast: Decimal, budget: Decimal) -> Decimal:
    """Compare a forecast of all costs with the budget: 100 (forecast - budget) / budget.

    Without a budget any cost is 999, no cost 0; at most 999 999.9.
    """
    if not budget:
        return Decimal(NEVER if forecast else 0)
    overrun = min(100 * (forecast - budget) / budget, MOST_PCT)
    return overrun.quantize(Decimal("0.01"), ROUND_HALF_UP)


def days_late(finish: date | None, milestone: date | None) -> int:
    """Count the days between a milestone and the day on which it is reached; early is negative."""
    return (finish - milestone).days if finish and milestone else 0


def add_months(start: date, months: int) -> date:
    """Give the same day some months on, or the last day of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def risk_level(risks: Sequence[Mapping[str, Any]], stated: str) -> str:
    """Give the higher of what was stated and what the products of likelihood and impact say."""
    products = (rating_of(r["likelihood"]) * rating_of(r["impact"]) for r in risks)
    worst = max(products, default=0)
    ruled = "high" if worst >= _HIGH_RISK else "medium" if worst >= _MEDIUM_RISK else "low"
    return max(ruled, stated if stated in _LEVELS else "low", key=_LEVELS.index)


def weigh_score(ratings: Mapping[str, Any], level: str) -> Decimal:
    """Weigh the ratings (1-5) and the risk level into a score between 1 and 5.

    score = 0.30 fit + 0.25 value + 0.20 financial + 0.10 feasibility + 0.15 risk,
    where risk counts low 5, medium 3, high 1.
    """
    points = {**ratings, "risk": _RISK_POINTS[level]}
    total = sum((weight * Decimal(points[name]) for name, weight in _WEIGHTS.items()), Decimal(0))
    return _cents(total)


def _expected(row: Mapping[str, Any], year: str) -> Decimal:
    confidence = row.get("confidence")
    share = Decimal(100) if confidence in (None, "") else Decimal(str(confidence))
    return amount_of(row.get(year)) * share / 100


def _payback_months(cost: Sequence[Decimal], gain: Sequence[Decimal]) -> int:
    """Find the first month 1-36 whose cumulative result is not negative; linear within a year."""
    cumulative = Decimal(0)
    for year, (g, c) in enumerate(zip(gain, cost, strict=True)):
        for month in range(1, 13):
            if cumulative + (g - c) * month / 12 >= 0:
                return year * 12 + month
        cumulative += g - c
    return NEVER


def _cents(value: Decimal) -> Decimal:
    return amount_of(value)


def _as_numbers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, **{year: float(row[year]) for year in YEARS}} for row in rows]
