import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    catch,
    chain,
    definition,
    diagram,
    end,
    flow,
    gateway,
    message,
    problems_of,
    script,
    start,
    sub_process,
    timer,
    user,
)

FACT = script("X_fact", "amount = 1")
TO_GATEWAY = chain("Start_1", "X_fact", "G_a")


def _choice(*flows: str, kind: str = "exclusive", **attributes: str) -> bytes:
    """Draw a gateway between a script that sets `amount` and two end events."""
    return diagram(
        start(),
        FACT,
        gateway("G_a", kind, **attributes),
        end(),
        end(id="E_other"),
        TO_GATEWAY,
        *flows,
    )


BOTH = (flow("G_a", "E_done", "amount > 1"), flow("G_a", "E_other", "amount < 1"))


@pytest.mark.parametrize("kind", ["exclusive", "inclusive"])
def test_a_choice_needs_a_default(kind: str) -> None:
    assert_breaks(_choice(*BOTH, kind=kind), "gateway-without-default", "G_a")


def test_a_single_way_with_a_condition_needs_a_default_too() -> None:
    data = diagram(
        start(), FACT, gateway("G_a"), end(), TO_GATEWAY, flow("G_a", "E_done", "amount > 1")
    )

    assert_breaks(data, "gateway-without-default", "G_a")


@pytest.mark.parametrize("condition", [None, "", "  "])
def test_a_way_that_is_not_the_default_needs_a_condition(condition: str | None) -> None:
    data = _choice(flow("G_a", "E_done"), flow("G_a", "E_other", condition), default="F_G_a_E_done")

    found = problems_of(data)

    assert ("condition-missing", "F_G_a_E_other") in [(one.code, one.element_id) for one in found]


def test_the_default_flow_leaves_its_gateway() -> None:
    data = _choice(*BOTH, default="F_X_fact_G_a")

    assert_breaks(data, "default-flow-unknown", "G_a")


def test_a_condition_on_the_default_flow_is_a_warning() -> None:
    problem = assert_breaks(
        _choice(*BOTH, default="F_G_a_E_done"), "condition-on-default-flow", "F_G_a_E_done"
    )

    assert problem.severity == "warning"


def test_a_condition_behind_a_task_is_refused() -> None:
    data = diagram(
        start(), user("U_a"), end(), chain("Start_1", "U_a"), flow("U_a", "E_done", "False")
    )

    assert_breaks(data, "condition-not-read", "F_U_a_E_done")


def test_a_condition_behind_a_parallel_gateway_is_refused() -> None:
    data = _choice(flow("G_a", "E_done", "False"), flow("G_a", "E_other"), kind="parallel")

    assert_breaks(data, "condition-not-read", "F_G_a_E_done")


def test_two_flows_may_not_leave_a_task() -> None:
    data = diagram(
        start(),
        user("U_a"),
        end(),
        end(id="E_other"),
        chain("Start_1", "U_a", "E_done"),
        flow("U_a", "E_other"),
    )

    assert_breaks(data, "implicit-split", "U_a")


def test_a_flow_joins_two_elements() -> None:
    data = diagram(
        start(), user("U_a"), end(), chain("Start_1", "U_a", "E_done"), flow("U_a", "U_gone")
    )

    assert_breaks(data, "flow-dangling", "F_U_a_U_gone")


def test_a_flow_stays_inside_its_sub_process() -> None:
    data = diagram(
        start(),
        sub_process("SP_a", start(id="S2"), user("U_in"), end(id="E2"), chain("S2", "U_in", "E2")),
        end(),
        chain("Start_1", "SP_a", "E_done"),
        flow("U_in", "E_done"),
    )

    assert_breaks(data, "flow-crosses-border", "F_U_in_E_done")


def test_an_inner_flow_is_written_inside_the_sub_process() -> None:
    data = diagram(
        start(),
        sub_process("SP_a", start(id="S2"), end(id="E2"), chain("S2", "E2")),
        end(),
        chain("Start_1", "SP_a", "E_done"),
        flow("S2", "E2", id="F_outside"),
    )

    assert_breaks(data, "flow-crosses-border", "F_outside")


def test_nothing_follows_an_end_event() -> None:
    data = diagram(
        start(),
        user("U_a"),
        user("U_b"),
        end(),
        end(id="E_other"),
        chain("Start_1", "U_a", "E_other", "U_b", "E_done"),
    )

    assert_breaks(data, "flow-from-end", "F_E_other_U_b")


@pytest.mark.parametrize("target", ["Start_1", "T_a"])
def test_nothing_leads_to_what_starts_by_itself(target: str) -> None:
    data = diagram(
        start(),
        user("U_a"),
        boundary("T_a", "U_a", timer('"P1D"')),
        gateway("G_a", default="F_G_a_E_done"),
        end(),
        chain("Start_1", "U_a", "G_a", "E_done"),
        flow("G_a", target, "1 == 2"),
        chain("T_a", "E_done"),
    )

    assert_breaks(data, "flow-into-start", f"F_G_a_{target}")


def _race(*targets: str, more: str = "") -> bytes:
    """Draw an event-based gateway before two events."""
    return diagram(
        start(),
        gateway("V_a", "eventBased"),
        *targets,
        end(),
        chain("Start_1", "V_a", "I_a", "E_done"),
        chain("V_a", "I_b", "E_done"),
        more,
        beside=message(),
    )


ANSWER = catch("I_a", definition("message", messageRef="M_answer"))


def test_two_timers_may_race() -> None:
    data = _race(catch("I_a", timer('"P1D"')), catch("I_b", timer('"P2D"')))

    assert problems_of(data) == ()


def test_an_event_gateway_waits_for_the_first_event() -> None:
    data = _race(ANSWER, catch("I_b", timer('"P2D"'))).replace(
        b'eventBasedGateway id="V_a"', b'eventBasedGateway id="V_a" eventGatewayType="Parallel"'
    )

    assert_breaks(data, "event-gateway-parallel", "V_a")


def test_only_events_follow_an_event_gateway() -> None:
    assert_breaks(_race(ANSWER, user("I_b")), "event-gateway-targets", "I_b")


def test_two_events_follow_an_event_gateway() -> None:
    data = diagram(
        start(),
        gateway("V_a", "eventBased"),
        ANSWER,
        end(),
        chain("Start_1", "V_a", "I_a", "E_done"),
        beside=message(),
    )

    assert_breaks(data, "event-gateway-targets", "V_a")


def test_an_event_behind_an_event_gateway_is_reached_from_there_only() -> None:
    data = diagram(
        start(),
        gateway("G_a", default="F_G_a_V_a"),
        gateway("V_a", "eventBased"),
        ANSWER,
        catch("I_b", timer('"P1D"')),
        end(),
        chain("Start_1", "G_a", "V_a", "I_a", "E_done"),
        chain("V_a", "I_b", "E_done"),
        flow("G_a", "I_b", "1 == 2"),
        beside=message(),
    )

    assert_breaks(data, "event-gateway-shared-target", "I_b")
