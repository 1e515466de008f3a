"""The budget of a year against what was spent: by month, amendment, line and category."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from ssflow.domain.registers.budget import (
    MONTHS,
    AmendmentKind,
    Budget,
    BudgetAmendment,
    BudgetLine,
    VarianceNote,
)
from ssflow.errors import NotFoundError
from ssflow.operations.budget_figures import run_rate
from ssflow.operations.parameters import amount_of
from ssflow.services.working_days import calendar_of
from ssflow.store import budget as rows
from ssflow.store.budget import CostShare
from ssflow.store.unit_of_work import UnitOfWork

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class MonthFigures:
    """A month of the budget; the running sums count from January.

    Actual is None where nothing was spent yet; only in months that are over it is all there is.
    """

    month: int
    is_over: bool
    planned: Decimal
    actual: Decimal | None
    outlook: Decimal
    planned_so_far: Decimal
    outlook_so_far: Decimal


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall: what an amendment added to the budget, or took from it."""

    label: str
    change: Decimal
    amendment: BudgetAmendment | None = None


@dataclass(frozen=True)
class BudgetFigures:
    """What the dashboard shows of one year; without an approved budget only the years."""

    years: Sequence[int]
    budget: Budget | None
    months: Sequence[MonthFigures] = ()
    steps: Sequence[Step] = ()
    deviating: Sequence[tuple[VarianceNote, BudgetLine]] = ()
    shares: Sequence[CostShare] = ()
    loose: Decimal = _NOTHING
    """Costs of the year that belong to no line of the budget yet."""


def budget_figures(work: UnitOfWork, year: int | None = None) -> BudgetFigures:
    """Gather the figures of a year, else of this one, else of the newest with a budget.

    Raises:
        NotFoundError: the actor is a customer.
    """
    if work.actor.is_outsider:
        raise NotFoundError("There is no such dashboard, or you may not see it.")
    years = rows.years_in_force(work.session)
    wanted = year or calendar_of(work).local_date(work.now).year
    chosen = wanted if wanted in years or year else next(iter(years), wanted)
    budget = rows.find_budget_in_force(work.session, chosen)
    if budget is None:
        return BudgetFigures(years, None)
    lines = [line for line in rows.lines_of(work.session, budget.id) if line.is_funded]
    spent = rows.costs_by_line_and_month(work.session, budget.id)
    shares = rows.costs_by_category(
        work.session, f"{budget.fiscal_year}-01", f"{budget.fiscal_year}-12"
    )
    return BudgetFigures(
        years=years,
        budget=budget,
        months=_months(work, budget, lines, spent),
        steps=_steps(work, budget, lines),
        deviating=rows.latest_coloured_notes(work.session, budget.id),
        shares=shares,
        loose=_loose(budget, shares, spent),
    )


def _months(
    work: UnitOfWork,
    budget: Budget,
    lines: Sequence[BudgetLine],
    spent: Mapping[tuple[UUID, str], Decimal],
) -> Sequence[MonthFigures]:
    last = _last_whole_month(work, budget, {period for _, period in spent})
    planned = [_planned(lines, month) for month in range(1, MONTHS + 1)]
    actual = [_actual(spent, f"{budget.fiscal_year}-{month:02}") for month in range(1, MONTHS + 1)]
    ahead = _ahead(budget, lines, spent, last)
    outlook = [*actual[:last], *ahead[last:]]
    return [
        MonthFigures(
            month=month + 1,
            is_over=month < last,
            planned=planned[month],
            actual=actual[month] if month < last or actual[month] else None,
            outlook=outlook[month],
            planned_so_far=sum(planned[: month + 1], _NOTHING),
            outlook_so_far=sum(outlook[: month + 1], _NOTHING),
        )
        for month in range(MONTHS)
    ]


def _last_whole_month(work: UnitOfWork, budget: Budget, periods: Collection[str]) -> int:
    """Tell up to which month costs are known: the last one with costs that is over."""
    this_month = calendar_of(work).local_date(work.now).isoformat()[:7]
    year = f"{budget.fiscal_year}-"
    whole = [one for one in periods if one.startswith(year) and one < this_month]
    return int(max(whole)[5:7]) if whole else 0


def _loose(
    budget: Budget, shares: Sequence[CostShare], spent: Mapping[tuple[UUID, str], Decimal]
) -> Decimal:
    year = f"{budget.fiscal_year}-"
    bound = (amount for (_, period), amount in spent.items() if period.startswith(year))
    return sum((share.amount for share in shares), _NOTHING) - sum(bound, _NOTHING)


def _planned(lines: Sequence[BudgetLine], month: int) -> Decimal:
    return sum((amount_of(line.phasing[month - 1]) for line in lines if line.phasing), _NOTHING)


def _actual(spent: Mapping[tuple[UUID, str], Decimal], period: str) -> Decimal:
    return sum((amount for (_, when), amount in spent.items() if when == period), _NOTHING)


def _ahead(
    budget: Budget,
    lines: Sequence[BudgetLine],
    spent: Mapping[tuple[UUID, str], Decimal],
    last: int,
) -> list[Decimal]:
    """Give each month as it will be if every line goes on at the rate it had so far.

    What was spent in a month that is not over counts when it is more than that already.
    """
    months = [_NOTHING] * MONTHS
    periods = [f"{budget.fiscal_year}-{month:02}" for month in range(1, last + 1)]
    for line in lines:
        parts = [amount_of(part) for part in line.phasing]
        so_far = sum((spent.get((line.id, period), _NOTHING) for period in periods), _NOTHING)
        rate = run_rate(so_far, sum(parts[:last], _NOTHING))
        for month, part in enumerate(parts):
            booked = spent.get((line.id, f"{budget.fiscal_year}-{month + 1:02}"), _NOTHING)
            months[month] += max(part * rate, booked)
    return [amount_of(month) for month in months]


def _steps(work: UnitOfWork, budget: Budget, lines: Sequence[BudgetLine]) -> Sequence[Step]:
    """Go from what was approved at first to what may be spent now."""
    changes = [
        Step(one.number, _change(one), one)
        for one in rows.applied_amendments(work.session, budget.id)
    ]
    now = sum((line.amount - line.frozen for line in lines), _NOTHING)
    first = now - sum((step.change for step in changes), _NOTHING)
    return [Step("", first), *changes]


def _change(amendment: BudgetAmendment) -> Decimal:
    if amendment.kind is AmendmentKind.TRANSFER:
        return _NOTHING
    return amendment.amount if amendment.kind is AmendmentKind.SUPPLEMENT else -amendment.amount
