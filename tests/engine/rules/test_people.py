from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    extensions,
    problems_of,
    start,
    sub_process,
)


def _in_lane(lane: str, *parts: str, holding: str = "U_a") -> bytes:
    reference = f"<bpmn:flowNodeRef>{holding}</bpmn:flowNodeRef>"
    lanes = element("laneSet", "Lanes", element("lane", "Lane_1", reference, name=lane))
    return diagram(lanes, start(), *parts, end(), chain("Start_1", holding, "E_done"))


def test_a_user_task_needs_somebody() -> None:
    data = diagram(start(), element("userTask", "U_a"), end(), chain("Start_1", "U_a", "E_done"))

    assert_breaks(data, "user-task-without-role", "U_a")


def test_a_lane_that_is_a_role_is_enough() -> None:
    assert problems_of(_in_lane("clerk", element("userTask", "U_a"))) == ()


def test_a_lane_that_is_no_role_is_not() -> None:
    data = _in_lane("Back office", element("userTask", "U_a"))

    assert_breaks(data, "user-task-without-role", "U_a")


def test_a_lane_that_is_written_like_the_title_of_a_role_is_told_its_name() -> None:
    data = _in_lane("Clerk", element("userTask", "U_a"))

    problem = assert_breaks(data, "user-task-without-role", "U_a")

    assert 'name the lane "clerk"' in problem.message


def test_a_role_that_is_written_as_its_title_is_told_its_name() -> None:
    data = diagram(
        start(),
        element("userTask", "U_a", extensions(role="Clerk")),
        end(),
        chain("Start_1", "U_a", "E_done"),
    )

    assert 'write "clerk"' in assert_breaks(data, "role-unknown", "U_a").message


def test_an_assignee_is_enough() -> None:
    data = diagram(
        start(),
        element("userTask", "U_a", extensions(assignee="=initiator")),
        end(),
        chain("Start_1", "U_a", "E_done"),
    )

    assert problems_of(data) == ()


def test_an_empty_role_is_none() -> None:
    data = diagram(
        start(),
        element("userTask", "U_a", extensions(role=" ")),
        end(),
        chain("Start_1", "U_a", "E_done"),
    )

    assert_breaks(data, "user-task-without-role", "U_a")


def test_a_lane_reaches_tasks_inside_its_sub_process() -> None:
    inner = sub_process(
        "SP_a",
        start(id="S2"),
        element("userTask", "U_in"),
        end(id="E2"),
        chain("S2", "U_in", "E2"),
    )

    assert problems_of(_in_lane("manager", inner, holding="SP_a")) == ()


def test_a_lane_that_is_no_role_is_a_warning_where_a_task_has_its_own() -> None:
    data = _in_lane("Back office", element("userTask", "U_a", extensions(role="clerk")))

    assert assert_breaks(data, "lane-is-no-role", "U_a").severity == "warning"


def test_a_lane_for_roles_that_the_case_decides_is_fine() -> None:
    data = _in_lane("Handler", element("userTask", "U_a", extensions(role="=initiator")))

    assert problems_of(data) == ()


def test_a_lane_for_whoever_started_the_case_is_fine() -> None:
    data = _in_lane("initiator", element("userTask", "U_a", extensions(assignee="=initiator")))

    assert problems_of(data) == ()
