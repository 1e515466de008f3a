import pytest

from tests.engine.rules.diagrams import (
    FILE,
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    extensions,
    file_of,
    flow,
    line_of,
    problems_of,
    process,
    start,
    sub_process,
    user,
)


@pytest.mark.parametrize(
    "taken",
    ["Start", "End", "Root", "P_main.EndJoin", "U_a.BoundaryEventSplit", "U_a.BoundaryEventJoin"],
)
def test_an_id_that_the_engine_uses_is_refused(taken: str) -> None:
    data = diagram(start(), user(taken), end(), chain("Start_1", taken, "E_done"))

    assert_breaks(data, "id-reserved", taken)


def test_a_node_without_an_id_is_refused() -> None:
    data = diagram(
        start(),
        element("userTask", None, extensions(role="clerk")),
        end(),
        chain("Start_1", "E_done"),
    )

    [problem] = problems_of(data)

    assert (problem.code, problem.element_id) == ("id-missing", "P_main")
    assert problem.line == line_of(data, "<bpmn:userTask")


def test_an_id_may_not_be_endless() -> None:
    long = "U" + "x" * 200
    data = diagram(start(), user(long), end(), chain("Start_1", long, "E_done"))

    assert_breaks(data, "id-too-long", long)


def test_two_elements_of_a_file_may_not_share_an_id() -> None:
    data = diagram(
        start(), user("U_a"), end(), chain("Start_1", "U_a"), flow("U_a", "E_done", id="U_a")
    )

    [problem] = problems_of(data)

    assert (problem.code, problem.element_id) == ("duplicate-id", "U_a")
    assert problem.line == line_of(data, 'sourceRef="U_a"')


def test_two_files_may_not_hold_the_same_process() -> None:
    data = diagram(start(), end(), chain("Start_1", "E_done"))

    found = problems_of(data, a_bpmn=data)

    assert [(one.file, one.code, one.element_id) for one in found] == [
        (FILE, "duplicate-process-id", "P_main")
    ]


def test_two_files_may_not_hold_sub_processes_of_the_same_id() -> None:
    inner = sub_process("SP_a", start(id="S2"), end(id="E2"), chain("S2", "E2"))
    body = (start(), inner, end(), chain("Start_1", "SP_a", "E_done"))

    found = problems_of(
        file_of(process(*body, id="P_one")), a_bpmn=file_of(process(*body, id="P_two"))
    )

    assert [(one.code, one.element_id) for one in found] == [("duplicate-process-id", "SP_a")]


def test_ids_in_extensions_of_other_tools_do_not_count() -> None:
    field = '<c:formField xmlns:c="http://camunda.org/schema/1.0/bpmn" id="E_done"/>'
    data = diagram(
        start(),
        element("userTask", "U_one", extensions(field, role="clerk")),
        element("userTask", "U_two", extensions(field, role="clerk")),
        end(),
        chain("Start_1", "U_one", "U_two", "E_done"),
    )

    assert problems_of(data) == ()
