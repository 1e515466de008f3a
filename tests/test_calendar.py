"""Working days and due dates, across weekends, holidays and changes of the clock."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.calendar import MAX_WORKING_DAYS, Calendar
from ssflow.errors import InvalidInputError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
KINGS_DAY = date(2026, 4, 27)
GOOD_FRIDAY = date(2026, 4, 3)
EASTER_MONDAY = date(2026, 4, 6)
CALENDAR = Calendar(AMSTERDAM, frozenset({KINGS_DAY, GOOD_FRIDAY, EASTER_MONDAY}))
NEW_YORK = Calendar(ZoneInfo("America/New_York"), frozenset())

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))
MOMENTS = st.builds(
    lambda day, seconds: datetime(day.year, day.month, day.day, tzinfo=UTC) + seconds,
    DAYS,
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-04-24", True),  # Friday
        ("2026-04-25", False),  # Saturday
        ("2026-04-26", False),  # Sunday
        ("2026-04-27", False),  # a Monday, and King's Day
        ("2026-04-28", True),
    ],
)
def test_nobody_works_at_weekends_and_on_holidays(day: str, *, works: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2026-04-20", 1, "2026-04-21"),
        ("2026-04-24", 1, "2026-04-28"),  # over a weekend and a holiday
        ("2026-04-25", 1, "2026-04-28"),  # a Saturday does not count
        ("2026-04-02", 1, "2026-04-07"),  # over Good Friday and Easter
        ("2026-04-20", 5, "2026-04-28"),
        ("2026-04-20", 0, "2026-04-20"),
        ("2026-04-25", 0, "2026-04-28"),  # the next day that people work
        ("2026-04-28", -1, "2026-04-24"),
        ("2026-04-26", -1, "2026-04-24"),
        ("2026-12-31", 1, "2027-01-01"),
    ],
)
def test_working_days_skip_weekends_and_holidays(day: str, n: int, expected: str) -> None:
    assert CALENDAR.add_working_days(date.fromisoformat(day), n) == date.fromisoformat(expected)


@given(day=DAYS, n=st.integers(1, 60))
def test_adding_working_days_passes_exactly_that_many(day: date, n: int) -> None:
    end = CALENDAR.add_working_days(day, n)

    passed = [day + timedelta(days=i + 1) for i in range((end - day).days)]
    assert sum(CALENDAR.is_working_day(each) for each in passed) == n
    assert CALENDAR.is_working_day(end)


@given(day=DAYS, n=st.integers(1, 60))
def test_going_back_undoes_going_on_from_a_working_day(day: date, n: int) -> None:
    start = CALENDAR.add_working_days(day, 0)

    end = CALENDAR.add_working_days(CALENDAR.add_working_days(start, n), -n)

    assert end == start


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-06-30T21:59:59", "2026-06-30"),
        ("2026-06-30T22:00:00", "2026-07-01"),
        ("2026-12-31T23:00:00", "2027-01-01"),
    ],
)
def test_a_day_begins_at_midnight_here(moment: str, day: str) -> None:
    assert CALENDAR.local_date(utc(moment)) == date.fromisoformat(day)


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.local_date(datetime.fromisoformat("2026-01-01T00:00"))


@pytest.mark.parametrize(
    ("at", "n", "due"),
    [
        ("2026-04-20T08:00:00", 1, "2026-04-21T21:59:59"),  # summer time: two hours ahead
        ("2026-04-20T22:30:00", 1, "2026-04-22T21:59:59"),  # it is the 21st already here
        ("2026-01-05T08:00:00", 1, "2026-01-06T22:59:59"),  # winter time: one hour ahead
        ("2026-03-26T12:00:00", 2, "2026-03-30T21:59:59"),  # the clock goes forward on the way
        ("2026-10-23T12:00:00", 1, "2026-10-26T22:59:59"),  # the clock goes back on the way
    ],
)
def test_work_is_due_at_the_end_of_a_working_day_here(at: str, n: int, due: str) -> None:
    assert CALENDAR.due_after(utc(at), n) == utc(due)


@given(at=MOMENTS, n=st.integers(0, 30))
def test_a_due_moment_is_the_last_second_of_a_working_day(at: datetime, n: int) -> None:
    due = NEW_YORK.due_after(at, n)

    here = due.astimezone(NEW_YORK.timezone)
    assert due.tzinfo is UTC
    assert (here.hour, here.minute, here.second) == (23, 59, 59)
    assert NEW_YORK.is_working_day(here.date())


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("wd(1)", "2026-01-30T22:59:59"),
        (" wd( 5 ) ", "2026-02-05T22:59:59"),
        ("P14D", "2026-02-12T09:30:00"),
        ("P2W", "2026-02-12T09:30:00"),
        ("P1M", "2026-02-28T09:30:00"),  # February has no 29th this year
        ("P1Y", "2027-01-29T09:30:00"),
        ("P1Y2M3D", "2027-04-01T08:30:00"),  # the same time on the wall, in summer
        ("PT1H", "2026-01-29T10:30:00"),
        ("PT90M", "2026-01-29T11:00:00"),
        ("P1DT2H", "2026-01-30T11:30:00"),
        ("PT0S", "2026-01-29T09:30:00"),
        ("2026-05-01", "2026-05-01T21:59:59"),
        ("2026-05-01T12:00", "2026-05-01T10:00:00"),
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00"),
        ("2026-05-01T12:00:00+05:30", "2026-05-01T06:30:00"),
    ],
)
def test_a_due_date_may_be_written_in_several_ways(text: str, due: str) -> None:
    assert CALENDAR.parse_due(text, utc("2026-01-29T09:30:00")) == utc(due)


@pytest.mark.parametrize(
    ("at", "text", "due"),
    [
        # 28 March 12:00 here, one day on the wall is 23 hours; 24 hours are 24 hours.
        ("2026-03-28T11:00:00", "P1D", "2026-03-29T10:00:00"),
        ("2026-03-28T11:00:00", "PT24H", "2026-03-29T11:00:00"),
        # 24 October 12:00 here, one day is 25 hours.
        ("2026-10-24T10:00:00", "P1D", "2026-10-25T11:00:00"),
        ("2026-10-24T10:00:00", "PT24H", "2026-10-25T10:00:00"),
        # 02:30 does not exist on 29 March: half an hour past the gap's end.
        ("2026-03-28T01:30:00", "P1D", "2026-03-29T01:30:00"),
        # 02:30 exists twice on 25 October: nothing added changes nothing.
        ("2026-10-25T01:30:00", "PT0S", "2026-10-25T01:30:00"),
        ("2026-10-25T00:30:00", "PT1H", "2026-10-25T01:30:00"),
    ],
)
def test_durations_survive_the_change_of_the_clock(at: str, text: str, due: str) -> None:
    assert CALENDAR.parse_due(text, utc(at)) == utc(due)


@given(at=MOMENTS, days=st.integers(0, 400))
def test_adding_days_keeps_the_time_on_the_wall(at: datetime, days: int) -> None:
    due = NEW_YORK.parse_due(f"P{days}D", at)

    before, after = at.astimezone(NEW_YORK.timezone), due.astimezone(NEW_YORK.timezone)
    assert after.date() - before.date() == timedelta(days=days)
    # A time that the clock skips that night is an hour later.
    skipped = timedelta(hours=after.hour - before.hour, minutes=after.minute - before.minute)
    assert skipped in (timedelta(0), timedelta(hours=1))


@given(at=MOMENTS, seconds=st.integers(0, 10**7))
def test_adding_seconds_is_time_that_passes(at: datetime, seconds: int) -> None:
    assert NEW_YORK.parse_due(f"PT{seconds}S", at) - at == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "P",
        "PT",
        "P1",
        "1D",
        "-P1D",
        "P1DT",
        "P1H",
        "wd()",
        "wd(-1)",
        "wd(1.5)",
        "wd(9999999)",
        "wd(٣)",
        "2026-13-01",
        "2026-02-30",
        "20260501T",
        "2026-05-01 tomorrow",
        "P9999Y",
        "P99999999D",
        "P9999999D",
        "9999-12-31T23:59:59-12:00",
        "wd(5); drop",
    ],
)
def test_what_says_no_due_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        CALENDAR.parse_due(text, utc("2026-01-29T09:30:00"))


@given(text=st.text(max_size=30) | st.from_regex(r"[-+PTYMWDHS0-9:Z().wd ]{0,20}", fullmatch=True))
def test_no_text_breaks_the_reading_of_due_dates(text: str) -> None:
    with suppress(InvalidInputError):
        due = CALENDAR.parse_due(text, utc("2026-01-29T09:30:00"))
        assert due.tzinfo is UTC


@pytest.mark.parametrize("n", [MAX_WORKING_DAYS + 1, -MAX_WORKING_DAYS - 1, 10**12])
def test_too_many_working_days_are_refused(n: int) -> None:
    with pytest.raises(InvalidInputError):
        CALENDAR.add_working_days(date(2026, 1, 1), n)


@pytest.mark.parametrize(("day", "n"), [(date.max, 1), (date.min, -1)])
def test_the_end_of_the_calendar_is_refused(day: date, n: int) -> None:
    with pytest.raises(InvalidInputError):
        CALENDAR.add_working_days(day, n)


def test_midnight_knows_days_of_23_and_25_hours() -> None:
    before_spring = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # half past eleven in the evening
    before_autumn = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)

    begins = [CALENDAR.midnight(before_spring, days) for days in (0, 1)]
    hours = [
        (CALENDAR.midnight(at, 2) - CALENDAR.midnight(at, 1)).total_seconds() / 3600
        for at in (before_spring, before_autumn)
    ]

    assert begins == [datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)]
    assert hours == [23, 25]
