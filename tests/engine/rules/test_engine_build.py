from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    extended,
    message,
    start,
    user,
)


def test_what_the_engine_still_refuses_is_a_problem() -> None:
    nameless = (
        '<bpmn:correlationProperty><bpmn:correlationPropertyRetrievalExpression messageRef="M_a">'
        "<bpmn:messagePath>a</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression>"
        "</bpmn:correlationProperty>"
    )
    data = diagram(
        start(),
        user("U_a"),
        end(),
        chain("Start_1", "U_a", "E_done"),
        beside=nameless + message(),
    )

    problem = assert_breaks(data, "engine-refused", "Definitions_1")

    assert "missing from bpmn xml. Draw" in problem.message


def test_a_fault_inside_the_parser_is_a_problem_too() -> None:
    tests = (
        "<spiffworkflow:unitTests><spiffworkflow:unitTest><spiffworkflow:inputJson/>"
        "<spiffworkflow:expectedOutputJson/></spiffworkflow:unitTest></spiffworkflow:unitTests>"
    )
    data = diagram(
        start(),
        element("scriptTask", "X_a", extended(tests) + "<bpmn:script>answer = 1</bpmn:script>"),
        end(),
        chain("Start_1", "X_a", "E_done"),
    )

    problem = assert_breaks(data, "engine-refused", "X_a")

    assert " at 0x" not in problem.message
