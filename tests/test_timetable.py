from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.calendar import Calendar
from ssflow.errors import InvalidInputError
from ssflow.timetable import MAX_MISSED, Ticks, Timetable, read_timetable

AMSTERDAM = Calendar(ZoneInfo("Europe/Amsterdam"), frozenset({date(2026, 1, 1)}))
ZONES = ("Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")


def wall(text: str, calendar: Calendar = AMSTERDAM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=calendar.timezone).astimezone(UTC)


def ticks(text: str, after: datetime, n: int, calendar: Calendar = AMSTERDAM) -> list[str]:
    found = islice(read_timetable(text).ticks_after(after, calendar), n)
    return [tick.astimezone(calendar.timezone).strftime("%Y-%m-%d %H:%M %z") for tick in found]


def test_a_cron_schedule_goes_by_the_clock_on_the_wall() -> None:
    assert ticks("0 6 * * *", wall("2026-03-28T12:00"), 2) == [
        "2026-03-29 06:00 +0200",
        "2026-03-30 06:00 +0200",
    ]


def test_a_tick_in_the_hour_that_is_skipped_comes_once_right_after() -> None:
    assert ticks("30 2 * * *", wall("2026-03-28T12:00"), 2) == [
        "2026-03-29 03:00 +0200",
        "2026-03-30 02:30 +0200",
    ]


def test_several_ticks_in_the_hour_that_is_skipped_are_one() -> None:
    assert ticks("*/20 2 * * *", wall("2026-03-28T12:00"), 2) == [
        "2026-03-29 03:00 +0200",
        "2026-03-30 02:00 +0200",
    ]


def test_a_tick_in_the_doubled_hour_comes_once() -> None:
    assert ticks("30 2 * * *", wall("2026-10-24T12:00"), 2) == [
        "2026-10-25 02:30 +0200",
        "2026-10-26 02:30 +0100",
    ]


def test_a_tick_in_the_doubled_hour_does_not_come_back_when_asked_in_between() -> None:
    second_pass = wall("2026-10-25T02:30") + timedelta(minutes=45)

    assert ticks("30 2 * * *", second_pass, 1) == ["2026-10-26 02:30 +0100"]


def test_an_hourly_schedule_runs_in_both_doubled_hours() -> None:
    assert ticks("30 * * * *", wall("2026-10-25T01:00"), 4) == [
        "2026-10-25 01:30 +0200",
        "2026-10-25 02:30 +0200",
        "2026-10-25 02:30 +0100",
        "2026-10-25 03:30 +0100",
    ]


def test_a_day_that_a_country_left_out_has_one_tick_at_its_end() -> None:
    samoa = Calendar(ZoneInfo("Pacific/Apia"), frozenset())

    assert ticks("0 6 * * *", wall("2011-12-29T05:00", samoa), 3, samoa) == [
        "2011-12-29 06:00 -1000",
        "2011-12-31 00:00 +1400",
        "2011-12-31 06:00 +1400",
    ]


def test_a_leap_day_comes_every_fourth_year() -> None:
    assert ticks("0 0 29 2 *", wall("2026-01-01T00:00"), 2) == [
        "2028-02-29 00:00 +0100",
        "2032-02-29 00:00 +0100",
    ]


def test_a_monthly_schedule_counts_working_days_over_holidays_and_the_turn_of_the_year() -> None:
    assert ticks("wd(3) monthly 08:30", wall("2025-12-10T00:00"), 2) == [
        "2026-01-06 08:30 +0100",
        "2026-02-04 08:30 +0100",
    ]


def test_a_monthly_schedule_without_a_time_comes_at_six() -> None:
    assert read_timetable("wd(1) monthly") == Timetable(nth=1, at=time(6))


@pytest.mark.parametrize(
    "text",
    [
        *("every day", "0 6 1 8", "wd(3)", "wd(3) monthly 25:00", "wd(0) monthly", ""),
        *("wd(16) monthly", "61 * * * *", "0 0 31 2 *", "0 0 1 1 * 2030", "@daily", "H 0 * * *"),
        *("*/0 * * * *", "0 0 * * someday", "0 0 * * *\x00", "9" * 400 + " * * * *"),
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_timetable(text)


def test_nothing_is_due_before_its_time() -> None:
    timetable = read_timetable("0 6 * * *")
    since = wall("2026-03-02T06:00")

    assert timetable.due_since(since, wall("2026-03-03T05:59"), AMSTERDAM) is None


def test_what_was_missed_is_counted_and_only_the_latest_told() -> None:
    due = read_timetable("0 6 * * *").due_since(
        wall("2026-03-02T06:00"), wall("2026-03-06T12:00"), AMSTERDAM
    )

    assert due == Ticks(wall("2026-03-06T06:00"), missed=3)


def test_the_latest_is_found_though_too_many_were_missed_to_count() -> None:
    due = read_timetable("* * * * *").due_since(
        wall("2026-01-01T00:00"), wall("2026-12-01T12:00:30"), AMSTERDAM
    )

    assert due == Ticks(wall("2026-12-01T12:00"), missed=MAX_MISSED)


MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
SCHEDULES = st.sampled_from(
    ["30 2 * * *", "*/15 * * * *", "0 6 1 8 *", "5 1-3 * * sun", "wd(3) monthly", "0 0 29 2 *"]
)


@given(MOMENTS, SCHEDULES, st.sampled_from(ZONES))
def test_ticks_rise_and_each_follows_from_the_one_before(
    moment: datetime, text: str, zone: str
) -> None:
    timetable, calendar = read_timetable(text), Calendar(ZoneInfo(zone), frozenset())

    found = list(islice(timetable.ticks_after(moment, calendar), 5))

    assert found == sorted(set(found))
    assert found[0] > moment
    assert found[1:] == [timetable.first_after(tick, calendar) for tick in found[:-1]]


@given(MOMENTS, SCHEDULES, st.sampled_from(ZONES), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_what_is_due_is_what_came_in_between(
    moment: datetime, text: str, zone: str, later: timedelta
) -> None:
    timetable, calendar = read_timetable(text), Calendar(ZoneInfo(zone), frozenset())
    now = moment + later

    due = timetable.due_since(moment, now, calendar)

    following = timetable.first_after(moment, calendar)
    assert (due is None) == (following is None or following > now)
    if due is not None:
        assert moment < due.latest <= now
        after = timetable.first_after(due.latest, calendar)
        assert after is not None
        assert after > now
