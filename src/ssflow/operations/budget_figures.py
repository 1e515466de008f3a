"""The figures of budgets: pure functions of amounts, each with its formula.

Money is in EUR, exact to the cent; a fiscal year has twelve months, January is 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from ssflow.domain.registers.budget import MONTHS
from ssflow.operations.parameters import CENT, amount_of

NO_BUDGET_PCT = Decimal(999)
"""Deviation of costs for which nothing was planned."""
NEW_LINE_PCT = Decimal(100)
"""Growth of a line that did not exist the year before."""
SMALLEST_RUN_RATE, LARGEST_RUN_RATE = Decimal("0.5"), Decimal("1.5")
WORTH_LOOKING_AT = Decimal(1000)
"""Smaller deviations are not looked at."""
_MONTHS_OF = {
    "even": range(1, 13),
    "q1": range(1, 4),
    "q2": range(4, 7),
    "q3": range(7, 10),
    "q4": range(10, 13),
}


@dataclass(frozen=True)
class Variance:
    """How far reality is from the plan; positive is overspend. `var_pct` as such, not a share."""

    actual: Decimal
    planned: Decimal
    var: Decimal
    var_pct: Decimal
    outlook: Decimal


def spread(amount: Decimal, months: Sequence[int]) -> list[Decimal]:
    """Spread an amount over months so that the twelve parts sum to it exactly.

    Each of the n months gets amount / n cut to cents; the last one takes what is left.
    """
    parts = [Decimal(0)] * MONTHS
    share = (amount / len(months)).quantize(CENT, ROUND_DOWN)
    for month in months:
        parts[month - 1] = share
    parts[months[-1] - 1] += amount - share * len(months)
    return parts


def phase(amount: Decimal, phasing: str) -> list[Decimal]:
    """Phase a year's amount: even over twelve months, or over the three of one quarter."""
    return spread(amount, _MONTHS_OF[phasing])


def rephase(former: Sequence[Decimal], amount: Decimal) -> list[Decimal]:
    """Give another amount the same shape: part = former part x amount / sum of former parts.

    The last month with money takes the cents that rounding leaves; without shape it is even.
    """
    total = sum(former, Decimal(0))
    if not total:
        return phase(amount, "even")
    parts = [(part * amount / total).quantize(CENT, ROUND_DOWN) for part in former]
    last = max(month for month, part in enumerate(former) if part)
    parts[last] += amount - sum(parts, Decimal(0))
    return parts


def as_texts(parts: Sequence[Decimal]) -> list[str]:
    """Write the twelve parts of a year as texts with cents, as records keep them."""
    return [str(part.quantize(CENT, ROUND_HALF_UP)) for part in parts]


def to_date(phasing: Sequence[Any], month: int) -> Decimal:
    """Sum what is planned from January up to and including a month."""
    return sum((amount_of(part) for part in phasing[:month]), Decimal(0))


def remaining(phasing: Sequence[Any], month: int) -> Decimal:
    """Sum what is planned after a month."""
    return sum((amount_of(part) for part in phasing[month:]), Decimal(0))


def vary(actual: Decimal, accruals: Decimal, phasing: Sequence[Any], month: int) -> Variance:
    """Compare reality with the plan up to a month.

    var = actual YTD + accruals - phased budget YTD; var_pct = 100 var / budget YTD
    (999 when nothing was planned but something spent); outlook = actual YTD incl. accruals
    + remaining plan x clamp(actual / budget YTD, 0.5, 1.5).
    """
    planned, spent = to_date(phasing, month), actual + accruals
    var = spent - planned
    return Variance(
        actual=spent,
        planned=planned,
        var=var,
        var_pct=_deviation_pct(var, planned, spent),
        outlook=look_out(spent, planned, remaining(phasing, month)),
    )


def add_up(figures: Iterable[Variance]) -> Variance:
    """Add figures of lines up: each amount is the sum of theirs, var_pct = 100 var / budget YTD."""
    found = list(figures)
    actual, planned, var, outlook = (
        sum((getattr(one, name) for one in found), Decimal(0))
        for name in ("actual", "planned", "var", "outlook")
    )
    return Variance(actual, planned, var, _deviation_pct(var, planned, actual), outlook)


def run_rate(actual: Decimal, planned: Decimal) -> Decimal:
    """Tell how fast money is spent: clamp(actual / planned, 0.5, 1.5); 1 without a plan so far."""
    rate = actual / planned if planned > 0 else Decimal(1)
    return min(max(rate, SMALLEST_RUN_RATE), LARGEST_RUN_RATE)


def look_out(actual: Decimal, planned: Decimal, rest: Decimal) -> Decimal:
    """Estimate the year: actual + rest x run rate; without a plan so far the rest as planned."""
    return (actual + rest * run_rate(actual, planned)).quantize(CENT, ROUND_HALF_UP)


def gap_pct(total: Decimal, ceiling: Decimal) -> Decimal:
    """Compare lines with ceilings: 100 (sum of lines - sum of ceilings) / sum of ceilings.

    Without any ceiling every line is too much (999); without lines there is no gap. Rounded to
    hundredths, but what is a cent too much is never told as 0.
    """
    if ceiling <= 0:
        return NO_BUDGET_PCT if total > 0 else Decimal(0)
    gap = _hundredths(100 * (total - ceiling) / ceiling)
    return max(gap, CENT) if total > ceiling else gap


def growth_pct(amount: Decimal, former: Decimal | None) -> Decimal:
    """Compare with what was approved last: 100 (amount - former) / former; new is 100."""
    if not former or former <= 0:
        return NEW_LINE_PCT if amount > 0 else Decimal(0)
    return _hundredths(100 * (amount - former) / former)


def free_of_line(
    amount: Decimal, frozen: Decimal, committed: Decimal, spent: Decimal = Decimal(0)
) -> Decimal:
    """Give what a line may still promise: amount - frozen - max(commitments, spent), at least 0.

    Costs fulfil commitments, so the larger of the two counts. Without `spent` this is the formula
    of funding: approved line - commitments.
    """
    return max(amount - frozen - max(committed, spent), Decimal(0))


def totals_by(lines: Iterable[Mapping[str, Any]], key: str) -> dict[str, Decimal]:
    """Sum the amounts of lines by what they say under `key`."""
    totals: dict[str, Decimal] = {}
    for line in lines:
        name = str(line.get(key) or "")
        totals[name] = totals.get(name, Decimal(0)) + amount_of(line.get("amount"))
    return totals


def _deviation_pct(var: Decimal, planned: Decimal, spent: Decimal) -> Decimal:
    if planned > 0:
        return _hundredths(100 * var / planned)
    return NO_BUDGET_PCT if spent > 0 else Decimal(0)


def _hundredths(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
