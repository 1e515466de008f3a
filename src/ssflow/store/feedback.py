"""Queries for feedback: complaints, compliments and suggestions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ssflow.domain.registers.feedback import ENDED_FEEDBACK, Feedback, FeedbackState
from ssflow.domain.user_task import TaskStatus, UserTask

_OPEN_STATES = [state for state in FeedbackState if state not in ENDED_FEEDBACK]
_NO_TOPIC = [FeedbackState.MERGED, FeedbackState.INVALID]


def find_feedback_of_case(session: Session, instance_id: UUID) -> Feedback | None:
    """Find the feedback that a case works on."""
    query = select(Feedback).where(Feedback.instance_id == instance_id).limit(1)
    return session.scalars(query).one_or_none()


def find_feedback_by_number(session: Session, number: str) -> Feedback | None:
    """Find feedback by its number, such as CMP-2026-0001."""
    return session.scalars(select(Feedback).where(Feedback.number == number)).one_or_none()


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


def hand_over_tasks(
    session: Session,
    instance_id: UUID,
    activity_ids: Sequence[str],
    *,
    assignee: UUID | None,
    due_at: datetime | None,
) -> None:
    """Give the open tasks at these elements another person, another day, or both."""
    is_theirs = (
        (UserTask.instance_id == instance_id)
        & (UserTask.status == TaskStatus.OPEN)
        & UserTask.activity_id.in_(activity_ids)
    )
    if assignee is not None:
        session.execute(update(UserTask).where(is_theirs).values(assignee=assignee, is_fixed=True))
    if due_at is not None:
        session.execute(update(UserTask).where(is_theirs).values(due_at=due_at))
