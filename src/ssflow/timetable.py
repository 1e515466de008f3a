"""When a schedule is due: cron fields, or the n-th working day of each month; no clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from ssflow.calendar import Calendar
from ssflow.errors import InvalidInputError
from ssflow.sentences import Sentence

MAX_MISSED = 1_000
"""Missed ticks are counted so far and no further."""
DEFAULT_TIME = time(6)
"""Of a monthly schedule that names no time."""
MAX_NTH = 15
"""Every month has that many working days, whatever its holidays."""

_MONTHLY = re.compile(r"wd\(\s*(\d{1,2})\s*\)\s+monthly(?:\s+(\d{1,2}):([0-5]\d))?", re.ASCII)
_CRON_FIELD = r"[\da-z*,/#-]+"
_CRON = re.compile(rf"{_CRON_FIELD}(?:\s+{_CRON_FIELD}){{4}}", re.ASCII | re.IGNORECASE)
_SHIFT = timedelta(hours=3)
"""Clocks are set back by less."""
_ANY_WALL = datetime.combine(date(2026, 1, 1), time())
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Ticks:
    """What became due: the latest moment, and how many went before it without being noticed."""

    latest: datetime
    missed: int = 0


@dataclass(frozen=True)
class Timetable:
    """Moments that come back; `cron` fields, or the `nth` working day of a month `at` a time.

    Times are those on the wall. One that the clock leaps over in spring comes right after the
    leap; one that it shows twice in autumn comes the first time, but an hourly one both times.
    """

    cron: str | None = None
    nth: int = 0
    at: time = DEFAULT_TIME

    def first_after(self, moment: datetime, calendar: Calendar) -> datetime | None:
        """Tell the next moment after this one in UTC; None when there is none."""
        return next(self.ticks_after(moment, calendar), None)

    def ticks_after(self, moment: datetime, calendar: Calendar) -> Iterator[datetime]:
        """Give the moments after this one in UTC, in order and each once."""
        last = moment
        for tick in merge(*(self._ticks_of(moment, calendar, fold) for fold in self._folds())):
            if tick > last:
                yield tick
                last = tick

    def due_since(self, moment: datetime, now: datetime, calendar: Calendar) -> Ticks | None:
        """Tell what has become due after `moment` and by `now`; None for nothing."""
        due = takewhile(lambda tick: tick <= now, self.ticks_after(moment, calendar))
        found = list(islice(due, MAX_MISSED + 1))
        if not found:
            return None
        if len(found) <= MAX_MISSED:
            return Ticks(found[-1], len(found) - 1)
        return Ticks(self._last_by(now, calendar), MAX_MISSED)

    def _folds(self) -> tuple[int, ...]:
        return (0, 1) if self.cron and self.cron.split()[1].startswith("*") else (0,)

    def _ticks_of(self, moment: datetime, calendar: Calendar, fold: int) -> Iterator[datetime]:
        start = moment.astimezone(calendar.timezone).replace(tzinfo=None, fold=0) - _SHIFT
        for wall in self._walls_after(start, calendar):
            yield _to_utc(wall.replace(fold=fold), calendar.timezone)

    def _last_by(self, now: datetime, calendar: Calendar) -> datetime:
        """Find the latest moment by looking back ever further: far back there are too many."""
        back = timedelta(hours=1)
        while True:
            due = takewhile(lambda tick: tick <= now, self.ticks_after(now - back, calendar))
            if (last := max(due, default=None)) is not None:
                return last
            back *= 2

    def _walls_after(self, start: datetime, calendar: Calendar) -> Iterator[datetime]:
        """Give the times on the wall after `start`, in order."""
        if self.cron is None:
            yield from self._monthly_after(start, calendar)
            return
        try:
            times = croniter(self.cron, start)
            while True:
                yield times.get_next(datetime)
        except (CroniterError, OverflowError):
            return

    def _monthly_after(self, start: datetime, calendar: Calendar) -> Iterator[datetime]:
        year, month = start.year, start.month
        while year < MAXYEAR:
            before = date(year, month, 1) - timedelta(days=1)
            wall = datetime.combine(calendar.add_working_days(before, self.nth), self.at)
            if wall > start:
                yield wall
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def read_timetable(text: str) -> Timetable:
    """Read a schedule: five cron fields (`0 6 1 8 *`), or `wd(3) monthly 08:00`.

    Raises:
        InvalidInputError: it is neither, or never comes.
    """
    text = text.strip()
    if match := _MONTHLY.fullmatch(text):
        nth, hour = int(match[1]), int(match[2] or DEFAULT_TIME.hour)
        if not 1 <= nth <= MAX_NTH or hour > 23:
            raise _unreadable(text)
        return Timetable(nth=nth, at=time(hour, int(match[3] or DEFAULT_TIME.minute)))
    if not _CRON.fullmatch(text):
        raise _unreadable(text)
    try:
        croniter(text, _ANY_WALL).get_next(datetime)
    except (CroniterError, ValueError, KeyError) as error:
        raise _unreadable(text) from error
    return Timetable(cron=text)


def _unreadable(text: str) -> InvalidInputError:
    return InvalidInputError(
        Sentence(
            '"%(text)s" is no schedule; write five cron fields such as "0 6 1 8 *", or '
            '"wd(3) monthly 08:00" with a working day from 1 to %(most)s.',
            text=text,
            most=MAX_NTH,
        )
    )


def _to_utc(wall: datetime, timezone: ZoneInfo) -> datetime:
    """Turn a time on the wall into its moment; one that never came is the end of the leap."""
    moment = wall.replace(tzinfo=timezone).astimezone(UTC)
    shown = moment.astimezone(timezone).replace(tzinfo=None)
    if shown == wall.replace(fold=0):
        return moment
    one, other = (wall.replace(tzinfo=timezone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _end_of_leap(min(one, other), max(one, other), timezone)


def _end_of_leap(before: datetime, after: datetime, timezone: ZoneInfo) -> datetime:
    """Find the first second between two moments that goes by another offset than the first."""
    offset = before.astimezone(timezone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(timezone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
