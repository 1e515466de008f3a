"""The money that a proposal needs: is it free, from which lines, and what is missing.

A year counts as soon as its budget is approved; the present year also while its budget is only
planned. For other years, and where nobody keeps budgets, nothing is held against a proposal.
A proposal may use lines of its own service and lines of no service; others have to be named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.budget import BudgetClass, BudgetLine, BudgetState
from ssflow.domain.registers.portfolio import ServiceProposal
from ssflow.operations.amendments import AmendmentRequest, request_amendment
from ssflow.operations.case_figures import YEARS
from ssflow.operations.funds import (
    FreeLine,
    FundsNeed,
    add_needs,
    commit_funds,
    free_lines,
    lock_funds,
    release_commitments,
)
from ssflow.operations.operation import OperationContext, OperationRefusedError, operation
from ssflow.operations.parameters import amount_of, form, id_of, identifier, rows_of, text
from ssflow.operations.proposal_records import open_proposal
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows

_NONE = Decimal(0)


@dataclass(frozen=True)
class Money:
    """What one class and year has for a proposal: its own lines, and what others could give."""

    need: FundsNeed
    own: list[FreeLine]
    others: list[FreeLine]

    @property
    def missing(self) -> Decimal:
        """How much more is needed than the proposal's own lines have: max(0, need - free)."""
        return max(self.need.amount - sum((o.free for o in self.own), Decimal(0)), Decimal(0))


def yearly_needs(costs: Sequence[Mapping[str, Any]], first_year: int) -> list[FundsNeed]:
    """Sum the costs of a case per budget class and fiscal year; y0 falls into the first one."""
    return add_needs(
        [
            FundsNeed(BudgetClass(row["budget_class"]), first_year + offset, amount)
            for row in costs
            for offset, year in enumerate(YEARS)
            if (amount := amount_of(row.get(year))) > 0
        ]
    )


@operation("proposal.funds", "Check the funds", proposal=identifier(), calc=form())
def check_funds(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell whether the money of a proposal is free, what is missing and who could give it."""
    proposal = open_proposal(context, given["proposal"])
    checked, unchecked = _money_for(context, proposal, given["calc"])
    short = [money for money in checked if money.missing]
    return {
        "available": not short,
        "needs": [_told(money.need, money.need.amount) for money in checked],
        "missing": [_told(money.need, money.missing) for money in short],
        "shortfall": float(sum((money.missing for money in short), Decimal(0))),
        "candidates": [
            {
                "line": str(other.line.id),
                "name": other.line.name,
                **_told(money.need, Decimal(0)),
                "free": float(other.free),
            }
            for money in short
            for other in money.others
        ],
        "unchecked": sorted({need.fiscal_year for need in unchecked}),
    }


@operation(
    "proposal.request_supplement",
    "Ask for more budget",
    proposal=identifier(),
    funds=form(),
    reason=text(required=False),
)
def request_supplement(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Have an amendment of the budget started for the largest sum that is missing.

    Its answer comes as the message funding_decided, keyed by the number of the proposal.
    """
    proposal = open_proposal(context, given["proposal"])
    missing = rows_of(given["funds"], "missing")
    if not missing:
        raise OperationRefusedError(
            Sentence("Proposal %(number)s lacks no money.", number=proposal.number)
        )
    largest = max(missing, key=lambda row: amount_of(row["amount"]))
    request_amendment(
        context,
        AmendmentRequest(
            kind="supplement",
            amount=amount_of(largest["amount"]),
            fiscal_year=int(largest["year"]),
            budget_class=str(largest["budget_class"]),
            reason=given["reason"] or f"{proposal.number}: {proposal.title}",
            source=context.process_key,
            reply_to=proposal.number,
        ),
    )
    return dict(largest)


def promise_money(
    context: OperationContext,
    proposal: ServiceProposal,
    calc: Mapping[str, Any],
    funding: Mapping[str, Any],
) -> None:
    """Promise a proposal the money that it needs, in place of what was promised before.

    Lines that finance named in `funding` give first.

    Raises:
        OperationRefusedError: there is not enough; nothing is promised.
    """
    lock_funds(context.session, _yearly_needs_of(context, calc))
    checked, _ = _money_for(context, proposal, calc)
    release_commitments(context, proposal.id)
    named = {
        id_of(row.get("line")): amount_of(row.get("amount"))
        for row in rows_of(funding, "from_lines")
        if funding.get("outcome") == "reallocated"
    }
    purpose = f"{proposal.number}: {proposal.title}"
    for money in checked:
        offers = [FreeLine(o.line, min(o.free, named.get(o.line.id, _NONE))) for o in money.others]
        commit_funds(context, proposal.id, money.need, [*offers, *money.own], purpose)


FUNDS_OPERATIONS = (check_funds, request_supplement)


def _money_for(
    context: OperationContext, proposal: ServiceProposal, calc: Mapping[str, Any]
) -> tuple[list[Money], list[FundsNeed]]:
    """Look up the money for each class and year; years without a budget come apart."""
    needs, this_year = _yearly_needs_of(context, calc), _this_year(context)
    counts = {n.fiscal_year: _counts(context, n.fiscal_year, this_year) for n in needs}
    held = _held(context, proposal)
    checked = [_look_up(context, proposal, n, held) for n in needs if counts[n.fiscal_year]]
    return checked, [need for need in needs if not counts[need.fiscal_year]]


def _yearly_needs_of(context: OperationContext, calc: Mapping[str, Any]) -> list[FundsNeed]:
    return yearly_needs(rows_of(calc, "costs"), _this_year(context))


def _this_year(context: OperationContext) -> int:
    return context.calendar.local_date(context.now).year


def _counts(context: OperationContext, year: int, this_year: int) -> bool:
    budget = budget_rows.find_standing_budget(context.session, year)
    return budget is not None and (budget.state is BudgetState.APPROVED or year <= this_year)


def _held(context: OperationContext, proposal: ServiceProposal) -> dict[UUID, Decimal]:
    """Give what is promised to this proposal already: it is free for it."""
    held: dict[UUID, Decimal] = {}
    for commitment in budget_rows.open_commitments_of(context.session, proposal.id):
        held[commitment.line_id] = held.get(commitment.line_id, Decimal(0)) + commitment.amount
    return held


def _look_up(
    context: OperationContext,
    proposal: ServiceProposal,
    need: FundsNeed,
    held: Mapping[UUID, Decimal],
) -> Money:
    lines = [
        FreeLine(one.line, max(one.free, Decimal(0)) + held.get(one.line.id, Decimal(0)))
        for one in free_lines(context.session, need.budget_class, need.fiscal_year)
    ]
    own = [one for one in lines if _is_own(one.line, proposal) or one.line.id in held]
    return Money(need, own, [one for one in lines if one not in own and one.free > 0])


def _is_own(line: BudgetLine, proposal: ServiceProposal) -> bool:
    return line.service_id in (None, proposal.service_id)


def _told(need: FundsNeed, amount: Decimal) -> dict[str, Any]:
    return {
        "budget_class": str(need.budget_class),
        "year": need.fiscal_year,
        "amount": float(amount),
    }
