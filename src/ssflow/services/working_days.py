"""The calendar of a piece of work: its time zone and the holidays of the register."""

from ssflow.calendar import Calendar
from ssflow.store.records import holidays
from ssflow.store.unit_of_work import UnitOfWork


def calendar_of(work: UnitOfWork) -> Calendar:
    """Read the calendar, once in a piece of work."""
    known = work.session.info.get("calendar")
    if not isinstance(known, Calendar):
        known = Calendar(timezone=work.timezone, holidays=holidays(work.session))
        work.session.info["calendar"] = known
    return known
