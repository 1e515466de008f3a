"""The monthly report: what lines came to, why they deviate, and who is told."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.budget import (
    MONTHS,
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetPeriod,
    BudgetState,
)
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Document, Service
from ssflow.operations.budget_figures import Variance, add_up
from ssflow.operations.budget_lines import CONTROLLED, approved_budget
from ssflow.operations.budget_periods import (
    NO_VARIANCE,
    name_of,
    period_of,
    variances_of,
)
from ssflow.operations.documents import make_document
from ssflow.operations.operation import Effect, EffectKind, OperationContext, operation
from ssflow.operations.parameters import identifier
from ssflow.operations.record_changes import changing
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows


@operation("period.report", "Report the month", period=identifier())
def report_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make the monthly report and send it to holders, director, steering group and customers.

    Once the last month of its year is signed, and no other one waits for it, the budget is closed.
    """
    period = period_of(context, given["period"])
    budget = approved_budget(context, period.budget_id, CONTROLLED)
    lines = [line for line in budget_rows.lines_of(context.session, budget.id) if line.is_funded]
    figures = variances_of(context, budget, period)
    document = _make_report(context, budget, period, lines, figures)
    readers = _readers(context, lines)
    for user_id in readers:
        _notify(context, user_id, "budget_reported", budget=budget.number, period=period.period)
    for mandate_holder, share in _customer_shares(context, lines, figures).items():
        _notify(
            context,
            mandate_holder,
            "budget_share_reported",
            budget=budget.number,
            period=period.period,
            actual=str(share),
        )
    _close_year(context, budget)
    return {"document": str(document.id), "notified": [str(user_id) for user_id in readers]}


REPORT_OPERATIONS = (report_period,)


def _make_report(
    context: OperationContext,
    budget: Budget,
    period: BudgetPeriod,
    lines: Sequence[BudgetLine],
    figures: Mapping[UUID, Variance],
) -> Document:
    notes = budget_rows.notes_of_period(context.session, budget.id, period.period)
    names = {line.id: line.name for line in lines}
    people = [line.holder for line in lines] + [note.explained_by for note in notes]
    return make_document(
        context,
        ("BudgetPeriod", period.id),
        "budget_report",
        Sentence("Budget report %(name)s", name=period.name),
        budget=budget,
        period=period,
        lines=lines,
        figures=figures,
        total=add_up(figures.values()),
        year_total=sum((line.amount for line in lines), Decimal(0)),
        classes=_by_class(lines, figures),
        notes=notes,
        noted={note.line_id: note for note in notes},
        line_names=names,
        accruals=period.accruals,
        people=people_rows.names_of(context.session, [one for one in people if one]),
        signer=name_of(context, period.signed_by),
    )


def _by_class(
    lines: Sequence[BudgetLine], figures: Mapping[UUID, Variance]
) -> dict[str, tuple[Variance, Decimal]]:
    """Add figures up by class of money, beside the budget of the year."""
    found: dict[str, tuple[Variance, Decimal]] = {}
    for name in BudgetClass:
        own = [line for line in lines if line.budget_class is name]
        if own:
            year = sum((line.amount for line in own), Decimal(0))
            found[str(name)] = add_up(figures[line.id] for line in own), year
    return found


def _close_year(context: OperationContext, budget: Budget) -> None:
    december = f"{budget.fiscal_year}-{MONTHS}"
    is_over = december in budget_rows.signed_periods(context.session, [december])
    if is_over and not budget_rows.unsigned_periods(context.session, budget.id):
        with changing(context, budget):
            budget.move_to(BudgetState.CLOSED)


def _readers(context: OperationContext, lines: Sequence[BudgetLine]) -> list[UUID]:
    today = context.calendar.local_date(context.now)
    roles = ("it_director", "itsg_chair", "itsg_member")
    found = [
        user.id for r in roles for user in people_rows.users_with_role(context.session, r, today)
    ]
    return list(dict.fromkeys([*(line.holder for line in lines if line.holder), *found]))


def _customer_shares(
    context: OperationContext, lines: Sequence[BudgetLine], figures: Mapping[UUID, Variance]
) -> dict[UUID, Decimal]:
    """Sum what was spent for each customer's services, by who decides for the customer."""
    shares: dict[UUID, Decimal] = {}
    for line in lines:
        service = context.session.get(Service, line.service_id) if line.service_id else None
        customer_id = service.customer_id if service else None
        customer = context.session.get(Customer, customer_id) if customer_id else None
        if customer is not None and customer.mandate_holder is not None:
            actual = figures.get(line.id, NO_VARIANCE).actual
            shares[customer.mandate_holder] = (
                shares.get(customer.mandate_holder, Decimal(0)) + actual
            )
    return shares


def _notify(context: OperationContext, user_id: UUID, template: str, **facts: Any) -> None:
    payload = {"template": template, "to": str(user_id), **facts}
    context.effects.append(Effect(EffectKind.NOTICE, payload))
