from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    extensions,
    several,
    start,
)


def test_what_the_engine_still_refuses_is_a_problem() -> None:
    unknown = element(
        "dataInputAssociation", None, "<bpmn:sourceRef>Start_1</bpmn:sourceRef>"
        "<bpmn:targetRef>U_a</bpmn:targetRef>"
    )  # fmt: skip
    data = diagram(
        start(),
        element("userTask", "U_a", extensions(role="clerk") + unknown),
        end(),
        chain("Start_1", "U_a", "E_done"),
    )

    assert_breaks(data, "engine-refused", "U_a")


def test_a_fault_inside_the_parser_is_a_problem_too() -> None:
    inputs = (
        '<bpmn:ioSpecification><bpmn:dataInput id="people" name="people"/><bpmn:inputSet/>'
        "<bpmn:outputSet/></bpmn:ioSpecification>"
    )
    data = diagram(
        start(),
        element("scriptTask", "X_a", inputs + several() + "<bpmn:script>answer = 1</bpmn:script>"),
        end(),
        chain("Start_1", "X_a", "E_done"),
    ).replace(b'id="person"', b'id="one_person"')

    problem = assert_breaks(data, "engine-refused", "X_a")

    assert " at 0x" not in problem.message
