"""Working days, holidays and due dates in one time zone; plain values, no clock."""

import re
from calendar import monthrange
from collections.abc import Container
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ssflow.errors import InvalidInputError
from ssflow.sentences import Sentence

MAX_WORKING_DAYS = 5_000
REMIND_AFTER = 0.8
"""Of the time to a due date, unless somebody says otherwise."""
MORNING = time(8)
"""When a reminder goes out that would come on a day on which nobody works."""

_DAY = timedelta(days=1)
_SATURDAY = 5
_LAST_SECOND = time(23, 59, 59)
_WORKING_DAYS = re.compile(r"wd\(\s*(\d{1,6})\s*\)", re.ASCII)
_DURATION = re.compile(
    r"P(?=\d|T)(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?"
    r"(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,7})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10})S)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Calendar:
    """The days on which an organisation works, Monday to Friday but for its holidays."""

    timezone: ZoneInfo
    holidays: Container[date]

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on this day."""
        return day.weekday() < _SATURDAY and day not in self.holidays

    def add_working_days(self, day: date, n: int) -> date:
        """Go `n` working days on from `day`, or back when `n` is negative.

        A start that is no working day does not count; with `n` = 0 it moves to the next one.

        Raises:
            InvalidInputError: more than `MAX_WORKING_DAYS`, or past the years 1 to 9999.
        """
        if abs(n) > MAX_WORKING_DAYS:
            raise InvalidInputError(
                Sentence("At most %(most)s working days can be counted.", most=MAX_WORKING_DAYS)
            )
        try:
            return self._walk(day, n)
        except OverflowError as error:
            raise InvalidInputError(
                Sentence(
                    "%(count)s working days from %(day)s is past the calendar.", count=n, day=day
                )
            ) from error

    def midnight(self, at: datetime, days: int) -> datetime:
        """Tell when the day begins that is `days` after that of `at`; some have 23 or 25 hours."""
        return self._to_utc(datetime.combine(self.local_date(at) + timedelta(days=days), time()))

    def local_date(self, at: datetime) -> date:
        """Tell which day it is here at that moment."""
        return _aware(at).astimezone(self.timezone).date()

    def next_working_moment(self, at: datetime, morning: time) -> datetime:
        """Give `at` itself if people work on that day here, else the next working day's morning."""
        day = self.local_date(at)
        if self.is_working_day(day):
            return at
        return self._to_utc(datetime.combine(self.add_working_days(day, 0), morning))

    def due_after(self, at: datetime, working_days: int) -> datetime:
        """Give the end of the n-th working day after `at` (23:59:59 here) as a UTC moment.

        Raises:
            InvalidInputError: too many working days.
        """
        return self._end_of(self.add_working_days(self.local_date(at), working_days))

    def reminder_between(self, now: datetime, due_at: datetime) -> datetime:
        """Give when to remind of what is due, unless somebody says otherwise.

        That is after 80 % of the time, or in the morning of the next working day if nobody works
        then and it is not too late.
        """
        at = now + (due_at - now) * REMIND_AFTER
        at = at.replace(microsecond=0) if due_at - now > timedelta(minutes=1) else at
        working = self.next_working_moment(at, MORNING)
        return working if working < due_at else at

    def parse_due(self, text: str, at: datetime) -> datetime:
        """Read when something is due, counted from `at`, as a UTC moment.

        `wd(5)`: the end of the fifth working day. `P14D`, `P1M`, `PT1H`: years to days are added
        to the date and time on the wall, hours to seconds as time that passes. `2026-05-01`: the
        end of that day. `2026-05-01T12:00`: that time here, unless it names its own offset.

        Raises:
            InvalidInputError: the text is none of these, or too far away.
        """
        text = text.strip()
        try:
            return self._read_due(text, at)
        except OverflowError as error:
            raise InvalidInputError(
                Sentence('"%(text)s" from %(at)s is past the calendar.', text=text, at=at)
            ) from error

    def _read_due(self, text: str, at: datetime) -> datetime:
        if match := _WORKING_DAYS.fullmatch(text):
            return self.due_after(at, int(match[1]))
        if match := _DURATION.fullmatch(text):
            return self._add_duration(
                at, {part: int(n) for part, n in match.groupdict("0").items()}
            )
        return self._read_date(text)

    def _add_duration(self, at: datetime, part: dict[str, int]) -> datetime:
        months = part["years"] * 12 + part["months"]
        days = timedelta(weeks=part["weeks"], days=part["days"])
        passing = timedelta(hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"])
        start = _aware(at).astimezone(UTC)
        if months or days:
            start = self._to_utc(_add_months(start.astimezone(self.timezone), months) + days)
        return start + passing

    def _read_date(self, text: str) -> datetime:
        try:
            if len(text) == len("2026-05-01"):
                return self._end_of(date.fromisoformat(text))
            return self._to_utc(datetime.fromisoformat(text))
        except ValueError as error:
            raise InvalidInputError(
                Sentence(
                    '"%(text)s" says no due date; write wd(5), P14D, PT1H, 2026-05-01 '
                    "or 2026-05-01T12:00.",
                    text=text,
                )
            ) from error

    def _walk(self, day: date, n: int) -> date:
        step = -_DAY if n < 0 else _DAY
        left = abs(n)
        while left or not self.is_working_day(day):
            day += step
            left -= left > 0 and self.is_working_day(day)
        return day

    def _end_of(self, day: date) -> datetime:
        return self._to_utc(datetime.combine(day, _LAST_SECOND))

    def _to_utc(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.timezone)
        return moment.astimezone(UTC)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return at


def _add_months(moment: datetime, months: int) -> datetime:
    """Keep the day of the month, or take the month's last day where it is shorter."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if year > MAXYEAR:
        raise OverflowError
    last_day = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
