"""Errors, escalations and cancellations: one event catches them, the nearest that fits."""

from collections.abc import Callable

import pytest

from tests.engine.cases import Case
from tests.engine.diagrams import (
    boundary,
    call,
    diagram,
    end,
    error,
    flows,
    for_each,
    on_error,
    parallel,
    process,
    scope,
    script,
    start,
    throw,
    user,
)

Make = Callable[..., Case]

ESCALATION = '<bpmn:escalation id="ES" name="late" escalationCode="L"/>'
ON_ESCALATION = '<bpmn:escalationEventDefinition escalationRef="ES"/>'
ON_ANY_ESCALATION = "<bpmn:escalationEventDefinition/>"
ON_CANCEL = "<bpmn:cancelEventDefinition/>"
ON_ANY_ERROR = "<bpmn:errorEventDefinition/>"


def telling(name: str) -> str:
    """Make a sub-process that escalates after its task `u…` and goes on with `v…`."""
    return scope(
        name,
        start(f"{name}_s"),
        user(f"u{name}"),
        throw(f"{name}_t", ON_ESCALATION),
        user(f"v{name}"),
        end(f"{name}_e"),
        flows(f"{name}_s u{name} {name}_t v{name} {name}_e"),
    )


def hearing(host: str, event: str = ON_ESCALATION, *, at: str = "b", cancel: bool = False) -> str:
    """Put an event on the border of a sub-process, with a task `b…` behind it."""
    name = f"{at}{host}"
    return "".join(
        (
            boundary(f"{name}_b", host, event, cancel=cancel),
            user(name),
            end(f"{name}_e"),
            flows(f"{name}_b {name} {name}_e"),
        )
    )


def aborting(name: str) -> str:
    """Make a transaction that is cancelled after its task `u…`."""
    inner = (
        start(f"{name}_s")
        + user(f"u{name}")
        + end(f"{name}_e", ON_CANCEL)
        + flows(f"{name}_s u{name} {name}_e")
    )
    return f'<bpmn:transaction id="{name}">{inner}</bpmn:transaction>'


def test_an_escalation_is_not_heard_by_the_neighbours(case: Make) -> None:
    hosts = [telling("x"), hearing("x"), telling("y"), hearing("y")]
    ways = flows("start fork x end", "fork y end2")
    run = case(
        diagram(
            ESCALATION,
            process("p", start(), parallel("fork"), *hosts, end(), end("end2"), ways),
        )
    )
    run.start()

    run.complete("ux")

    assert run.open == ["bx", "uy", "vx"]


def test_an_escalation_of_one_round_is_not_heard_by_the_others(case: Make) -> None:
    each = scope(
        "each",
        for_each("things", "thing"),
        start("each_s"),
        telling("x"),
        hearing("x"),
        end("each_e"),
        flows("each_s x each_e"),
    )
    run = case(
        diagram(ESCALATION, process("p", start(), each, end(), flows("start each end"))),
    )
    run.start(things=[1, 2, 3])

    run.complete("ux")

    assert run.open == ["bx", "ux", "ux", "vx"]


def test_an_escalation_that_was_heard_goes_no_further(case: Make) -> None:
    outer = scope(
        "outer",
        start("outer_s"),
        telling("x"),
        hearing("x"),
        end("outer_e"),
        flows("outer_s x outer_e"),
    )
    run = case(
        diagram(
            ESCALATION,
            process("p", start(), outer, hearing("outer"), end(), flows("start outer end")),
        )
    )
    run.start()

    run.complete("ux")

    assert run.open == ["bx", "vx"]


def test_an_escalation_leaves_a_called_process(case: Make) -> None:
    called = process(
        "called",
        start("cs"),
        user("u"),
        throw("t", ON_ESCALATION),
        user("v"),
        end("ce"),
        flows("cs u t v ce"),
    )
    caller = process("p", start(), call("c", "called"), hearing("c"), end(), flows("start c end"))
    run = case(diagram(ESCALATION, called, caller))
    run.start()

    run.complete("u")

    assert run.open == ["bc", "v"]


def test_the_event_for_this_escalation_goes_before_the_one_for_any(case: Make) -> None:
    general = hearing("x", ON_ANY_ESCALATION, at="a")
    run = case(
        diagram(
            ESCALATION,
            process("p", start(), telling("x"), general, hearing("x"), end(), flows("start x end")),
        )
    )
    run.start()

    run.complete("ux")

    assert run.open == ["bx", "vx"]


@pytest.mark.parametrize(("code", "opened"), [("X1", "bx"), ("X2", "ax")])
def test_the_event_for_this_error_goes_before_the_one_for_any(
    case: Make, code: str, opened: str
) -> None:
    failing = scope(
        "x", start("x_s"), user("u"), end("x_e", on_error("THROWN")), flows("x_s u x_e")
    )
    general = hearing("x", ON_ANY_ERROR, at="a", cancel=True)
    special = hearing("x", on_error("CAUGHT"), cancel=True)
    run = case(
        diagram(
            error("THROWN", code),
            error("CAUGHT", "X1"),
            process("p", start(), failing, general, special, end(), flows("start x end")),
        )
    )
    run.start()

    run.complete("u")

    assert run.open == [opened]


def test_a_cancelled_transaction_leaves_the_one_beside_it_alone(case: Make) -> None:
    hosts = [
        aborting("x"),
        hearing("x", ON_CANCEL, cancel=True),
        aborting("y"),
        hearing("y", ON_CANCEL, cancel=True),
    ]
    ways = flows("start fork x end", "fork y end2")
    run = case(diagram(process("p", start(), parallel("fork"), *hosts, end(), end("end2"), ways)))
    run.start()

    run.complete("ux")

    assert run.open == ["bx", "uy"]


def test_what_an_escalation_carries_comes_along(case: Make) -> None:
    carrying = ESCALATION.replace(
        "/>",
        "><bpmn:extensionElements><spiffworkflow:payloadExpression>n + 1"
        "</spiffworkflow:payloadExpression><spiffworkflow:variableName>told"
        "</spiffworkflow:variableName></bpmn:extensionElements></bpmn:escalation>",
    )
    run = case(
        diagram(
            carrying,
            process(
                "p",
                start(),
                script("n", "n = 1"),
                telling("x"),
                hearing("x"),
                end(),
                flows("start n x end"),
            ),
        )
    )
    run.start()

    run.complete("ux")

    assert run.data("bx")["told"] == 2
