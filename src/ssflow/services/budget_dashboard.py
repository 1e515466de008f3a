"""The budget of a year against what was spent: by month, amendment, line and category."""

from collections.abc import Mapping, Sequence
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
    """A month of the budget; the running sums count from January. Actual is None once ahead."""

    month: int
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
    return BudgetFigures(
        years=years,
        budget=budget,
        months=_months(work, budget, lines),
        steps=_steps(work, budget, lines),
        deviating=rows.latest_coloured_notes(work.session, budget.id),
        shares=rows.costs_by_category(
            work.session, f"{budget.fiscal_year}-01", f"{budget.fiscal_year}-12"
        ),
    )


def _months(
    work: UnitOfWork, budget: Budget, lines: Sequence[BudgetLine]
) -> Sequence[MonthFigures]:
    spent = rows.costs_by_line_and_month(work.session, budget.id)
    closed = max((period for _, period in spent), default="")
    last = int(closed[5:7]) if closed.startswith(f"{budget.fiscal_year}-") else 0
    planned = [_planned(lines, month) for month in range(1, MONTHS + 1)]
    actual = [_actual(spent, f"{budget.fiscal_year}-{month:02}") for month in range(1, MONTHS + 1)]
    ahead = _ahead(budget, lines, spent, last)
    outlook = [*actual[:last], *ahead[last:]]
    return [
        MonthFigures(
            month=month + 1,
            planned=planned[month],
            actual=actual[month] if month < last else None,
            outlook=outlook[month],
            planned_so_far=sum(planned[: month + 1], _NOTHING),
            outlook_so_far=sum(outlook[: month + 1], _NOTHING),
        )
        for month in range(MONTHS)
    ]


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
    """Give each month as it will be if every line goes on at the rate it had so far."""
    months = [_NOTHING] * MONTHS
    periods = [f"{budget.fiscal_year}-{month:02}" for month in range(1, last + 1)]
    for line in lines:
        parts = [amount_of(part) for part in line.phasing]
        so_far = sum((spent.get((line.id, period), _NOTHING) for period in periods), _NOTHING)
        rate = run_rate(so_far, sum(parts[:last], _NOTHING))
        for month, part in enumerate(parts):
            months[month] += part * rate
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
