"""Now and the end of today, as the reader of a page counts them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ssflow.web.i18n import page_timezone
from ssflow.web.site import current_site


@dataclass(frozen=True)
class ReaderClock:
    """This moment, and the last one of today in the reader's time zone."""

    now: datetime
    day_end: datetime


def reader_clock() -> ReaderClock:
    """Read the clock for the reader of this page."""
    now = current_site().clock()
    zone = page_timezone()
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), zone)
    return ReaderClock(now, midnight - timedelta(microseconds=1))
