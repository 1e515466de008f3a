"""The calendar of a piece of work: its time zone and the holidays of the register."""

from datetime import date

from ssflow.calendar import Calendar
from ssflow.store.records import holidays
from ssflow.store.unit_of_work import DbSession, UnitOfWork


class HolidaysOnDemand:
    """The holidays of the register, read when somebody first asks for one: most steps do not."""

    def __init__(self, session: DbSession) -> None:
        self._session = session
        self._days: frozenset[date] | None = None

    def __contains__(self, day: object) -> bool:
        """Tell whether a day is a holiday."""
        if self._days is None:
            self._days = holidays(self._session)
        return day in self._days


def calendar_of(work: UnitOfWork) -> Calendar:
    """Give the calendar, one in a piece of work."""
    known = work.session.info.get("calendar")
    if not isinstance(known, Calendar):
        known = Calendar(timezone=work.timezone, holidays=HolidaysOnDemand(work.session))
        work.session.info["calendar"] = known
    return known
