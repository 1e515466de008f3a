"""Durations: read, written, added."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.feel.durations import Duration, find_duration


@pytest.mark.parametrize(
    ("text", "months", "time"),
    [
        ("P14D", 0, timedelta(days=14)),
        ("PT1H", 0, timedelta(hours=1)),
        ("P1M", 1, timedelta(0)),
        ("PT1M", 0, timedelta(minutes=1)),
        ("P1Y6M", 18, timedelta(0)),
        ("P2W", 0, timedelta(days=14)),
        ("P1Y2M3DT4H5M6S", 14, timedelta(days=3, hours=4, minutes=5, seconds=6)),
        ("-P1D", 0, timedelta(days=-1)),
        ("P0D", 0, timedelta(0)),
    ],
)
def test_a_duration_is_months_and_time(text: str, months: int, time: timedelta) -> None:
    assert find_duration(text) == Duration(months, time)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "P1",
        "P1H",
        "PT1D",
        "P1D1M",
        "P-1D",
        "p1d",
        "P1.5D",
        " P1D",
        "P١D",
        "P99999Y",
        "P99999999D",
        "--P1D",
    ],
)
def test_other_texts_are_no_duration(text: str) -> None:
    assert find_duration(text) is None


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-03-31", "-P1M", "2026-02-28"),
        ("2026-01-15", "P12M", "2027-01-15"),
        ("2026-01-15", "-P1M", "2025-12-15"),
        ("2026-01-31", "P1M1D", "2026-03-01"),
        ("2026-01-01", "PT36H", "2026-01-02"),
    ],
)
def test_months_are_added_before_days(start: str, text: str, end: str) -> None:
    duration = find_duration(text)

    assert duration is not None
    assert duration.after(date.fromisoformat(start)) == date.fromisoformat(end)


def test_time_moves_moments() -> None:
    moment = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)

    assert Duration(1, timedelta(hours=1)).after(moment) == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "duration"),
    [
        (date.max, Duration(0, timedelta(days=1))),
        (date.max, Duration(1)),
        (date.min, Duration(-1)),
        (date(2026, 1, 1), Duration(10**30)),
    ],
)
def test_the_calendar_has_an_end(day: date, duration: Duration) -> None:
    with pytest.raises(OverflowError):
        duration.after(day)


@given(
    months=st.integers(0, 10_000),
    seconds=st.integers(0, 10**9),
    sign=st.sampled_from([1, -1]),
)
def test_a_duration_reads_as_it_was_written(months: int, seconds: int, sign: int) -> None:
    duration = Duration(months, timedelta(seconds=seconds)) * sign

    assert find_duration(str(duration)) == duration
