"""Figures about complaints and compliments, for those who steer; nobody is named in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ssflow.errors import NotFoundError
from ssflow.services.working_days import calendar_of
from ssflow.store import feedback as rows
from ssflow.store.feedback import MonthCount, OpenCount, ServiceCount
from ssflow.store.unit_of_work import UnitOfWork

MONTHS = 12
MOST_SERVICES = 15
TARGET_PCT = 95
"""How many replies in a hundred are to go out in time."""


@dataclass(frozen=True)
class ComplaintFigures:
    """How complaints stand now, and how they went during the last twelve months."""

    open: Sequence[OpenCount]
    """By due: overdue, today, within a week, later, no date yet."""
    months: Sequence[MonthCount]
    categories: Sequence[tuple[str, int]]
    root_causes: Sequence[tuple[str, int]]
    services: Sequence[ServiceCount]


def complaint_figures(work: UnitOfWork) -> ComplaintFigures:
    """Count complaints as they are shown on their dashboard.

    Raises:
        NotFoundError: the actor is a customer.
    """
    if work.actor.is_outsider:
        raise NotFoundError("There is no such dashboard, or you may not see it.")
    months = _last_months(work)
    calendar = calendar_of(work)
    moments = [work.now, *(calendar.midnight(work.now, days) for days in (1, 7))]
    return ComplaintFigures(
        open=rows.count_open(work.session, moments),
        months=rows.count_by_month(work.session, months),
        categories=rows.count_by_category(work.session, months[0]),
        root_causes=rows.count_by_root_cause(work.session, months[0]),
        services=rows.count_by_service(work.session, months, MOST_SERVICES),
    )


def in_time_pct(part: int, whole: int) -> float | None:
    """Give a share in percent; of nothing there is none."""
    return round(100 * part / whole, 1) if whole else None


def _last_months(work: UnitOfWork) -> list[datetime]:
    """Give when this month and the eleven before it began, in the organisation's time zone."""
    today = calendar_of(work).local_date(work.now)
    first = today.year * 12 + today.month - MONTHS
    years = (divmod(month, 12) for month in range(first, first + MONTHS))
    return [
        datetime(year, month + 1, 1, tzinfo=work.timezone).astimezone(UTC) for year, month in years
    ]
