from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.calendar import Calendar
from ssflow.services.due_dates import find_moment, reminder_at

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOLIDAYS = frozenset({date(2026, 12, 25), date(2027, 1, 1), date(2028, 2, 29)})
CALENDAR = Calendar(AMSTERDAM, HOLIDAYS)
MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
DUES = st.integers(0, 40).map("wd({})".format) | st.integers(1, 5000).map("PT{}H".format)


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


@pytest.mark.parametrize(
    ("opened", "due", "at"),
    [
        ("2026-03-28T12:00", "P1D", "2026-03-29T12:00"),  # 23 hours later
        ("2026-10-24T12:00", "P1D", "2026-10-25T12:00"),  # 25 hours later
        ("2026-10-24T12:00", "PT24H", "2026-10-25T11:00"),
        ("2026-12-24T10:00", "wd(2)", "2026-12-29T23:59:59"),  # Christmas and a weekend between
        ("2026-12-31T10:00", "wd(1)", "2027-01-04T23:59:59"),  # New Year and a weekend between
        ("2028-02-28T10:00", "wd(1)", "2028-03-01T23:59:59"),  # the leap day is a holiday
        ("2028-02-28T10:00", "P1D", "2028-02-29T10:00"),
        ("2028-01-31T10:00", "P1M", "2028-02-29T10:00"),
        ("2027-01-31T10:00", "P1M", "2027-02-28T10:00"),
        ("2026-11-30T10:00", "P3M", "2027-02-28T10:00"),
    ],
)
def test_due_dates_go_by_the_calendar(opened: str, due: str, at: str) -> None:
    assert find_moment(due, here(opened), CALENDAR) == here(at)


def test_what_is_no_time_gives_no_due_date() -> None:
    assert find_moment("some day", here("2026-03-02T10:00"), CALENDAR) is None
    assert find_moment(None, here("2026-03-02T10:00"), CALENDAR) is None


@pytest.mark.parametrize(
    ("opened", "due", "at"),
    [
        ("2026-03-02T10:00", "2026-03-02T20:00", "2026-03-02T18:00"),
        ("2026-03-28T00:00", "2026-03-30T11:00", "2026-03-30T08:00"),  # clocks go forward between
        ("2026-12-23T10:00", "2026-12-28T23:59", "2026-12-28T08:00"),  # Sunday: the next morning
        ("2026-12-31T10:00", "2027-01-01T10:00", "2027-01-01T05:12"),  # a holiday, but in time
    ],
)
def test_a_reminder_comes_after_four_fifths_and_on_a_working_day(
    opened: str, due: str, at: str
) -> None:
    assert reminder_at(None, here(due), here(opened), CALENDAR) == here(at)


@given(opened=MOMENTS, text=DUES)
def test_a_reminder_comes_between_the_opening_and_the_due_date(opened: datetime, text: str) -> None:
    due = find_moment(text, opened, CALENDAR)

    at = reminder_at(None, due, opened, CALENDAR)

    assert due is not None
    if due <= opened:
        assert at is None
    else:
        assert at is not None
        assert opened <= at < due


@given(opened=MOMENTS, text=DUES)
def test_a_reminder_bothers_nobody_on_a_day_off_unless_it_must(opened: datetime, text: str) -> None:
    due = find_moment(text, opened, CALENDAR)
    at = reminder_at(None, due, opened, CALENDAR)
    if at is None or due is None or CALENDAR.is_working_day(CALENDAR.local_date(at)):
        return

    assert CALENDAR.next_working_moment(at, time(8)) >= due


@given(at=MOMENTS)
def test_the_next_working_moment_is_the_nearest(at: datetime) -> None:
    found = CALENDAR.next_working_moment(at, time(8))

    day, first = CALENDAR.local_date(at), CALENDAR.local_date(found)
    between = [day + timedelta(days=n) for n in range((first - day).days)]
    assert CALENDAR.is_working_day(first)
    assert not any(map(CALENDAR.is_working_day, between))
    assert found == at or found.astimezone(AMSTERDAM).time() == time(8)
