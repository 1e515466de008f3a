"""A month of a budget under control: what it belongs to and how its lines stand."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.budget import Budget, BudgetPeriod
from ssflow.operations.budget_figures import Variance, vary
from ssflow.operations.operation import OperationContext, OperationRefusedError, Refusal
from ssflow.operations.parameters import amount_of, id_of
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows

NO_VARIANCE = Variance(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(0))


def month_of(budget: Budget, period: str) -> int:
    """Read the month of a period.

    Raises:
        OperationRefusedError: it is none of the budget's year.
    """
    year, _, month = period.partition("-")
    if year != str(budget.fiscal_year) or not month.isdecimal() or not 1 <= int(month) <= 12:
        raise OperationRefusedError(
            Sentence(
                "%(period)s is no month of budget %(number)s; write %(year)s-01 to %(year)s-12.",
                period=period,
                number=budget.number,
                year=budget.fiscal_year,
            ),
            code=Refusal.WRONG_PARAMETER,
        )
    return int(month)


def period_of(context: OperationContext, period_id: UUID) -> BudgetPeriod:
    """Get the month that a case controls."""
    period = context.session.get(BudgetPeriod, period_id)
    if period is None:
        message = Sentence("There is no budget period %(id)s.", id=period_id)
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return period


def variances_of(
    context: OperationContext, budget: Budget, period: BudgetPeriod
) -> dict[UUID, Variance]:
    """Compare each funded line with its plan, from January up to the month."""
    month = month_of(budget, period.period)
    lines = budget_rows.lines_of(context.session, budget.id)
    first = f"{budget.fiscal_year}-01"
    spent = budget_rows.costs_of_lines(
        context.session, [line.id for line in lines], first, period.period
    )
    accrued: dict[UUID | None, Decimal] = {}
    for row in period.accruals:
        line_id = id_of(row["line"])
        accrued[line_id] = accrued.get(line_id, Decimal(0)) + amount_of(row["amount"])
    return {
        line.id: vary(
            spent.get(line.id, Decimal(0)), accrued.get(line.id, Decimal(0)), line.phasing, month
        )
        for line in lines
        if line.is_funded
    }


def name_of(context: OperationContext, user_id: UUID | None) -> str:
    """Give the name of a person, or nothing for nobody."""
    names = people_rows.names_of(context.session, [user_id]) if user_id else {}
    return names.get(user_id, "") if user_id else ""


def required_id(value: Any) -> UUID:
    """Read an id that has to be there."""
    found = id_of(value)
    if found is None:
        raise OperationRefusedError("An id is missing.", code=Refusal.WRONG_PARAMETER)
    return found
