"""Money: yearly budgets, their lines, what is promised and spent from them, and why it deviates."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.registers.portfolio import WrongStateError
from ssflow.domain.registers.record import Record
from ssflow.sentences import Sentence

MONTHS = 12
"""A fiscal year is a calendar year; periods are written 2027-03."""


class BudgetClass(StrEnum):
    """What kind of money it is."""

    CAPITAL = "capital"
    OPERATIONAL = "operational"
    STRATEGIC = "strategic"


class CostCategory(StrEnum):
    """What the money is spent on; unclassified until somebody or a table has said so."""

    HARDWARE = "hardware"
    SOFTWARE = "software"
    PERSONNEL = "personnel"
    OVERHEAD = "overhead"
    INFRASTRUCTURE = "infrastructure"
    UNCLASSIFIED = "unclassified"


class BudgetState(StrEnum):
    """How far a budget is."""

    DRAFT = "draft"
    COLLECTING = "collecting"
    CONSOLIDATING = "consolidating"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class AmendmentKind(StrEnum):
    """How an approved budget is changed."""

    TRANSFER = "transfer"
    SUPPLEMENT = "supplement"
    FREEZE = "freeze"


class AmendmentState(StrEnum):
    """How far an amendment is."""

    REQUESTED = "requested"
    APPLIED = "applied"
    REFUSED = "refused"


class PeriodState(StrEnum):
    """How far the control of a month is; a signed month takes no more costs."""

    OPEN = "open"
    CLOSED = "closed"
    SIGNED = "signed"


class NoteStatus(StrEnum):
    """Whether a deviation was explained."""

    EXPLAINED = "explained"
    UNEXPLAINED = "unexplained"


_PLANNING = (
    BudgetState.DRAFT,
    BudgetState.COLLECTING,
    BudgetState.CONSOLIDATING,
    BudgetState.SUBMITTED,
)
GIVEN_UP = (BudgetState.REJECTED, BudgetState.CANCELLED)
"""Budgets that make room for another one for the same year."""
_AFTER_PLANNING = (*_PLANNING, BudgetState.APPROVED, *GIVEN_UP)
_STANDS = text("state NOT IN ('rejected', 'cancelled')")


class Budget(Record, Base):
    """The money of one fiscal year; only one budget of a year may stand."""

    __tablename__ = "budget"
    __table_args__ = (
        Index(
            "uq_budget_standing_year",
            "fiscal_year",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index(None, "instance_id"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    fiscal_year: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    """Rises with every amendment that is applied."""
    state: Mapped[BudgetState] = mapped_column(default=BudgetState.DRAFT)
    continuation: Mapped[bool] = mapped_column(default=False)
    """Whether last year's lines are continued month by month, since none was approved in time."""
    continued_lines: Mapped[list[Any]] = mapped_column(default_factory=list)
    ceilings: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """Most money per budget class."""
    guidelines: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    approved_on: Mapped[date | None] = mapped_column(default=None)
    ended_reason: Mapped[str | None] = mapped_column(default=None)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)
    """The case that plans it."""

    @property
    def is_planned(self) -> bool:
        """Whether its lines may still be written freely."""
        return self.state in _PLANNING

    def move_to(self, state: BudgetState) -> None:
        """Go on to another state; while it is planned, rework may lead back.

        Raises:
            WrongStateError: an approved budget can only be closed; one that has ended stays so.
        """
        is_closing = (self.state, state) == (BudgetState.APPROVED, BudgetState.CLOSED)
        if not is_closing and not (self.is_planned and state in _AFTER_PLANNING):
            message = Sentence(
                "Budget %(number)s is “%(state)s” and cannot become “%(next_state)s”.",
                number=self.number,
                state=self.state,
                next_state=state,
            )
            raise WrongStateError(message)
        self.state = state

    def require_planned(self) -> None:
        """Refuse to write lines of a budget that is approved or has ended.

        Raises:
            WrongStateError: it is not planned any more.
        """
        if not self.is_planned:
            raise WrongStateError(
                Sentence(
                    "Budget %(number)s is “%(state)s”; its lines are locked.",
                    number=self.number,
                    state=self.state,
                )
            )


class BudgetLine(Record, Base):
    """Money of one holder for one category, class and (perhaps) service in a year."""

    __tablename__ = "budget_line"
    __table_args__ = (Index(None, "budget_id", "budget_class"), Index(None, "holder"))

    name: Mapped[str]
    budget_id: Mapped[UUID] = mapped_column(ForeignKey("budget.id"))
    category: Mapped[CostCategory]
    budget_class: Mapped[BudgetClass]
    holder: Mapped[UUID | None] = mapped_column(default=None)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"), default=None)
    amount: Mapped[Decimal] = mapped_column(default=Decimal(0))
    former_amount: Mapped[Decimal | None] = mapped_column(default=None)
    """What was approved for the same purpose the year before; None for a new purpose."""
    frozen: Mapped[Decimal] = mapped_column(default=Decimal(0))
    """How much of the amount must not be spent."""
    phasing: Mapped[list[Any]] = mapped_column(default_factory=list)
    """Twelve amounts as text, January first, that sum to the amount."""
    business_case_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("business_case.id"), default=None
    )
    initiative: Mapped[UUID | None] = mapped_column(default=None)
    justification: Mapped[str] = mapped_column(default="")
    defaulted: Mapped[bool] = mapped_column(default=False)
    """Whether the holder was silent, so that last year's actuals were taken."""
    issue: Mapped[str] = mapped_column(default="")
    """What the check of the line found."""
    is_funded: Mapped[bool] = mapped_column(default=True)
    rank: Mapped[int | None] = mapped_column(default=None)


class Commitment(Record, Base):
    """Money of a line that is promised to a proposal, until it is released."""

    __tablename__ = "commitment"
    __table_args__ = (Index(None, "line_id"), Index(None, "proposal_id"))

    line_id: Mapped[UUID] = mapped_column(ForeignKey("budget_line.id"))
    amount: Mapped[Decimal]
    proposal_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("service_proposal.id"), default=None
    )
    purpose: Mapped[str] = mapped_column(default="")
    released: Mapped[bool] = mapped_column(default=False)
    released_at: Mapped[datetime | None] = mapped_column(default=None)

    def release(self, at: datetime) -> None:
        """Give the money back to the line.

        Raises:
            WrongStateError: it was given back already.
        """
        if self.released:
            raise WrongStateError("This commitment was released already.")
        self.released, self.released_at = True, at


class BudgetAmendment(Record, Base):
    """A change of an approved budget: money moved, added or frozen."""

    __tablename__ = "budget_amendment"
    __table_args__ = (Index(None, "budget_id"), Index(None, "instance_id"))

    number: Mapped[str] = mapped_column(unique=True)
    budget_id: Mapped[UUID] = mapped_column(ForeignKey("budget.id"))
    kind: Mapped[AmendmentKind]
    amount: Mapped[Decimal]
    budget_class: Mapped[BudgetClass]
    """Of the line that the money goes to, or is frozen on."""
    from_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("budget_line.id"), default=None)
    to_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("budget_line.id"), default=None)
    state: Mapped[AmendmentState] = mapped_column(default=AmendmentState.REQUESTED)
    reason: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    """Which process asked for it."""
    outcome: Mapped[str] = mapped_column(default="")
    """Why it was decided so."""
    requested_by: Mapped[UUID | None] = mapped_column(default=None)
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"), default=None)
    budget_version: Mapped[int | None] = mapped_column(default=None)
    """The version of the budget that it made."""
    applied_on: Mapped[date | None] = mapped_column(default=None)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)

    def decide(self, state: AmendmentState) -> None:
        """Apply or refuse it, once.

        Raises:
            WrongStateError: that was done already.
        """
        if self.state is not AmendmentState.REQUESTED:
            raise WrongStateError(
                Sentence(
                    "Amendment %(number)s is “%(state)s” already.",
                    number=self.number,
                    state=self.state,
                )
            )
        self.state = state


class BudgetPeriod(Record, Base):
    """The control of one month of a budget: what it came to, and who signed it."""

    __tablename__ = "budget_period"
    __table_args__ = (UniqueConstraint("budget_id", "period"), Index(None, "period"))

    name: Mapped[str]
    """Such as BUD-2027-0001 2027-03."""
    budget_id: Mapped[UUID] = mapped_column(ForeignKey("budget.id"))
    period: Mapped[str]
    state: Mapped[PeriodState] = mapped_column(default=PeriodState.OPEN)
    accruals: Mapped[list[Any]] = mapped_column(default_factory=list)
    """Costs that are known but not booked yet, per line; they count in this month only."""
    figures: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    signed_by: Mapped[UUID | None] = mapped_column(default=None)
    signed_at: Mapped[datetime | None] = mapped_column(default=None)
    certificate_no: Mapped[str | None] = mapped_column(default=None)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)

    def require_not_signed(self) -> None:
        """Refuse to touch a month that was signed.

        Raises:
            WrongStateError: it was signed.
        """
        if self.state is PeriodState.SIGNED:
            raise WrongStateError(
                Sentence("%(name)s is signed; nothing of it changes any more.", name=self.name)
            )

    def sign(self, by: UUID, at: datetime, certificate_no: str) -> None:
        """Lock the month by the signature of a certified accountant.

        Raises:
            WrongStateError: it is not closed, or signed already.
        """
        self.require_not_signed()
        if self.state is not PeriodState.CLOSED:
            raise WrongStateError(
                Sentence(
                    "%(name)s is “%(state)s”; close it before it is signed.",
                    name=self.name,
                    state=self.state,
                )
            )
        self.state = PeriodState.SIGNED
        self.signed_by, self.signed_at, self.certificate_no = by, at, certificate_no


class VarianceNote(Record, Base):
    """Why a line deviates in a month, and what is done about it."""

    __tablename__ = "variance_note"
    __table_args__ = (UniqueConstraint("line_id", "period"),)

    name: Mapped[str]
    line_id: Mapped[UUID] = mapped_column(ForeignKey("budget_line.id"))
    period: Mapped[str]
    rag: Mapped[str]
    """red, amber or green."""
    status: Mapped[NoteStatus]
    variance: Mapped[Decimal] = mapped_column(default=Decimal(0))
    cause: Mapped[str | None] = mapped_column(default=None)
    nature: Mapped[str | None] = mapped_column(default=None)
    action: Mapped[str] = mapped_column(default="")
    outlook_year: Mapped[Decimal | None] = mapped_column(default=None)
    request: Mapped[str] = mapped_column(default="none")
    request_amount: Mapped[Decimal | None] = mapped_column(default=None)
    from_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("budget_line.id"), default=None)
    explained_by: Mapped[UUID | None] = mapped_column(default=None)
    step: Mapped[str] = mapped_column(default="")
    """What the finance manager decided: accept, reforecast, amend or return."""


class CostEntry(Record, Base):
    """One posting of the general ledger; its document number comes once."""

    __tablename__ = "cost_entry"
    __table_args__ = (
        Index(None, "period", "category", "budget_class", "amount"),
        Index(None, "line_id", "period", "amount"),
        Index(None, "service_id"),
    )

    document_no: Mapped[str] = mapped_column(unique=True)
    period: Mapped[str]
    booking_date: Mapped[date]
    gl: Mapped[str]
    """The account of the general ledger."""
    amount: Mapped[Decimal]
    """Negative for income and credit notes."""
    category: Mapped[CostCategory] = mapped_column(default=CostCategory.UNCLASSIFIED)
    budget_class: Mapped[BudgetClass] = mapped_column(default=BudgetClass.OPERATIONAL)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"), default=None)
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("budget_line.id"), default=None)
    supplier: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="csv")
    """csv, api or charge."""
