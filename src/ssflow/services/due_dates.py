"""When somebody is reminded of a task, and when another role steps in."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from ssflow.calendar import Calendar
from ssflow.domain.job import JobKind
from ssflow.engine.rules.times import NO_REMINDER
from ssflow.errors import InvalidInputError

REMIND_AFTER = 0.8
"""Of the time to the due date, unless the diagram says otherwise."""
MORNING = time(8)
"""When a reminder goes out that would come on a day on which nobody works."""


def find_moment(text: str | None, now: datetime, calendar: Calendar) -> datetime | None:
    """Read when something is due; None where nothing is told, or what can be no time."""
    if not text:
        return None
    try:
        return calendar.parse_due(text, now)
    except InvalidInputError:
        return None


def reminder_at(
    text: str | None, due_at: datetime | None, now: datetime, calendar: Calendar
) -> datetime | None:
    """Tell when to remind of a task that opens now; None for never.

    By default that is after 80 % of the time, or in the morning of the next working day if nobody
    works then and it is not too late.
    """
    if due_at is None or due_at <= now or text == NO_REMINDER:
        return None
    if text:
        return find_moment(text, now, calendar)
    at = now + (due_at - now) * REMIND_AFTER
    at = at.replace(microsecond=0) if due_at - now > timedelta(minutes=1) else at
    working = calendar.next_working_moment(at, MORNING)
    return working if working < due_at else at


def jobs_for(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Build the jobs that watch a task which opened; one without a due date has none."""
    moments = {JobKind.REMINDER: row["remind_at"], JobKind.OVERDUE: row["due_at"]}
    return [
        {
            "kind": kind,
            "due_at": due_at,
            "payload": {},
            "created_at": row["created_at"],
            "instance_id": row["instance_id"],
            "task_id": row["id"],
            "activity_id": row["activity_id"],
        }
        for kind, due_at in moments.items()
        if due_at is not None
    ]
