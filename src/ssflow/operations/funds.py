"""Money that is free to be promised, and what is promised to proposals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from ssflow.domain.registers.budget import BudgetClass, BudgetLine, Commitment
from ssflow.operations.budget_figures import free_of_line
from ssflow.operations.operation import OperationContext, OperationRefusedError
from ssflow.operations.record_changes import add_record, changing
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows
from ssflow.store.unit_of_work import DbSession


@dataclass(frozen=True)
class FundsNeed:
    """How much money of a class is needed in a year."""

    budget_class: BudgetClass
    fiscal_year: int
    amount: Decimal


@dataclass(frozen=True)
class FreeLine:
    """A budget line with what it may still promise."""

    line: BudgetLine
    free: Decimal


def free_lines(session: DbSession, budget_class: BudgetClass, year: int) -> list[FreeLine]:
    """List the funded lines of a class in the approved budget of a year, most free money first."""
    lines = budget_rows.funded_lines(session, year, budget_class)
    promised = budget_rows.commitments_of_lines(session, [line.id for line in lines])
    free = [
        FreeLine(one, free_of_line(one.amount, one.frozen, promised.get(one.id, Decimal(0))))
        for one in lines
    ]
    return sorted(free, key=lambda each: (-each.free, each.line.name, str(each.line.id)))


def add_needs(needs: Sequence[FundsNeed]) -> list[FundsNeed]:
    """Sum needs of the same class and year."""
    sums: dict[tuple[BudgetClass, int], Decimal] = {}
    for need in needs:
        key = (need.budget_class, need.fiscal_year)
        sums[key] = sums.get(key, Decimal(0)) + need.amount
    return [FundsNeed(*key, amount) for key, amount in sorted(sums.items())]


def lock_funds(session: DbSession, needs: Sequence[FundsNeed]) -> None:
    """Let nobody else promise this money until the commit; look for what is free after that."""
    lines = (budget_rows.funded_lines(session, n.fiscal_year, n.budget_class) for n in needs)
    budget_rows.lock_lines(session, [line.id for some in lines for line in some])


def commit_funds(
    context: OperationContext,
    proposal_id: UUID,
    need: FundsNeed,
    offers: Sequence[FreeLine],
    purpose: str,
) -> list[Commitment]:
    """Promise money to a proposal from the lines offered, in their order; `lock_funds` first.

    Raises:
        OperationRefusedError: the lines offer too little.
    """
    made, left = [], need.amount
    for offer in offers:
        taken = min(offer.free, left)
        if taken > 0:
            made.append(_commitment(context, proposal_id, offer.line, taken, purpose))
            left -= taken
    if left > 0:
        raise OperationRefusedError(
            Sentence(
                "The %(budget_class)s budget of %(year)s lacks %(left)s EUR "
                "of the %(amount)s EUR that are needed.",
                budget_class=need.budget_class,
                year=need.fiscal_year,
                left=left,
                amount=need.amount,
            )
        )
    return made


def release_commitments(context: OperationContext, proposal_id: UUID) -> Decimal:
    """Give what was promised to a proposal back to its lines; tells how much that was."""
    released = Decimal(0)
    for commitment in budget_rows.open_commitments_of(context.session, proposal_id):
        with changing(context, commitment):
            commitment.release(context.now)
        released += commitment.amount
    return released


def _commitment(
    context: OperationContext, proposal_id: UUID, line: BudgetLine, amount: Decimal, purpose: str
) -> Commitment:
    return add_record(
        context,
        Commitment(
            line_id=line.id,
            proposal_id=proposal_id,
            amount=amount,
            purpose=purpose,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
