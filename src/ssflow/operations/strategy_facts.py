"""What the registers say of customers, services and money when a strategy is assessed.

Money is in EUR, exact to the cent; yearly figures of services are those of their latest review.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.budget import BudgetLine
from ssflow.operations.budget_figures import add_up, vary
from ssflow.operations.case_figures import add_months
from ssflow.operations.operation import OperationContext
from ssflow.store import analysis as analysis_rows
from ssflow.store import budget as budget_rows
from ssflow.store import feedback as feedback_rows
from ssflow.store import portfolio as portfolio_rows
from ssflow.store import strategy as strategy_rows
from ssflow.store.analysis import ReviewedService

MAX_SERVICES = 100
"""Services that the portfolio manager judges on one form."""
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Satisfaction:
    """What customers told during the last twelve months; None where nobody said anything."""

    customers: int
    complaints: int
    compliments: int
    in_time_pct: float | None
    """Complaints answered in time: 100 x in time / promised a date."""
    rating: float | None
    """Mean of the ratings (1-5) after complaints."""


def satisfaction_of(context: OperationContext) -> Satisfaction:
    """Tell how content customers were during the last twelve months."""
    since = _a_year_ago(context)
    [counts] = feedback_rows.count_by_month(context.session, [since])
    rating = strategy_rows.mean_rating(context.session, since)
    promised, in_time = counts.promised, counts.replied_in_time
    return Satisfaction(
        customers=strategy_rows.count_customers(context.session),
        complaints=counts.complaints,
        compliments=counts.compliments,
        in_time_pct=round(100 * in_time / promised, 1) if promised else None,
        rating=None if rating is None else round(rating, 1),
    )


def portfolio_of(context: OperationContext) -> dict[str, Any]:
    """Tell what the portfolio is worth: services live, reviewed ones, and the mix of their cost."""
    reviewed = analysis_rows.reviewed_services(context.session)[:MAX_SERVICES]
    states = strategy_rows.count_services_by_state(context.session)
    return {
        "live": states.get("live", 0),
        "cost": _sum_of(one.review.yearly_cost for one in reviewed),
        "benefit": _sum_of(one.review.yearly_benefit for one in reviewed),
        "mix": _mix_of(reviewed),
        "reviewed": [_told_service(one) for one in reviewed],
    }


def live_services(context: OperationContext) -> list[dict[str, str]]:
    """List the services that are to be judged."""
    services = portfolio_rows.live_services(context.session, MAX_SERVICES)
    return [{"service": str(service.id)} for service in services]


def money_of(context: OperationContext) -> dict[str, Any] | None:
    """Compare this year's budget with its costs, in all and by class; None: none is approved.

    Figures are those of `vary` up to the last month that has costs, else before January.
    """
    year = context.calendar.local_date(context.now).year
    budget = budget_rows.find_budget_in_force(context.session, year)
    if budget is None:
        return None
    lines = [one for one in budget_rows.lines_of(context.session, budget.id) if one.is_funded]
    spent = budget_rows.costs_by_line_and_month(context.session, budget.id)
    month, actual = 0, dict[UUID, Decimal]()
    for (line_id, period), amount in spent.items():
        if period.startswith(f"{year}-"):
            month = max(month, int(period[5:7]))
            actual[line_id] = actual.get(line_id, _NOTHING) + amount
    classes = sorted({line.budget_class for line in lines})
    return {
        "number": budget.number,
        "year": year,
        **_stand(lines, actual, month),
        "classes": [
            {
                "budget_class": str(name),
                **_stand([one for one in lines if one.budget_class is name], actual, month),
            }
            for name in classes
        ],
    }


def assessment_facts(context: OperationContext) -> dict[str, Any]:
    """Gather what the four who assess want to see, as variables of the case."""
    return {
        "satisfaction": asdict(satisfaction_of(context)),
        "portfolio": portfolio_of(context),
        "money": money_of(context),
    }


def _a_year_ago(context: OperationContext) -> datetime:
    today = context.calendar.local_date(context.now)
    start = datetime.combine(add_months(today, -12), time(), context.calendar.timezone)
    return start.astimezone(UTC)


def _stand(
    lines: Sequence[BudgetLine], actual: dict[UUID, Decimal], month: int
) -> dict[str, float]:
    figure = add_up(
        vary(actual.get(line.id, _NOTHING), _NOTHING, line.phasing, month) for line in lines
    )
    return {
        "approved": _sum_of(line.amount for line in lines),
        "planned": float(figure.planned),
        "actual": float(figure.actual),
        "outlook": float(figure.outlook),
    }


def _mix_of(reviewed: Sequence[ReviewedService]) -> dict[str, float]:
    """Share the yearly cost in percent: 100 x cost of run (grow, transform) / cost of these."""
    costs = {
        name: _sum_of(one.review.yearly_cost for one in reviewed if _has(one, name))
        for name in ("run", "grow", "transform")
    }
    total = sum(costs.values())
    return {name: round(100 * cost / total, 1) if total else 0.0 for name, cost in costs.items()}


def _has(one: ReviewedService, investment: str) -> bool:
    return one.review.investment == investment


def _told_service(one: ReviewedService) -> dict[str, Any]:
    review = one.review
    return {
        "name": one.service.name,
        "value_score": review.value_score,
        "tech_score": review.tech_score,
        "yearly_cost": float(review.yearly_cost),
        "yearly_benefit": float(review.yearly_benefit),
        "disposition": review.disposition,
    }


def _sum_of(amounts: Iterable[Decimal]) -> float:
    return float(sum(amounts, _NOTHING))
