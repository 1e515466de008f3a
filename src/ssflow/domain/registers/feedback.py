"""Feedback: complaints, compliments and suggestions, from the first word to the last."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.identity import Actor
from ssflow.domain.registers.portfolio import WrongStateError
from ssflow.domain.registers.record import Record
from ssflow.sentences import Sentence


class FeedbackState(StrEnum):
    """How far a piece of feedback is."""

    LOGGED = "logged"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    INVESTIGATING = "investigating"
    WAITING_CUSTOMER = "waiting_customer"
    RESPONDED = "responded"
    DISPUTED = "disputed"
    FOLLOWING_UP = "following_up"
    CLOSED = "closed"
    REDIRECTED = "redirected"
    MERGED = "merged"
    INVALID = "invalid"
    WITHDRAWN = "withdrawn"
    RECORDED = "recorded"


_S = FeedbackState
ENDED_FEEDBACK = frozenset(
    {_S.CLOSED, _S.REDIRECTED, _S.MERGED, _S.INVALID, _S.WITHDRAWN, _S.RECORDED}
)
_EARLY_ENDS = {_S.REDIRECTED, _S.MERGED, _S.INVALID, _S.RECORDED}
_NEXT: dict[FeedbackState, set[FeedbackState]] = {
    _S.LOGGED: {_S.TRIAGED},
    _S.TRIAGED: {_S.ASSIGNED, *_EARLY_ENDS},
    _S.ASSIGNED: {_S.INVESTIGATING, _S.WITHDRAWN},
    _S.INVESTIGATING: {_S.WAITING_CUSTOMER, _S.RESPONDED, _S.WITHDRAWN},
    _S.WAITING_CUSTOMER: {_S.INVESTIGATING, _S.WITHDRAWN},
    _S.RESPONDED: {_S.DISPUTED, _S.FOLLOWING_UP, _S.ASSIGNED, _S.CLOSED},
    _S.DISPUTED: {_S.RESPONDED},
    _S.FOLLOWING_UP: {_S.ASSIGNED, _S.DISPUTED, _S.CLOSED},
}
"""Which states may follow which; from an ended one there is no way on."""


CONFIDENTIAL_READERS = frozenset({"complaint_manager", "it_director"})
"""Who, beside auditors and administrators, may read about somebody's conduct."""


class Clock(StrEnum):
    """What is found when the day of the reply comes."""

    LATER = "later"
    BREACHED = "breached"
    OVER = "over"


class Feedback(Record, Base):
    """What somebody told about a service, and what became of it."""

    __tablename__ = "feedback"
    __table_args__ = (
        Index(None, "state", "priority"),
        Index(None, "sender_key"),
        Index(None, "instance_id"),
        Index(
            "ix_feedback_figures",
            *("kind", "created_at", "service_id", "category", "root_cause"),
            *("due_resolution_at", "response_breached", "resolution_breached"),
        ),
        Index(None, "customer_id"),
        Index(None, "service_id", "category"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    description: Mapped[str]
    sender: Mapped[dict[str, Any]] = mapped_column(repr=False)
    """Name, e-mail address and organisation."""
    sender_key: Mapped[str] = mapped_column(repr=False)
    """Digest of the e-mail address: finds the same sender again without telling who it is."""
    language: Mapped[str] = mapped_column(default="en")
    channel: Mapped[str] = mapped_column(default="web")
    kind: Mapped[str] = mapped_column(default="unsure")
    """complaint, compliment, suggestion …; until triage what the sender called it."""
    state: Mapped[FeedbackState] = mapped_column(default=FeedbackState.LOGGED)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"), default=None)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"), default=None)
    category: Mapped[str | None] = mapped_column(default=None)
    severity: Mapped[str | None] = mapped_column(default=None)
    priority: Mapped[str | None] = mapped_column(default=None)
    occurred_on: Mapped[date | None] = mapped_column(default=None)
    desired_remedy: Mapped[str] = mapped_column(default="")
    about_user: Mapped[UUID | None] = mapped_column(default=None)
    """The person complained about, who never handles it."""
    handler: Mapped[UUID | None] = mapped_column(default=None)
    acknowledged_at: Mapped[datetime | None] = mapped_column(default=None)
    contacted_at: Mapped[datetime | None] = mapped_column(default=None)
    due_response_at: Mapped[datetime | None] = mapped_column(default=None)
    due_resolution_at: Mapped[datetime | None] = mapped_column(default=None)
    waiting_since: Mapped[datetime | None] = mapped_column(default=None)
    replied_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    response_breached: Mapped[bool] = mapped_column(default=False)
    resolution_breached: Mapped[bool] = mapped_column(default=False)
    upheld: Mapped[str | None] = mapped_column(default=None)
    root_cause: Mapped[str | None] = mapped_column(default=None)
    remedy: Mapped[str | None] = mapped_column(default=None)
    remedy_cost: Mapped[Decimal] = mapped_column(default=Decimal(0))
    is_final: Mapped[bool] = mapped_column(default=False)
    """The reply was the last one: only an outside body could decide otherwise."""
    is_tacit: Mapped[bool] = mapped_column(default=False)
    """The customer did not answer the reply, which counts as content."""
    dispute_count: Mapped[int] = mapped_column(default=0)
    reopen_count: Mapped[int] = mapped_column(default=0)
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("feedback.id"), default=None)
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"), default=None)
    satisfaction: Mapped[int | None] = mapped_column(default=None)
    praise: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """Of a compliment: team, what was praised, the lesson, with whom it is shared."""
    replies: Mapped[list[Any]] = mapped_column(default_factory=list)
    """What the sender was told or asked, and answered: [{at, from, text}]; nothing internal."""
    ended_reason: Mapped[str | None] = mapped_column(default=None)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)
    """The case that works on it."""

    @property
    def has_ended(self) -> bool:
        """Whether no more work is done on it."""
        return self.state in ENDED_FEEDBACK

    @property
    def is_confidential(self) -> bool:
        """Whether it is about somebody's conduct: few may read it."""
        return self.category == "staff_conduct" or self.about_user is not None

    def is_readable_by(self, actor: Actor) -> bool:
        """Whether the actor, one of ours, may read it; nobody reads what is about themselves."""
        if not self.is_confidential:
            return True
        if actor.user_id is not None and actor.user_id == self.about_user:
            return False
        return actor.sees_everything or not CONFIDENTIAL_READERS.isdisjoint(actor.roles)

    def move_to(self, state: FeedbackState) -> None:
        """Go on to a state that may follow the present one; staying changes nothing.

        Raises:
            WrongStateError: it may not.
        """
        if state is self.state:
            return
        if state not in _NEXT.get(self.state, ()):
            raise WrongStateError(
                Sentence(
                    "Feedback %(number)s is “%(state)s”; it cannot be “%(next_state)s”.",
                    number=self.number,
                    state=self.state,
                    next_state=state,
                )
            )
        self.state = state

    def assign(self, *, response_at: datetime, resolution_at: datetime) -> None:
        """Promise a first contact and a reply, for the first time or after a reopening.

        Raises:
            WrongStateError: it is being worked on already, or has ended.
        """
        is_reopened = self.replied_at is not None
        self.move_to(FeedbackState.ASSIGNED)
        self.reopen_count += is_reopened
        self.due_response_at, self.due_resolution_at = response_at, resolution_at
        self.contacted_at = self.replied_at = None
        self.handler = self.waiting_since = None

    def contact(self, at: datetime, handler: UUID | None) -> None:
        """Note the first contact with the customer, in time or not, and who looks into it.

        Raises:
            WrongStateError: it is not assigned.
        """
        self.move_to(FeedbackState.INVESTIGATING)
        if self.contacted_at is None:
            self.response_breached |= self.due_response_at is not None and at > self.due_response_at
        self.contacted_at = self.contacted_at or at
        self.handler = self.handler or handler

    def ask_customer(self, at: datetime) -> None:
        """Stop the clock until the customer answers.

        Raises:
            WrongStateError: nobody is looking into it.
        """
        self.move_to(FeedbackState.WAITING_CUSTOMER)
        self.waiting_since = at

    def resume(self, at: datetime) -> None:
        """Go on after waiting for the customer; the time that passed is not counted.

        Raises:
            WrongStateError: it did not wait.
        """
        self.due_resolution_at = self.due_at(at)
        self.move_to(FeedbackState.INVESTIGATING)
        self.waiting_since = None

    def due_at(self, now: datetime) -> datetime | None:
        """Tell when the reply is due; while the customer is asked that day moves on."""
        if self.due_resolution_at is None or self.waiting_since is None:
            return self.due_resolution_at
        return self.due_resolution_at + max(now - self.waiting_since, timedelta(0))

    def look_at_clock(self, now: datetime) -> Clock:
        """Say whether the reply is late, and note it the first time it is."""
        due_at = self.due_at(now)
        if self.has_ended or self.replied_at is not None or due_at is None:
            return Clock.OVER
        if due_at > now:
            return Clock.LATER
        if self.resolution_breached:
            return Clock.OVER
        self.resolution_breached = True
        return Clock.BREACHED

    def postpone(self, resolution_at: datetime) -> None:
        """Promise the reply for another day; the breach of the first promise stands.

        Raises:
            WrongStateError: the reply is out, or there is nothing to reply to.
        """
        if self.replied_at is not None or self.due_resolution_at is None:
            raise WrongStateError(
                Sentence("Feedback %(number)s does not wait for a reply.", number=self.number)
            )
        self.due_resolution_at = resolution_at

    def reply(self, at: datetime, *, is_final: bool = False) -> None:
        """Note that the reasoned reply has gone out, in time or not.

        Raises:
            WrongStateError: nobody looked into it.
        """
        self.move_to(FeedbackState.RESPONDED)
        if self.replied_at is None and (due_at := self.due_at(at)) is not None:
            self.resolution_breached |= at > due_at
        self.replied_at = self.replied_at or at
        self.is_final = self.is_final or is_final

    def dispute(self) -> None:
        """The customer does not accept the reply.

        Raises:
            WrongStateError: there is no reply to dispute.
        """
        self.move_to(FeedbackState.DISPUTED)
        self.dispute_count += 1

    def end(self, state: FeedbackState, at: datetime) -> None:
        """End it, in whichever way.

        Raises:
            WrongStateError: it has ended, or cannot end in this way from here.
        """
        if self.has_ended:
            raise WrongStateError(
                Sentence(
                    "Feedback %(number)s has ended (%(state)s).",
                    number=self.number,
                    state=self.state,
                )
            )
        self.move_to(state)
        self.closed_at = at
