"""The service portfolio: proposals, services, and what is decided and written about them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ssflow.domain.base import Base, JsonOrNull
from ssflow.domain.registers.record import Record
from ssflow.errors import ConflictError
from ssflow.sentences import Sentence


class Phase(StrEnum):
    """In which part of the portfolio a service stands."""

    PIPELINE = "pipeline"
    CATALOGUE = "catalogue"
    RETIRED = "retired"


class ServiceState(StrEnum):
    """How far a service is; its phase follows from it."""

    PROPOSED = "proposed"
    DEFINED = "defined"
    ANALYSED = "analysed"
    APPROVED = "approved"
    CHARTERED = "chartered"
    DESIGN = "design"
    DEVELOPMENT = "development"
    TEST = "test"
    DEPLOYMENT = "deployment"
    LIVE = "live"
    RETIRING = "retiring"
    RETIRED = "retired"
    REJECTED = "rejected"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class ProposalState(StrEnum):
    """How far a proposal is."""

    PROPOSED = "proposed"
    DEFINED = "defined"
    ANALYSED = "analysed"
    APPROVED = "approved"
    CHARTERED = "chartered"
    LIVE = "live"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"


ENDED_PROPOSALS = frozenset(
    {
        ProposalState.LIVE,
        ProposalState.REJECTED,
        ProposalState.DECLINED,
        ProposalState.WITHDRAWN,
        ProposalState.DUPLICATE,
        ProposalState.CANCELLED,
    }
)


class WrongStateError(ConflictError):
    """The record is not in a state that allows this change."""


CATALOGUE_STATES = frozenset({ServiceState.LIVE, ServiceState.RETIRING})
EARLY_ENDS = frozenset(
    {
        ServiceState.REJECTED,
        ServiceState.DECLINED,
        ServiceState.WITHDRAWN,
        ServiceState.CANCELLED,
    }
)
_PIPELINE = [
    ServiceState.PROPOSED,
    ServiceState.DEFINED,
    ServiceState.ANALYSED,
    ServiceState.APPROVED,
    ServiceState.CHARTERED,
    ServiceState.DESIGN,
    ServiceState.DEVELOPMENT,
    ServiceState.TEST,
    ServiceState.DEPLOYMENT,
]


class Service(Record, Base):
    """A service in the portfolio; its state changes only by operations of processes."""

    __tablename__ = "service"
    __table_args__ = (Index(None, "state"),)

    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[ServiceState] = mapped_column(default=ServiceState.PROPOSED)
    audience: Mapped[str] = mapped_column(default="internal")
    version: Mapped[int] = mapped_column(default=0)
    """Of the service itself: 1 when it first went live."""
    owner: Mapped[UUID | None] = mapped_column(default=None)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"), default=None)
    utility: Mapped[str | None] = mapped_column(default=None)
    availability_pct: Mapped[Decimal | None] = mapped_column(default=None)
    rto_hours: Mapped[int | None] = mapped_column(default=None)
    security_class: Mapped[str | None] = mapped_column(default=None)
    capacity_note: Mapped[str | None] = mapped_column(default=None)
    conditions: Mapped[str | None] = mapped_column(default=None)
    investment_ceiling: Mapped[Decimal | None] = mapped_column(default=None)
    charge_model: Mapped[str | None] = mapped_column(default=None)
    catalogue_text: Mapped[str | None] = mapped_column(default=None)
    live_on: Mapped[date | None] = mapped_column(default=None)
    benefit_review_due: Mapped[date | None] = mapped_column(default=None)
    review_due: Mapped[date | None] = mapped_column(default=None)
    """When the portfolio review looks at it next."""
    investment: Mapped[str | None] = mapped_column(default=None)
    """run, grow or transform."""
    end_date: Mapped[date | None] = mapped_column(default=None)
    """The last day on which a retiring service works."""
    replacement_id: Mapped[UUID | None] = mapped_column(default=None)
    """The service that takes its place."""
    retired_on: Mapped[date | None] = mapped_column(default=None)

    @property
    def phase(self) -> Phase | None:
        """Pipeline, catalogue or retired; None when it ended before it was live."""
        if self.state in CATALOGUE_STATES:
            return Phase.CATALOGUE
        if self.state is ServiceState.RETIRED:
            return Phase.RETIRED
        return None if self.state in EARLY_ENDS else Phase.PIPELINE

    def retire_by(self, end_date: date, replacement_id: UUID | None) -> None:
        """Announce the end: no new orders, and it works until `end_date`.

        Raises:
            WrongStateError: it is not live.
        """
        self._require(ServiceState.LIVE)
        self.state, self.end_date = ServiceState.RETIRING, end_date
        self.replacement_id = replacement_id

    def extend(self, end_date: date) -> None:
        """Let a retiring service work until a later day.

        Raises:
            WrongStateError: it is not retiring, or the day is not later.
        """
        self._require(ServiceState.RETIRING)
        if self.end_date is not None and end_date <= self.end_date:
            raise WrongStateError(
                Sentence(
                    "Service %(number)s ends on %(end_date)s; name a later day.",
                    number=self.number,
                    end_date=self.end_date,
                )
            )
        self.end_date = end_date

    def keep(self) -> None:
        """Take an announced end back: the service is live again.

        Raises:
            WrongStateError: it is not retiring.
        """
        self._require(ServiceState.RETIRING)
        self.state, self.end_date, self.replacement_id = ServiceState.LIVE, None, None

    def retire(self, today: date) -> None:
        """End the service; it leaves the catalogue.

        Raises:
            WrongStateError: its end was not announced.
        """
        self._require(ServiceState.RETIRING)
        self.state, self.retired_on = ServiceState.RETIRED, today

    def _require(self, state: ServiceState) -> None:
        if self.state is not state:
            message = Sentence(
                "Service %(number)s is “%(state)s”; this needs it to be “%(next_state)s”.",
                number=self.number,
                state=self.state,
                next_state=state,
            )
            raise WrongStateError(message)

    def move_to(self, state: ServiceState) -> None:
        """Go on to a later state of the pipeline, into the catalogue, or to an early end.

        A state that was reached before may be reached again (rework); a live service keeps its
        state while a change to it is prepared.

        Raises:
            WrongStateError: the service has ended, or would leave the catalogue this way.
        """
        if self.state in EARLY_ENDS or self.state is ServiceState.RETIRED:
            raise WrongStateError(
                Sentence(
                    "Service %(number)s has ended (%(state)s).",
                    number=self.number,
                    state=self.state,
                )
            )
        if self.phase is Phase.CATALOGUE and state in (*_PIPELINE, *EARLY_ENDS):
            raise WrongStateError(
                Sentence(
                    "Service %(number)s is live; a change does not move it back.",
                    number=self.number,
                )
            )
        self.state = state


class ServiceProposal(Record, Base):
    """A proposal for a new or changed service, from idea to its end."""

    __tablename__ = "service_proposal"
    __table_args__ = (Index(None, "state"), Index(None, "service_id"), Index(None, "instance_id"))

    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    change_type: Mapped[str]
    """new, major or minor."""
    summary: Mapped[str] = mapped_column(default="")
    need_source: Mapped[str | None] = mapped_column(default=None)
    audience: Mapped[str] = mapped_column(default="internal")
    wanted_by: Mapped[date | None] = mapped_column(default=None)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"), default=None)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"), default=None)
    initiator: Mapped[UUID | None] = mapped_column(default=None)
    owner: Mapped[UUID | None] = mapped_column(default=None)
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.PROPOSED)
    source: Mapped[str | None] = mapped_column(default=None)
    """Which process asked for it; None when a person did."""
    source_ref: Mapped[str | None] = mapped_column(default=None)
    definition: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """What the define step said: outcomes, utility, warranty, conditions."""
    route: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull, default=None)
    """Who had to approve it, as the decision table said."""
    rework_count: Mapped[int] = mapped_column(default=0, server_default="0")
    defer_until: Mapped[date | None] = mapped_column(default=None)
    outcome: Mapped[str | None] = mapped_column(default=None)
    ended_reason: Mapped[str | None] = mapped_column(default=None)
    duplicate_of: Mapped[UUID | None] = mapped_column(default=None)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)
    """The case that works on it."""

    @property
    def has_ended(self) -> bool:
        """Whether no more work is done on it."""
        return self.state in ENDED_PROPOSALS

    def move_to(self, state: ProposalState) -> None:
        """Go on to another state.

        Raises:
            WrongStateError: the proposal has ended.
        """
        if self.has_ended:
            raise WrongStateError(
                Sentence(
                    "Proposal %(number)s has ended (%(state)s).",
                    number=self.number,
                    state=self.state,
                )
            )
        self.state = state


class BusinessCase(Record, Base):
    """One version of the reasons for a proposal: five sections, five answers, the figures."""

    __tablename__ = "business_case"
    __table_args__ = (UniqueConstraint("proposal_id", "version"),)

    number: Mapped[str]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("service_proposal.id"))
    version: Mapped[int]
    introduction: Mapped[str] = mapped_column(default="")
    methods_assumptions: Mapped[str] = mapped_column(default="")
    business_impacts: Mapped[str] = mapped_column(default="")
    risks_contingencies: Mapped[str] = mapped_column(default="")
    recommendations: Mapped[str] = mapped_column(default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    desired_outcomes: Mapped[list[Any]] = mapped_column(default_factory=list)
    costs: Mapped[list[Any]] = mapped_column(default_factory=list)
    benefits: Mapped[list[Any]] = mapped_column(default_factory=list)
    tco3: Mapped[Decimal] = mapped_column(default=Decimal(0))
    benefit3: Mapped[Decimal] = mapped_column(default=Decimal(0))
    npv: Mapped[Decimal] = mapped_column(default=Decimal(0))
    roi_pct: Mapped[Decimal | None] = mapped_column(default=None)
    payback_months: Mapped[int | None] = mapped_column(default=None)
    scores: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    score: Mapped[Decimal | None] = mapped_column(default=None)
    risk_level: Mapped[str | None] = mapped_column(default=None)


class RiskItem(Record, Base):
    """A risk of a proposal or a service, with its answer."""

    __tablename__ = "risk_item"
    __table_args__ = (Index(None, "proposal_id"),)

    risk: Mapped[str]
    likelihood: Mapped[int]
    impact: Mapped[int]
    response: Mapped[str]
    cause: Mapped[str] = mapped_column(default="")
    mitigation: Mapped[str] = mapped_column(default="")
    contingency: Mapped[str] = mapped_column(default="")
    owner: Mapped[str | None] = mapped_column(default=None)
    proposal_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("service_proposal.id"), default=None
    )
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"), default=None)


class Charter(Record, Base):
    """What was agreed when an approved proposal became work."""

    __tablename__ = "charter"
    __table_args__ = (Index(None, "proposal_id"),)

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("service_proposal.id"))
    scope: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Rises when delivery was decided on again."""
    deliverables: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str | None] = mapped_column(default=None)
    budget: Mapped[Decimal] = mapped_column(default=Decimal(0))
    milestones: Mapped[list[Any]] = mapped_column(default_factory=list)
    growth: Mapped[list[Any]] = mapped_column(default_factory=list)
    service_owner: Mapped[UUID | None] = mapped_column(default=None)
    benefit_owner: Mapped[UUID | None] = mapped_column(default=None)


class StageReport(Record, Base):
    """What was told at the end of a stage of delivery, and what the stage gate made of it."""

    __tablename__ = "stage_report"
    __table_args__ = (Index(None, "proposal_id"),)

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("service_proposal.id"))
    stage: Mapped[str]
    """design, development, test or deployment."""
    done: Mapped[str] = mapped_column(default="")
    issues: Mapped[str] = mapped_column(default="")
    spent: Mapped[Decimal] = mapped_column(default=Decimal(0))
    forecast: Mapped[Decimal] = mapped_column(default=Decimal(0))
    """Of all costs at the end."""
    budget: Mapped[Decimal] = mapped_column(default=Decimal(0))
    """Of the charter then in force."""
    overrun_pct: Mapped[Decimal | None] = mapped_column(default=None)
    milestone: Mapped[date | None] = mapped_column(default=None)
    finish: Mapped[date | None] = mapped_column(default=None)
    slip_days: Mapped[int] = mapped_column(default=0)
    recommend_stop: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[list[Any]] = mapped_column(default_factory=list)
    """Ids of attachments of the case."""
    gate: Mapped[str | None] = mapped_column(default=None)
    """proceed, proceed_watch, reapprove or stop."""
    instance_id: Mapped[UUID | None] = mapped_column(default=None)


class ServiceReview(Record, Base):
    """What the portfolio review found about a service, and what becomes of it."""

    __tablename__ = "service_review"
    __table_args__ = (Index(None, "service_id"), Index(None, "instance_id"))

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    reviewed_on: Mapped[date]
    value_score: Mapped[int]
    tech_score: Mapped[int]
    users: Mapped[int] = mapped_column(default=0)
    yearly_cost: Mapped[Decimal] = mapped_column(default=Decimal(0))
    yearly_benefit: Mapped[Decimal] = mapped_column(default=Decimal(0))
    ratio: Mapped[Decimal | None] = mapped_column(default=None)
    """Yearly cost by yearly benefit."""
    benefit_realised_pct: Mapped[Decimal | None] = mapped_column(default=None)
    outcome_still_needed: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    """Whether the owner was silent, so that middle scores were taken."""
    note: Mapped[str] = mapped_column(default="")
    proposed: Mapped[str] = mapped_column(default="retain")
    """What the decision table proposes."""
    disposition: Mapped[str] = mapped_column(default="retain")
    """What the board decided: retain, replace, rationalise, refactor, renew or retire."""
    investment: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    instance_id: Mapped[UUID | None] = mapped_column(default=None)

    @property
    def known_benefit(self) -> Decimal | None:
        """What it brings in a year; None where nobody ever promised a benefit (ratio 0)."""
        return self.yearly_benefit if self.yearly_benefit or self.ratio else None


class ResourceAllocation(Record, Base):
    """A resource that a charter sets aside from day to day."""

    __tablename__ = "resource_allocation"
    __table_args__ = (Index(None, "proposal_id"),)

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("service_proposal.id"))
    resource: Mapped[str]
    kind: Mapped[str]
    starts_on: Mapped[date | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    owner: Mapped[str | None] = mapped_column(default=None)


class Decision(Record, Base):
    """Who decided what about which record, and why."""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "subject_id"),)

    number: Mapped[str] = mapped_column(unique=True)
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    question: Mapped[str]
    decision: Mapped[str]
    decided_at: Mapped[datetime]
    conditions: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    decider: Mapped[UUID | None] = mapped_column(default=None)
    """None when a group voted: then `votes` says how."""
    votes: Mapped[list[Any] | None] = mapped_column(JsonOrNull, default=None)
    review_on: Mapped[date | None] = mapped_column(default=None)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)


class Document(Record, Base):
    """A document made by a process, kept in the database."""

    __tablename__ = "document"
    __table_args__ = (Index(None, "owner_id"),)

    owner_type: Mapped[str]
    owner_id: Mapped[UUID]
    kind: Mapped[str]
    """change_proposal, charter or case."""
    title: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, repr=False))
    instance_id: Mapped[UUID | None] = mapped_column(default=None)
    retention_until: Mapped[date | None] = mapped_column(default=None)


class ServiceDependency(Record, Base):
    """One service depends on, or is affected by, another."""

    __tablename__ = "service_dependency"
    __table_args__ = (UniqueConstraint("service_id", "other_id", "kind"),)

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    other_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(default="")


class ServiceObjective(Record, Base):
    """A service helps to reach a strategic objective."""

    __tablename__ = "service_objective"
    __table_args__ = (UniqueConstraint("service_id", "objective_id"),)

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    objective_id: Mapped[UUID] = mapped_column(ForeignKey("strategic_objective.id"))


class ServiceAsset(Record, Base):
    """Something that a service is made with, with its owner."""

    __tablename__ = "service_asset"
    __table_args__ = (Index(None, "service_id"),)

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")
    owner: Mapped[UUID | None] = mapped_column(default=None)
    disposition: Mapped[str | None] = mapped_column(default=None)


class NumberSeries(Base):
    """The last number given out for one prefix and year: PRP-2026-0001 and so on."""

    __tablename__ = "number_series"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
