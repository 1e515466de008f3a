import pytest

from ssflow.engine.rules.paths import MAX_PATH_LENGTH
from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    chain,
    diagram,
    end,
    flow,
    gateway,
    problems_of,
    script,
    start,
    sub_process,
    timer,
    user,
)


def test_a_process_needs_a_start() -> None:
    data = diagram(user("U_a"), end(), chain("U_a", "E_done"))

    assert_breaks(data, "no-start-event", "P_main")


def test_a_process_needs_an_end() -> None:
    data = diagram(start(), user("U_a"), chain("Start_1", "U_a"))

    assert_breaks(data, "no-end-event", "P_main")


def test_a_process_has_one_start() -> None:
    data = diagram(
        start(),
        start(id="Start_2"),
        user("U_a"),
        end(),
        chain("Start_1", "U_a", "E_done"),
        chain("Start_2", "U_a"),
    )

    assert_breaks(data, "several-start-events", "Start_2")


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ((user("U_in"), end(id="E2"), chain("U_in", "E2")), "no-start-event"),
        ((start(id="S2"), user("U_in"), chain("S2", "U_in")), "no-end-event"),
    ],
)
def test_a_sub_process_needs_a_start_and_an_end(inner: tuple[str, ...], code: str) -> None:
    data = diagram(start(), sub_process("SP_a", *inner), end(), chain("Start_1", "SP_a", "E_done"))

    assert_breaks(data, code, "SP_a")


def test_every_path_ends() -> None:
    data = diagram(
        start(),
        gateway("G_a", default="F_G_a_E_done"),
        user("U_a"),
        end(),
        chain("Start_1", "G_a", "E_done"),
        flow("G_a", "U_a", "1 == 2"),
    )

    assert_breaks(data, "dead-end", "U_a")


def test_a_boundary_event_leads_somewhere() -> None:
    data = diagram(
        start(),
        user("U_a"),
        boundary("T_a", "U_a", timer('"P1D"')),
        end(),
        chain("Start_1", "U_a", "E_done"),
    )

    assert_breaks(data, "dead-end", "T_a")


def test_a_loop_has_a_way_out() -> None:
    data = diagram(
        start(),
        gateway("G_a", default="F_G_a_E_done"),
        user("U_a"),
        user("U_b"),
        end(),
        chain("Start_1", "G_a", "E_done"),
        flow("G_a", "U_a", "1 == 2"),
        chain("U_a", "U_b", "U_a"),
    )

    assert_breaks(data, "endless-loop", "U_a")


def test_every_element_is_reached() -> None:
    data = diagram(
        start(),
        user("U_a"),
        user("U_alone"),
        end(),
        chain("Start_1", "U_a", "E_done"),
        chain("U_alone", "E_done"),
    )

    assert_breaks(data, "unreachable-element", "U_alone")


def test_a_path_may_be_as_long_as_the_engine_can_parse() -> None:
    names = [f"X_{number}" for number in range(MAX_PATH_LENGTH - 2)]
    scripts = [script(name, "x = 1") for name in names]
    data = diagram(start(), *scripts, end(), chain("Start_1", *names, "E_done"))

    assert problems_of(data) == ()


def test_a_longer_path_is_refused() -> None:
    names = [f"X_{number}" for number in range(1000)]
    scripts = [script(name, "x = 1") for name in names]
    data = diagram(start(), *scripts, end(), chain("Start_1", *names, "E_done"))

    assert_breaks(data, "path-too-long", f"X_{MAX_PATH_LENGTH - 1}")
