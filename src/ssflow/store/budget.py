"""Queries for budgets, their lines and what is promised and spent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ssflow.domain.registers.budget import (
    GIVEN_UP,
    AmendmentState,
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetLine,
    BudgetPeriod,
    BudgetState,
    Commitment,
    CostCategory,
    CostEntry,
    VarianceNote,
)

MAX_LINES = 1_000
"""Of one budget; as many as a diagram may run through."""
MAX_YEARS = 20
_IN_FORCE = (BudgetState.APPROVED, BudgetState.CLOSED)


def find_standing_budget(session: Session, fiscal_year: int) -> Budget | None:
    """Find the budget of a year that was neither rejected nor cancelled; there is at most one."""
    query = select(Budget).where(Budget.fiscal_year == fiscal_year, Budget.state.not_in(GIVEN_UP))
    return session.scalars(query).one_or_none()


def find_budget_in_force(session: Session, fiscal_year: int) -> Budget | None:
    """Find the approved budget of a year."""
    query = select(Budget).where(Budget.fiscal_year == fiscal_year, Budget.state.in_(_IN_FORCE))
    return session.scalars(query).one_or_none()


def lines_of(session: Session, budget_id: UUID) -> Sequence[BudgetLine]:
    """List the lines of a budget by name."""
    query = (
        select(BudgetLine)
        .where(BudgetLine.budget_id == budget_id)
        .order_by(BudgetLine.name, BudgetLine.id)
        .limit(MAX_LINES)
    )
    return session.scalars(query).all()


def funded_lines(
    session: Session, fiscal_year: int, budget_class: BudgetClass
) -> Sequence[BudgetLine]:
    """List the funded lines of a class in the approved budget of a year, largest first."""
    query = (
        select(BudgetLine)
        .join(Budget, Budget.id == BudgetLine.budget_id)
        .where(
            Budget.fiscal_year == fiscal_year,
            Budget.state == BudgetState.APPROVED,
            BudgetLine.budget_class == budget_class,
            BudgetLine.is_funded,
        )
        .order_by(BudgetLine.amount.desc(), BudgetLine.name, BudgetLine.id)
        .limit(MAX_LINES)
    )
    return session.scalars(query).all()


def lock_lines(session: Session, line_ids: Iterable[UUID]) -> None:
    """Let nobody else promise money of these lines until the commit (SQLite has one writer)."""
    wanted = sorted(line_ids)
    if session.get_bind().dialect.name == "postgresql" and wanted:
        query = select(BudgetLine.id).where(BudgetLine.id.in_(wanted)).order_by(BudgetLine.id)
        session.execute(query.with_for_update()).all()


def commitments_of_lines(session: Session, line_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Sum what is promised from each line and not released."""
    query = (
        select(Commitment.line_id, func.sum(Commitment.amount))
        .where(Commitment.line_id.in_(line_ids), Commitment.released.is_(False))
        .group_by(Commitment.line_id)
    )
    return dict(session.execute(query).all())


def open_commitments_of(session: Session, proposal_id: UUID) -> Sequence[Commitment]:
    """List what is promised to a proposal and not released, oldest first."""
    query = (
        select(Commitment)
        .where(Commitment.proposal_id == proposal_id, Commitment.released.is_(False))
        .order_by(Commitment.created_at, Commitment.id)
        .limit(MAX_LINES)
    )
    return session.scalars(query).all()


def costs_of_lines(
    session: Session, line_ids: Sequence[UUID], first: str, last: str
) -> dict[UUID, Decimal]:
    """Sum the costs of each line in the periods from `first` to `last`, both included."""
    query = (
        select(CostEntry.line_id, func.sum(CostEntry.amount))
        .where(CostEntry.line_id.in_(line_ids), CostEntry.period.between(first, last))
        .group_by(CostEntry.line_id)
    )
    return {line_id: total for line_id, total in session.execute(query) if line_id is not None}


@dataclass(frozen=True)
class Purpose:
    """What money was spent for: by whom, on what, for which service."""

    holder: UUID | None
    category: CostCategory
    budget_class: BudgetClass
    service_id: UUID | None


def spent_by_purpose(session: Session, first: str, last: str) -> dict[Purpose, Decimal]:
    """Sum the costs of booked lines by purpose in the periods from `first` to `last`."""
    keys = (
        BudgetLine.holder,
        BudgetLine.category,
        BudgetLine.budget_class,
        BudgetLine.service_id,
    )
    query = (
        select(*keys, func.sum(CostEntry.amount))
        .join(BudgetLine, BudgetLine.id == CostEntry.line_id)
        .where(CostEntry.period.between(first, last))
        .group_by(*keys)
        .limit(MAX_LINES)
    )
    return {
        Purpose(holder, category, budget_class, service_id): total
        for holder, category, budget_class, service_id, total in session.execute(query)
    }


def open_entries_of(session: Session, period: str) -> Sequence[CostEntry]:
    """List the costs of a period that lack a category or a line, by document number."""
    query = (
        select(CostEntry)
        .where(
            CostEntry.period == period,
            (CostEntry.category == CostCategory.UNCLASSIFIED) | CostEntry.line_id.is_(None),
        )
        .order_by(CostEntry.document_no)
    )
    return session.scalars(query).all()


def totals_of_period(session: Session, period: str) -> tuple[int, Decimal]:
    """Count the costs of a period and sum them."""
    query = select(func.count(), func.sum(CostEntry.amount)).where(CostEntry.period == period)
    count, total = session.execute(query).one()
    return count, total or Decimal(0)


def notes_of_period(session: Session, budget_id: UUID, period: str) -> Sequence[VarianceNote]:
    """List what was said about the lines of a budget in a month, by name."""
    query = (
        select(VarianceNote)
        .join(BudgetLine, BudgetLine.id == VarianceNote.line_id)
        .where(BudgetLine.budget_id == budget_id, VarianceNote.period == period)
        .order_by(VarianceNote.name, VarianceNote.id)
        .limit(MAX_LINES)
    )
    return session.scalars(query).all()


def find_period(session: Session, budget_id: UUID, period: str) -> BudgetPeriod | None:
    """Find the control of a month of a budget."""
    query = select(BudgetPeriod).where(
        BudgetPeriod.budget_id == budget_id, BudgetPeriod.period == period
    )
    return session.scalars(query).one_or_none()


def signed_periods(session: Session, periods: Iterable[str]) -> set[str]:
    """Find which of these months were signed."""
    query = select(BudgetPeriod.period).where(
        BudgetPeriod.period.in_(sorted(set(periods))), BudgetPeriod.signed_at.is_not(None)
    )
    return set(session.scalars(query))


def unsigned_periods(session: Session, budget_id: UUID) -> Sequence[str]:
    """List the months of a budget whose control was begun and not signed."""
    query = (
        select(BudgetPeriod.period)
        .where(BudgetPeriod.budget_id == budget_id, BudgetPeriod.signed_at.is_(None))
        .order_by(BudgetPeriod.period)
    )
    return session.scalars(query).all()


def find_note(session: Session, line_id: UUID, period: str) -> VarianceNote | None:
    """Find what was said about a line's deviation in a month."""
    query = select(VarianceNote).where(
        VarianceNote.line_id == line_id, VarianceNote.period == period
    )
    return session.scalars(query).one_or_none()


def known_documents(session: Session, document_nos: Sequence[str]) -> set[str]:
    """Find which of these document numbers were booked already."""
    query = select(CostEntry.document_no).where(CostEntry.document_no.in_(document_nos))
    return set(session.scalars(query))


# --- for the dashboard ----------------------------------------------------------------------------


def years_in_force(session: Session) -> list[int]:
    """List the years that have an approved budget, newest first."""
    query = (
        select(Budget.fiscal_year)
        .where(Budget.state.in_(_IN_FORCE))
        .order_by(Budget.fiscal_year.desc())
        .limit(MAX_YEARS)
    )
    return list(session.scalars(query))


def costs_by_line_and_month(session: Session, budget_id: UUID) -> dict[tuple[UUID, str], Decimal]:
    """Sum the costs of a budget's year by line and period."""
    lines = select(BudgetLine.id).where(BudgetLine.budget_id == budget_id)
    query = (
        select(CostEntry.line_id, CostEntry.period, func.sum(CostEntry.amount))
        .where(CostEntry.line_id.in_(lines))
        .group_by(CostEntry.line_id, CostEntry.period)
    )
    return {
        (line_id, period): total
        for line_id, period, total in session.execute(query)
        if line_id is not None
    }


@dataclass(frozen=True)
class CostShare:
    """How much was spent on one category out of one class."""

    category: CostCategory
    budget_class: BudgetClass
    amount: Decimal


def costs_by_category(session: Session, first: str, last: str) -> list[CostShare]:
    """Sum the costs of the periods from `first` to `last` by category and class."""
    keys = (CostEntry.category, CostEntry.budget_class)
    query = (
        select(*keys, func.sum(CostEntry.amount))
        .where(CostEntry.period.between(first, last))
        .group_by(*keys)
        .order_by(*keys)
    )
    return [
        CostShare(category, budget_class, amount)
        for category, budget_class, amount in session.execute(query)
    ]


def applied_amendments(session: Session, budget_id: UUID) -> Sequence[BudgetAmendment]:
    """List what changed an approved budget, in order."""
    query = (
        select(BudgetAmendment)
        .where(
            BudgetAmendment.budget_id == budget_id,
            BudgetAmendment.state == AmendmentState.APPLIED,
        )
        .order_by(BudgetAmendment.budget_version, BudgetAmendment.number)
        .limit(MAX_LINES)
    )
    return session.scalars(query).all()


def latest_coloured_notes(
    session: Session, budget_id: UUID
) -> Sequence[tuple[VarianceNote, BudgetLine]]:
    """List the red and amber lines of the last month that was explained or signed, worst first.

    A month that was signed without deviations has none.
    """
    signed = select(BudgetPeriod.period).where(
        BudgetPeriod.budget_id == budget_id, BudgetPeriod.signed_at.is_not(None)
    )
    explained = (
        select(VarianceNote.period)
        .join(BudgetLine, BudgetLine.id == VarianceNote.line_id)
        .where(BudgetLine.budget_id == budget_id)
    )
    known = signed.union_all(explained).subquery()
    last = select(func.max(known.c.period)).scalar_subquery()
    query = (
        select(VarianceNote, BudgetLine)
        .join(BudgetLine, BudgetLine.id == VarianceNote.line_id)
        .where(
            BudgetLine.budget_id == budget_id,
            VarianceNote.period == last,
            VarianceNote.rag.in_(("red", "amber")),
        )
        .order_by(VarianceNote.rag.desc(), VarianceNote.variance.desc(), VarianceNote.name)
        .limit(MAX_LINES)
    )
    return [(note, line) for note, line in session.execute(query)]
