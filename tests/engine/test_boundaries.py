"""Events on the border that do not interrupt: they happen as often as they come."""

import json
from collections.abc import Callable

from tests.engine.cases import Case
from tests.engine.diagrams import (
    boundary,
    diagram,
    end,
    every,
    flows,
    for_each,
    into,
    message,
    on_message,
    process,
    scope,
    script,
    start,
    throw,
    user,
)

Make = Callable[..., Case]

ON_NOTE = on_message("M", into("note"))
SIGNAL = '<bpmn:signal id="S" name="go"/>'
ON_SIGNAL = '<bpmn:signalEventDefinition signalRef="S"/>'


def notable(*behind: str, path: str, event: str = ON_NOTE) -> bytes:
    """A task whose border takes notes as long as it is open."""
    return diagram(
        message("M", "note"),
        process(
            "p",
            start(),
            user("a"),
            boundary("b", "a", event, cancel=False),
            *behind,
            end(),
            end("e2"),
            flows("start a end", path),
        ),
    )


def count_saved(run: Case) -> int:
    return len(json.loads(run.result.state)["main"]["tasks"])


def test_a_message_is_caught_as_often_as_it_comes(case: Make) -> None:
    run = case(notable(user("read"), path="b read e2"))
    run.start()

    for n in (1, 2, 3):
        run.send("note", n=n)

    assert run.open == ["a", "read", "read", "read"]
    notes = [run.data("read", nth=n)["note"]["n"] for n in range(3)]
    assert sorted(notes) == [1, 2, 3]
    assert "note" not in run.data("a")


def test_what_a_message_led_to_goes_on_while_the_next_one_is_waited_for(case: Make) -> None:
    run = case(notable(user("read"), user("file"), path="b read file e2"))
    run.start()
    for n in (1, 2):
        run.send("note", n=n)
    run.complete("read")
    assert run.open == ["a", "file", "read"]

    run.complete("a")

    assert list(run.result.after.messages) == []
    run.complete("read")
    run.complete("file", nth=0)
    run.complete("file")
    assert run.result.completed


def test_a_key_is_worked_out_once_for_all_messages(case: Make) -> None:
    files = notable(path="b e2").replace(
        b'<bpmn:boundaryEvent id="b" attachedToRef="a" cancelActivity="false">',
        b'<bpmn:boundaryEvent id="b" attachedToRef="a" cancelActivity="false">'
        b"<bpmn:extensionElements><spiffworkflow:properties><spiffworkflow:property "
        b'name="correlation_key" value="=order"/></spiffworkflow:properties>'
        b"</bpmn:extensionElements>",
    )
    run = case(files)
    run.start(order="N-1")

    run.send("note", order="N-2")

    assert [one.correlation_key for one in run.result.after.messages.values()] == ["N-1"]


def test_a_signal_is_caught_as_often_as_it_is_given_in_one_step(case: Make) -> None:
    giving = scope(
        "s",
        for_each("names", "name", "told", "name"),
        start("is"),
        throw("th", ON_SIGNAL),
        end("ie"),
        flows("is th ie"),
    )
    run = case(
        diagram(
            SIGNAL,
            process(
                "p",
                start(),
                scope("outer", start("os"), giving, user("u"), end("oe"), flows("os s u oe")),
                boundary("b", "outer", ON_SIGNAL, cancel=False),
                user("heard"),
                end(),
                end("e2"),
                flows("start outer end", "b heard e2"),
            ),
        )
    )

    run.start(names=["x", "y", "z"])

    assert run.open == ["heard", "heard", "heard", "u"]


def test_an_activity_that_is_over_waits_for_nothing(case: Make) -> None:
    run = case(notable(script("s", "x = 1"), path="b s e2"))
    run.start()
    run.send("note", n=1)

    run.complete("a")

    assert run.result.completed


def test_many_messages_leave_no_trace_in_the_saved_state(case: Make) -> None:
    run = case(notable(script("s", "x = 1"), path="b s e2"))
    run.start()
    run.send("note", n=0)
    few = count_saved(run)

    for _ in range(20):
        run.send("note", n=0)

    assert count_saved(run) == few


def test_many_rounds_of_a_cycle_leave_no_trace_in_the_saved_state(case: Make) -> None:
    run = case(notable(script("s", "x = 1"), path="b s e2", event=every('"R/PT1H"')))
    run.start()
    run.fire("b")
    few = count_saved(run)

    for _ in range(20):
        run.fire("b")

    assert count_saved(run) == few


def test_a_state_of_before_with_tokens_of_passed_rounds_still_ends(case: Make) -> None:
    """Formerly each round left a token that waited for its activity to end."""
    run = case(notable(script("s", "x = 1"), path="b s e2", event=every('"R/PT1H"')))
    run.start()
    run.fire("b")
    saved = json.loads(run.result.state)
    rows = saved["main"]["tasks"]
    place = next(n for n, row in enumerate(rows) if row[2] == "b")
    rows.append(["f" * 32, place, "a.BoundaryEventJoin", 8, 20, 0, None, None])
    run.restore(json.dumps(saved).encode())

    run.fire("b")
    run.complete("a")

    assert run.result.completed
