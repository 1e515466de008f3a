"""What a yearly budget begins with: costs so far, running promises, initiatives of the strategy."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ssflow.domain.registers.budget import BudgetClass, BudgetLine, CostCategory
from ssflow.domain.registers.portfolio import Service
from ssflow.operations.budget_lines import line_name, text_of
from ssflow.operations.operation import OperationContext
from ssflow.store import budget as budget_rows
from ssflow.store import strategy as strategy_rows

_NOTHING = Decimal(0)


def baseline_of(context: OperationContext, year: int) -> list[dict[str, Any]]:
    """Give the rows that holders of a year's budget begin with.

    A row for every purpose of last year's funded lines and last twelve months' costs: what was
    spent, else what was approved last. Then what was promised but is not spent, by line of last
    year, and the money of initiatives in force that no line brings yet.
    """
    former = budget_rows.find_budget_in_force(context.session, year - 1)
    lines = budget_rows.lines_of(context.session, former.id) if former else []
    lines = [line for line in lines if line.is_funded]
    rows = [*_purposes(context, lines), *_promises(context, lines, year - 1)]
    rows += _initiatives(context, year)
    return sorted(rows, key=lambda row: (row["holder"] or "", row["name"]))


def _purposes(context: OperationContext, lines: Sequence[BudgetLine]) -> Iterator[dict[str, Any]]:
    today = context.calendar.local_date(context.now)
    first, last = f"{today.year - 1}-{today.month:02}", _month_before(today)
    spent = budget_rows.spent_by_purpose(context.session, first, last)
    approved: dict[budget_rows.Purpose, Decimal] = {}
    for line in lines:
        purpose = _purpose_of(line)
        approved[purpose] = approved.get(purpose, _NOTHING) + line.amount
    for purpose in {**approved, **spent}:
        amount = spent.get(purpose) or approved.get(purpose) or _NOTHING
        yield _row(context, purpose, amount, former=approved.get(purpose))


def _promises(
    context: OperationContext, lines: Sequence[BudgetLine], year: int
) -> Iterator[dict[str, Any]]:
    """Give what each line still owes: commitments - costs of the year, where that is positive."""
    ids = [line.id for line in lines]
    promised = budget_rows.commitments_of_lines(context.session, ids)
    spent = budget_rows.costs_of_lines(context.session, ids, f"{year}-01", f"{year}-12")
    for line in lines:
        owed = promised.get(line.id, _NOTHING) - spent.get(line.id, _NOTHING)
        if owed > 0:
            yield _row(context, _purpose_of(line), owed, name=f"{line.name} · promised")


def _initiatives(context: OperationContext, year: int) -> Iterator[dict[str, Any]]:
    for initiative in strategy_rows.unfunded_initiatives(context.session):
        begins, ends = initiative.from_date, initiative.to_date
        if (begins and begins.year > year) or (ends and ends.year < year):
            continue
        budget_class = BudgetClass(initiative.budget_class or BudgetClass.STRATEGIC)
        purpose = budget_rows.Purpose(initiative.owner, CostCategory.OVERHEAD, budget_class, None)
        row = _row(context, purpose, initiative.money, name=initiative.title)
        yield {**row, "initiative": str(initiative.id)}


def _purpose_of(line: BudgetLine) -> budget_rows.Purpose:
    return budget_rows.Purpose(line.holder, line.category, line.budget_class, line.service_id)


def _row(
    context: OperationContext,
    purpose: budget_rows.Purpose,
    amount: Decimal,
    *,
    former: Decimal | None = None,
    name: str = "",
) -> dict[str, Any]:
    service = context.session.get(Service, purpose.service_id) if purpose.service_id else None
    category, budget_class = str(purpose.category), str(purpose.budget_class)
    return {
        "holder": text_of(purpose.holder),
        "category": category,
        "budget_class": budget_class,
        "service": text_of(purpose.service_id),
        "name": name or line_name(service, category, budget_class),
        "amount": float(amount),
        "former": None if former is None else float(former),
        "initiative": None,
    }


def _month_before(today: date) -> str:
    last = today.replace(day=1) - timedelta(days=1)
    return f"{last.year}-{last.month:02}"
