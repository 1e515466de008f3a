import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    chain,
    definition,
    diagram,
    element,
    end,
    extensions,
    gateway,
    problems_of,
    script,
    several,
    spiff,
    start,
    sub_process,
    timer,
    user,
)


def _parallel(first: str, second: str) -> bytes:
    return diagram(
        start(),
        gateway("P_a", "parallel"),
        first,
        second,
        gateway("P_b", "parallel"),
        end(),
        chain("Start_1", "P_a", "N_a", "P_b", "E_done"),
        chain("P_a", "N_b", "P_b"),
    )


def _form_kept_as(id: str, variable: str) -> str:
    return element(
        "userTask", id, extensions(spiff("variableName", variable), form="review", role="clerk")
    )


WRITERS = {
    "scripts": (script("N_a", "x = 1"), script("N_b", "x = 2")),
    "forms": (user("N_a", form="review"), user("N_b", form="review")),
    "a form and a script": (_form_kept_as("N_a", "x"), script("N_b", "x = 2")),
    "an inner script": (
        sub_process(
            "N_a", start(id="S2"), script("X_in", "x = 1"), end(id="E2"), chain("S2", "X_in", "E2")
        ),
        script("N_b", "x = 2"),
    ),
}


@pytest.mark.parametrize(("first", "second"), WRITERS.values(), ids=WRITERS.keys())
def test_parallel_branches_write_their_own_variables(first: str, second: str) -> None:
    problem = assert_breaks(_parallel(first, second), "parallel-writes", "P_a")

    assert problem.severity == "warning"


def test_parallel_branches_with_variables_of_their_own_are_fine() -> None:
    data = _parallel(_form_kept_as("N_a", "one"), _form_kept_as("N_b", "other"))

    assert problems_of(data) == ()


def _interrupted(inner: str, behind: str, *, outside: str = "before = 1") -> bytes:
    return diagram(
        start(),
        script("X_a", outside),
        sub_process("SP_a", start(id="S2"), inner, end(id="E2"), chain("S2", "X_in", "E2")),
        boundary("T_a", "SP_a", timer('"P1D"')),
        script("X_behind", behind),
        end(),
        chain("Start_1", "X_a", "SP_a", "E_done"),
        chain("T_a", "X_behind", "E_done"),
    )


def test_data_of_an_interrupted_sub_process_is_gone_behind_it() -> None:
    data = _interrupted(script("X_in", "draft = 1"), "kept = draft")

    assert assert_breaks(data, "sub-process-data-dropped", "T_a").severity == "warning"


def test_data_from_before_a_sub_process_is_kept() -> None:
    data = _interrupted(script("X_in", "draft = 1"), "kept = draft", outside="draft = 0")

    assert problems_of(data) == ()


def test_a_timer_on_a_multi_instance_activity_loses_results() -> None:
    data = diagram(
        start(),
        script("X_a", "people = [1]"),
        element(
            "userTask",
            "U_a",
            extensions(spiff("variableName", "answer"), role="clerk") + several(),
        ),
        boundary("T_a", "U_a", timer('"P1D"')),
        end(),
        chain("Start_1", "X_a", "U_a", "E_done"),
        chain("T_a", "E_done"),
    )

    assert_breaks(data, "timer-on-multi-instance", "T_a")


def _each(before: str) -> bytes:
    """Draw a multi-instance script behind another script."""
    return diagram(
        start(),
        script("X_a", before),
        element("scriptTask", "X_each", several() + "<bpmn:script>answer = person</bpmn:script>"),
        end(),
        chain("Start_1", "X_a", "X_each", "E_done"),
    )


@pytest.mark.parametrize("name", ["person", "answer"])
def test_an_item_is_a_variable_of_its_activity_only(name: str) -> None:
    data = _each(f"people = [1]\n{name} = 1")

    assert_breaks(data, "multi-instance-item-taken", "X_each")


def _beside(inner: str, ending: str) -> bytes:
    return diagram(
        start(),
        user("U_a"),
        boundary("T_a", "U_a", timer('"P1D"'), interrupts=False),
        inner,
        end(ending),
        end(id="E_side"),
        chain("Start_1", "U_a", "E_done"),
        chain("T_a", "N_a", "E_side"),
    )


def test_a_user_task_beside_the_main_path_keeps_the_case_open() -> None:
    assert_breaks(_beside(user("N_a"), ""), "branch-outlives-end", "T_a")


def test_a_terminate_end_event_closes_it() -> None:
    assert problems_of(_beside(user("N_a"), definition("terminate"))) == ()


def test_a_script_beside_the_main_path_is_fine() -> None:
    assert problems_of(_beside(script("N_a", "x = 1"), "")) == ()
