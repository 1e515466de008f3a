"""When somebody is reminded of a task, and when another role steps in."""

from datetime import datetime

from ssflow.calendar import Calendar
from ssflow.engine.rules.times import NO_REMINDER
from ssflow.errors import InvalidInputError


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
    """Tell when to remind of a task that opens now; None for never."""
    if due_at is None or due_at <= now or text == NO_REMINDER:
        return None
    if text:
        return find_moment(text, now, calendar)
    return calendar.reminder_between(now, due_at)
