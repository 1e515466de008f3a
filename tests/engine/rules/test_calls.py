import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    decide,
    definition,
    diagram,
    element,
    end,
    extensions,
    file_of,
    message,
    operator,
    problems_of,
    process,
    service,
    start,
    table,
)


def _calling(part: str) -> bytes:
    return diagram(start(), part, end(), chain("Start_1", "N_a", "E_done"))


def _parameter(**attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<spiffworkflow:parameter{written}/>"


KIND = _parameter(id="kind", type="str", value="1")
SERVICES = {
    "no operation": ("operation-missing", element("serviceTask", "N_a")),
    "an unknown operation": ("operation-unknown", service("N_a", "record.destroy", kind="1")),
    "a missing parameter": ("parameter-missing", service("N_a", values="{}")),
    "an unknown parameter": ("parameter-unknown", service("N_a", kind="1", colour="2")),
    "a parameter without type": (
        "parameter-incomplete",
        element(
            "serviceTask",
            "N_a",
            operator("record.create", KIND + _parameter(id="values", value="1")),
        ),
    ),
    "a parameter without value": (
        "parameter-incomplete",
        element(
            "serviceTask",
            "N_a",
            operator("record.create", KIND + _parameter(id="values", type="str")),
        ),
    ),
    "a parameter given twice": (
        "parameter-twice",
        element("serviceTask", "N_a", operator("record.create", KIND + KIND)),
    ),
}


@pytest.mark.parametrize(("code", "part"), SERVICES.values(), ids=SERVICES.keys())
def test_a_service_task_calls_an_operation_as_it_is(code: str, part: str) -> None:
    assert_breaks(_calling(part), code, "N_a")


@pytest.mark.parametrize(
    ("attributes", "is_fine"),
    [
        ('retries="0"', True),
        ('retries="20" backoff_base="3600"', True),
        ('retries="21"', False),
        ('retries="-1"', False),
        ('backoff_base="3601"', False),
    ],
)
def test_retries_of_a_call_have_bounds(attributes: str, is_fine: object) -> None:
    part = service("N_a", kind="1", values="{}")
    retry = f"<spiffworkflow:retry {attributes}/></spiffworkflow:serviceTaskOperator>"
    data = _calling(part.replace("</spiffworkflow:serviceTaskOperator>", retry))

    found = {problem.code for problem in problems_of(data)}

    assert ("retry-out-of-range" not in found) is bool(is_fine)


def test_a_missing_parameter_is_named() -> None:
    problem = assert_breaks(_calling(service("N_a")), "parameter-missing", "N_a")

    assert '"kind"' in problem.message


def test_a_business_rule_task_names_a_decision() -> None:
    data = _calling(element("businessRuleTask", "N_a", extensions()))

    assert_breaks(data, "decision-not-named", "N_a")


def test_the_decision_is_in_the_bundle() -> None:
    data = _calling(decide("N_a", "elsewhere"))

    assert_breaks(data, "decision-unknown", "N_a", route_dmn=table(("-", '"high"'), tests="1"))


def test_a_call_activity_names_a_process() -> None:
    assert_breaks(_calling(element("callActivity", "N_a")), "call-missing", "N_a")


def test_the_called_process_exists() -> None:
    data = _calling(element("callActivity", "N_a", calledElement="P_gone"))

    assert_breaks(data, "call-unknown", "N_a")


def test_a_called_process_has_a_plain_start() -> None:
    data = file_of(
        process(
            start(),
            element("callActivity", "N_a", calledElement="P_other"),
            end(),
            chain("Start_1", "N_a", "E_done"),
        ),
        process(
            start(definition("message", messageRef="M_answer"), id="S2"),
            end(id="E2"),
            chain("S2", "E2"),
            id="P_other",
        ),
        message(),
    )

    assert_breaks(data, "call-of-event-start", "N_a")


def test_processes_may_not_call_in_a_circle() -> None:
    data = file_of(
        process(
            start(),
            element("callActivity", "C_a", calledElement="P_other"),
            end(),
            chain("Start_1", "C_a", "E_done"),
        ),
        process(
            start(id="S2"),
            element("callActivity", "C_b", calledElement="P_main"),
            end(id="E2"),
            chain("S2", "C_b", "E2"),
            id="P_other",
        ),
    )

    found = problems_of(data)

    assert [(one.code, one.element_id) for one in found] == [
        ("call-circle", "C_a"),
        ("call-circle", "C_b"),
    ]


def test_a_process_of_another_file_may_be_called() -> None:
    data = _calling(element("callActivity", "N_a", calledElement="P_other"))
    other = file_of(process(start(), end(), chain("Start_1", "E_done"), id="P_other"))

    assert problems_of(data, other_bpmn=other) == ()
