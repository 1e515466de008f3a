"""Timers in every place where they may stand, and texts that are none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    call,
    catch,
    diagram,
    end,
    every,
    first_of,
    flows,
    for_each,
    process,
    scope,
    start,
    user,
)

Make = Callable[..., Case]
NONSENSE: tuple[Any, ...] = (
    None,
    5,
    True,
    [],
    {"days": 3},
    "",
    "soon",
    "-P1D",
    "P-1D",
    "P",
    "PT",
    "P1H",
    "P9000Y",
    "P99999999D",
    "wd(-1)",
    "wd(6000)",
    "2026-13-01",
    "0000-01-01",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31",
    "10000-01-01",
    "x" * 5_000,
)
NO_CYCLE = (
    *("R", "R/", "R3", "R3/", "R3/P", "R3/soon", "Rx/P1D", "R-1/P1D", "R0/P1D", "P1D", "R3/PT0S"),
    *("R3/2026-05-01", "R3/P1D/2026-05-01", "R3/soon/P1D", "R3/2026-05-01/P1D/P1D", "R/wd(0)"),
    *("R3/P9000Y", "R99999999999/P1D", "R3/P1D//P1D", "R/\N{FULLWIDTH DIGIT ONE}P1D"),
)


def nagging(cycle: str) -> bytes:
    """A task with a repeating timer that does not take it away."""
    return diagram(
        process(
            "p",
            start(),
            user("a"),
            boundary("t", "a", every(cycle), cancel=False),
            end(),
            end("e2"),
            flows("start a end", "t e2"),
        )
    )


def next_due(run: Case) -> datetime | None:
    timers = [timer.due_at for timer in run.result.after.timers.values()]
    return timers[0] if timers else None


def ticks(run: Case, most: int) -> list[str]:
    """Let the timer go off each time it is due; gives when that was."""
    moments: list[str] = []
    while (due := next_due(run)) is not None and len(moments) < most:
        moments.append(due.isoformat().removesuffix("+00:00"))
        run.fire("t")
    return moments


# --- cycles ---------------------------------------------------------------------------------------


def test_a_cycle_with_a_number_ends(case: Make) -> None:
    run = case(nagging('"R3/P1D"'))
    run.start()

    assert ticks(run, 9) == [f"2026-03-0{day}T10:00:00" for day in (5, 6, 7)]
    assert (run.open, run.timers) == (["a"], [])


def test_days_keep_their_hour_when_the_clocks_change(case: Make) -> None:
    run = case(nagging('"R/2026-03-27T02:30/P1D"'))
    run.start()

    # In the night of 29 March there is no half past two.
    assert ticks(run, 4) == [
        "2026-03-27T01:30:00",
        "2026-03-28T01:30:00",
        "2026-03-29T01:30:00",
        "2026-03-30T00:30:00",
    ]


def test_hours_pass_whatever_the_clocks_say(case: Make) -> None:
    run = case(nagging('"R/2026-10-24T12:00/PT24H"'))
    run.start()

    assert ticks(run, 3) == ["2026-10-24T10:00:00", "2026-10-25T10:00:00", "2026-10-26T10:00:00"]


def test_months_keep_their_day(case: Make) -> None:
    run = case(nagging('"R/2026-05-31T12:00/P1M"'))
    run.start()

    days = [moment[5:10] for moment in ticks(run, 5)]

    assert days == ["05-31", "06-30", "07-31", "08-31", "09-30"]


def test_working_days_repeat(case: Make) -> None:
    run = case(nagging('"R3/wd(2)"'))
    run.start()

    assert [moment[5:] for moment in ticks(run, 5)] == [
        "03-06T22:59:59",
        "03-10T22:59:59",
        "03-12T22:59:59",
    ]


def test_a_cycle_that_began_long_ago_goes_on_with_the_first_time_to_come(case: Make) -> None:
    for cycle, expected in (
        ('"R2/2001-01-01T09:00/P1D"', ["2026-03-05T08:00:00", "2026-03-06T08:00:00"]),
        ('"R2/2026-03-04T11:00/P1W"', ["2026-03-04T10:00:00", "2026-03-11T10:00:00"]),
        ('"R1/2001-01-01T00:00:00Z/PT1S"', ["2026-03-04T10:00:00"]),
    ):
        run = case(nagging(cycle))
        run.start()

        assert ticks(run, 5) == expected


def test_each_missed_round_comes_once_and_in_order(case: Make) -> None:
    run = case(nagging('"R/PT1H"'))
    run.start()
    run.now += 5 * timedelta(hours=1) + timedelta(minutes=1)

    moments = []
    while (due := next_due(run)) is not None and due <= run.now:
        moments.append(due)
        run.fire("t")

    assert len(moments) == 5
    assert all(later - earlier == timedelta(hours=1) for earlier, later in pairwise(moments))


# --- places ---------------------------------------------------------------------------------------


def places(event: str, *, interrupts: bool) -> dict[str, bytes]:
    """Timers on the border of each kind of activity; inside waits the task `u`."""
    on_border = boundary("t", "host", event, cancel=interrupts)
    way = (end(), user("late"), end("e2"), flows("start host end", "t late e2"))
    inside = (start("is"), user("u"), end("ie"), flows("is u ie"))
    each = for_each("items", "item", "out", "res")
    return {
        "task": diagram(process("p", start(), user("host"), on_border, *way)),
        "sub-process": diagram(process("p", start(), scope("host", *inside), on_border, *way)),
        "call": diagram(
            process("p", start(), call("host", "q"), on_border, *way), process("q", *inside)
        ),
        "many tasks": diagram(
            process("p", start(), user("host", each, variable="res"), on_border, *way)
        ),
        "many sub-processes": diagram(
            process(
                "p",
                start(),
                scope(
                    "host",
                    each,
                    *inside,
                ),
                on_border,
                *way,
            )
        ),
    }


PLACES = ("task", "sub-process", "call", "many tasks", "many sub-processes")


@pytest.mark.parametrize("place", PLACES)
def test_a_timer_takes_any_activity_away(case: Make, place: str) -> None:
    run = case(places(after('"P2D"'), interrupts=True)[place])
    run.start(items=[1, 2])
    due = next_due(run)

    run.fire("t")

    assert due == datetime(2026, 3, 6, 10, tzinfo=UTC)
    assert (run.open, run.timers) == (["late"], [])


@pytest.mark.parametrize("place", PLACES)
def test_a_timer_that_does_not_interrupt_leaves_any_activity(case: Make, place: str) -> None:
    run = case(places(after('"P2D"'), interrupts=False)[place])
    run.start(items=[1, 2])
    before = run.open

    run.fire("t")

    assert run.open == sorted([*before, "late"])
    assert run.timers == []


@pytest.mark.parametrize("place", ["many sub-processes", "sub-process"])
def test_a_timer_inside_waits_once_for_each_round(case: Make, place: str) -> None:
    each = for_each("items", "item", "out", "res") if place.startswith("many") else ""
    inside = (
        start("is"),
        user("u"),
        boundary("t", "u", after("item"), cancel=True),
        user("late"),
        end("ie"),
        end("ie2"),
        flows("is u ie", "t late ie2"),
    )
    run = case(
        diagram(process("p", start(), scope("s", each, *inside), end(), flows("start s end")))
    )

    run.start(**({"items": ["P1D", "P3D"]} if each else {"item": "P1D"}))
    waiting = len(run.timers)
    run.fire("t")

    assert waiting == (2 if each else 1)
    assert run.open == (["late", "u"] if each else ["late"])


def test_of_two_timers_behind_a_gateway_the_earlier_one_wins(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                first_of("g"),
                catch("slow", after('"P2D"')),
                catch("quick", after('"P1D"')),
                user("a"),
                user("b"),
                end(),
                end("e2"),
                flows("start g slow a end", "g quick b e2"),
            )
        )
    )
    run.start()
    waiting = run.timers

    run.fire("quick")

    assert waiting == ["quick", "slow"]
    assert (run.open, run.timers) == (["b"], [])


# --- nonsense -------------------------------------------------------------------------------------


def between(event: str) -> bytes:
    return diagram(
        process(
            "p", start(), user("a"), catch("t", event), user("b"), end(), flows("start a t b end")
        )
    )


def behind_gateway(event: str) -> bytes:
    return diagram(
        process(
            "p",
            start(),
            user("a"),
            first_of("g"),
            catch("t", event),
            catch("other", after('"P9D"')),
            user("b"),
            end(),
            end("e2"),
            flows("start a g t b end", "g other e2"),
        )
    )


def on_border(event: str, *, cancel: bool) -> bytes:
    return diagram(
        process(
            "p",
            start(),
            user("a"),
            user("host"),
            boundary("t", "host", event, cancel=cancel),
            user("b"),
            end(),
            end("e2"),
            flows("start a host end", "t b e2"),
        )
    )


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: repr(value)[:30])
def test_nonsense_is_an_incident_with_a_sentence_and_can_be_mended(case: Make, value: Any) -> None:
    for data in (
        between(after("when")),
        behind_gateway(after("when")),
        on_border(after("when"), cancel=True),
        on_border(after("when"), cancel=False),
    ):
        run = case(data)
        run.start()

        run.complete("a", when=value)
        incident = run.incident
        run.retry(when="P1D")

        assert incident.message.endswith(".")
        assert len(incident.message) < 400
        assert (run.incidents, "t" in run.timers) == ([], True)
        run.fire("t")
        assert "b" in run.open


@pytest.mark.parametrize("value", NO_CYCLE, ids=repr)
def test_what_is_no_cycle_is_an_incident_and_can_be_mended(case: Make, value: str) -> None:
    run = case(on_border(every("when"), cancel=False))
    run.start()

    run.complete("a", when=value)
    incident = run.incident
    run.retry(when="R2/P1D")

    assert (incident.activity_id, incident.message[-1]) == ("t", ".")
    assert (run.incidents, run.open) == ([], ["host"])
    assert len(ticks(run, 5)) == 2
    assert run.open == ["b", "b", "host"]
