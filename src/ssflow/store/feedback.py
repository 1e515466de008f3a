"""Queries for feedback: complaints, compliments and suggestions."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Label, Select, and_, case, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from ssflow.domain.identity import Actor
from ssflow.domain.registers.feedback import (
    CONFIDENTIAL_READERS,
    ENDED_FEEDBACK,
    Feedback,
    FeedbackState,
)
from ssflow.domain.registers.portfolio import Service
from ssflow.domain.user_task import TaskStatus, UserTask

_OPEN_STATES = [state for state in FeedbackState if state not in ENDED_FEEDBACK]
_NO_TOPIC = [FeedbackState.MERGED, FeedbackState.INVALID]
_NO_COMPLAINT = ["compliment", "suggestion"]
_CLOCK_RUNS = [
    FeedbackState.LOGGED,
    FeedbackState.TRIAGED,
    FeedbackState.ASSIGNED,
    FeedbackState.INVESTIGATING,
]
_OPEN = select(Feedback).where(Feedback.kind.not_in(_NO_COMPLAINT))


@dataclass(frozen=True)
class OpenCount:
    """How many complaints of one priority wait for a reply, by when it is due; None: not set."""

    priority: str | None
    by_due: tuple[int, ...]


@dataclass(frozen=True)
class MonthCount:
    """What came in during one month, and how much of it was answered in time."""

    month: datetime
    """When the month began."""
    complaints: int
    compliments: int
    promised: int
    contacted_in_time: int
    replied_in_time: int


@dataclass(frozen=True)
class ServiceCount:
    """How many complaints one service had in one month."""

    name: str
    number: str
    month: datetime
    count: int


def find_feedback_of_case(session: Session, instance_id: UUID) -> Feedback | None:
    """Find the feedback that a case works on."""
    query = select(Feedback).where(Feedback.instance_id == instance_id).limit(1)
    return session.scalars(query).one_or_none()


def find_feedback_by_number(session: Session, number: str) -> Feedback | None:
    """Find feedback by its number, such as CMP-2026-0001."""
    return session.scalars(select(Feedback).where(Feedback.number == number)).one_or_none()


def is_readable_by(actor: Actor) -> ColumnElement[bool]:
    """Say as a condition what `Feedback.is_readable_by` tells of one."""
    about, category = Feedback.about_user, Feedback.category
    if actor.sees_everything or not CONFIDENTIAL_READERS.isdisjoint(actor.roles):
        return about.is_distinct_from(actor.user_id) if actor.user_id else true()
    return and_(about.is_(None), category.is_distinct_from("staff_conduct"))


def open_of_sender(
    session: Session, feedback: Feedback, since: datetime, limit: int
) -> Sequence[Feedback]:
    """List what else the same sender told about the same service lately, and is still open."""
    query = (
        select(Feedback)
        .where(
            Feedback.sender_key == feedback.sender_key,
            Feedback.service_id.is_not_distinct_from(feedback.service_id),
            Feedback.created_at >= since,
            Feedback.state.in_(_OPEN_STATES),
            Feedback.id != feedback.id,
        )
        .order_by(Feedback.number.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def count_repeats(session: Session, feedback: Feedback, since: datetime) -> int:
    """Count earlier complaints of the same customer about the same service and category."""
    if feedback.customer_id is None:
        return 0
    query = (
        select(func.count())
        .select_from(Feedback)
        .where(
            Feedback.customer_id == feedback.customer_id,
            Feedback.service_id.is_not_distinct_from(feedback.service_id),
            Feedback.category == feedback.category,
            Feedback.kind == "complaint",
            Feedback.state.not_in(_NO_TOPIC),
            Feedback.created_at >= since,
            Feedback.id != feedback.id,
        )
    )
    return session.scalars(query).one()


def count_topic(session: Session, feedback: Feedback, since: datetime) -> int:
    """Count complaints of anybody about the same service and category, this one included."""
    if feedback.service_id is None:
        return 1
    query = (
        select(func.count())
        .select_from(Feedback)
        .where(
            Feedback.service_id == feedback.service_id,
            Feedback.category == feedback.category,
            Feedback.kind == "complaint",
            Feedback.state.not_in(_NO_TOPIC),
            Feedback.created_at >= since,
        )
    )
    return session.scalars(query).one()


def find_open_tasks(
    session: Session, instance_id: UUID, activity_ids: Sequence[str]
) -> Sequence[UserTask]:
    """Find the open tasks at these elements of a case, oldest first."""
    query = (
        select(UserTask)
        .where(
            UserTask.instance_id == instance_id,
            UserTask.status == TaskStatus.OPEN,
            UserTask.activity_id.in_(activity_ids),
        )
        .order_by(UserTask.created_at, UserTask.id)
    )
    return session.scalars(query).all()


# --- figures -------------------------------------------------------------------------------------


def count_open(session: Session, moments: Sequence[datetime]) -> list[OpenCount]:
    """Count open complaints by priority and by when their reply is due.

    `moments`, in order, part those due before the first, before the second … and after the last;
    the first is the present one. While a customer is asked the day moves on: `Feedback.due_at`.
    """
    counts: dict[str | None, list[int]] = defaultdict(lambda: [0] * (len(moments) + 2))
    for priority, *found in session.execute(_by_due(moments)):
        counts[priority] = found
    for feedback in session.scalars(_OPEN.where(Feedback.state == FeedbackState.WAITING_CUSTOMER)):
        due_at = feedback.due_at(moments[0])
        at = len(moments) + 1 if due_at is None else bisect_right(moments, due_at)
        counts[feedback.priority][at] += 1
    return [OpenCount(name, tuple(counts[name])) for name in sorted(counts, key=lambda p: p or "")]


def _by_due(moments: Sequence[datetime]) -> Select[*tuple[Any, ...]]:
    """Count by the day that stands in the record, for complaints whose clock runs."""
    due = Feedback.due_resolution_at
    parts = [
        func.count(case(((due < until) & (due >= since if since else true()), 1)))
        for since, until in pairwise([None, *moments])
        if until is not None
    ]
    parts += [func.count(case((due >= moments[-1], 1))), func.count(case((due.is_(None), 1)))]
    return (
        select(Feedback.priority, *parts)
        .where(Feedback.kind.not_in(_NO_COMPLAINT), Feedback.state.in_(_CLOCK_RUNS))
        .group_by(Feedback.priority)
    )


def count_by_month(session: Session, months: Sequence[datetime]) -> list[MonthCount]:
    """Count what came in since each of `months` (their beginnings, in order) until the next.

    In time is what was promised a date and did not miss it, up to now.
    """
    is_promised = (Feedback.kind == "complaint") & Feedback.due_resolution_at.is_not(None)
    query = (
        select(
            _month_of(months),
            func.count(case((Feedback.kind == "complaint", 1))),
            func.count(case((Feedback.kind == "compliment", 1))),
            func.count(case((is_promised, 1))),
            func.count(case((is_promised & Feedback.response_breached.is_(False), 1))),
            func.count(case((is_promised & Feedback.resolution_breached.is_(False), 1))),
        )
        .where(Feedback.kind.in_(("complaint", "compliment")), Feedback.created_at >= months[0])
        .group_by("month")
    )
    found = {month: counts for month, *counts in session.execute(query)}
    return [MonthCount(month, *found.get(at, [0] * 5)) for at, month in enumerate(months)]


def count_by_category(session: Session, since: datetime) -> list[tuple[str, int]]:
    """Count complaints by category, most first."""
    return _count_by(session, Feedback.category, since)


def count_by_root_cause(session: Session, since: datetime) -> list[tuple[str, int]]:
    """Count answered complaints by root cause, most first."""
    return _count_by(session, Feedback.root_cause, since)


def count_by_service(session: Session, months: Sequence[datetime], most: int) -> list[ServiceCount]:
    """Count complaints by service and month, for the services with most of them, these first."""
    is_counted = (Feedback.kind == "complaint", Feedback.created_at >= months[0])
    number = func.count()
    first = session.scalars(
        select(Feedback.service_id)
        .where(*is_counted, Feedback.service_id.is_not(None))
        .group_by(Feedback.service_id)
        .order_by(number.desc(), func.min(Feedback.created_at), Feedback.service_id)
        .limit(most)
    ).all()
    query = (
        select(Feedback.service_id, _month_of(months), func.count())
        .where(*is_counted, Feedback.service_id.in_(first))
        .group_by(Feedback.service_id, "month")
    )
    found: dict[UUID | None, dict[int, int]] = defaultdict(dict)
    for service_id, month, count in session.execute(query):
        found[service_id][month] = count
    services: dict[UUID | None, Service] = {
        s.id: s for s in session.scalars(select(Service).where(Service.id.in_(first)))
    }
    return [
        ServiceCount(services[one].name, services[one].number, month, found[one].get(at, 0))
        for one in first
        for at, month in enumerate(months)
    ]


def _month_of(months: Sequence[datetime]) -> Label[int]:
    """Tell in which of the months, the last first, something came in."""
    parts = [(Feedback.created_at >= month, at) for at, month in enumerate(months)]
    return case(*reversed(parts)).label("month")


def _count_by(
    session: Session, column: InstrumentedAttribute[str | None], since: datetime
) -> list[tuple[str, int]]:
    number = func.count()
    query = (
        select(column, number)
        .where(
            Feedback.kind == "complaint",
            Feedback.created_at >= since,
            column.is_not(None),
        )
        .group_by(column)
        .order_by(number.desc(), column)
    )
    return [(value, count) for value, count in session.execute(query) if value is not None]
