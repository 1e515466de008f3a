"""ISO 8601 durations: read, written, and added the way a calendar does."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import TypeVar

_DURATION = re.compile(
    r"(?P<sign>-?)P(?=\d|T)"
    r"(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?"
    r"(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,7})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10})S)?)?",
    re.ASCII,
)

AnyDate = TypeVar("AnyDate", bound=date)


@dataclass(frozen=True)
class Duration:
    """A span of months and of time; months have no fixed length, so neither becomes the other."""

    months: int = 0
    time: timedelta = timedelta(0)

    def __neg__(self) -> "Duration":
        return Duration(-self.months, -self.time)

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(self.months + other.months, self.time + other.time)

    def __mul__(self, factor: int) -> "Duration":
        return Duration(self.months * factor, self.time * factor)

    def after(self, start: AnyDate) -> AnyDate:
        """Add to a date or moment, months first: 31 January + P1M is the end of February.

        Raises:
            OverflowError: the result is outside the years 1 to 9999.
        """
        return _add_months(start, self.months) + self.time

    def __str__(self) -> str:
        """Write ISO 8601, as P1Y2M or P14DT2H."""
        if (self.months, self.time) < (0, timedelta(0)):
            return f"-{-self}"
        years, months = divmod(self.months, 12)
        text = _write((years, "Y"), (months, "M"), (self.time.days, "D"))
        minutes, seconds = divmod(self.time.seconds, 60)
        clock = _write((minutes // 60, "H"), (minutes % 60, "M"), (seconds, "S"))
        return f"P{text}T{clock}" if clock else f"P{text or '0D'}"


def find_duration(text: str) -> Duration | None:
    """Read a duration such as P14D, PT1H, P1Y6M, P2W or -P1D; None when the text is none."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    part = {name: int(digits) for name, digits in match.groupdict("0").items() if name != "sign"}
    duration = Duration(
        months=part["years"] * 12 + part["months"],
        time=timedelta(
            days=part["weeks"] * 7 + part["days"],
            hours=part["hours"],
            minutes=part["minutes"],
            seconds=part["seconds"],
        ),
    )
    return -duration if match["sign"] else duration


def _add_months(start: AnyDate, months: int) -> AnyDate:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError
    last_day = monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last_day))


def _write(*parts: tuple[int, str]) -> str:
    return "".join(f"{number}{unit}" for number, unit in parts if number)
