import pytest

from ssflow.engine.rules.known_names import KnownNames
from tests.engine.rules.diagrams import (
    KNOWN,
    assert_breaks,
    chain,
    diagram,
    end,
    extensions,
    problems_of,
    script,
    start,
)


def _scheduled(*nodes: str, schedule: str = "0 6 1 8 *", **properties: str) -> bytes:
    return diagram(
        extensions(schedule=schedule, **properties),
        start(),
        *nodes,
        end(),
        chain("Start_1", *(["N_1"] if nodes else []), "E_done"),
    )


@pytest.mark.parametrize("schedule", ["0 0 31 2 *", "wd(20) monthly", "@daily", "61 * * * *"])
def test_a_schedule_that_never_comes_is_refused(schedule: str) -> None:
    data = _scheduled(schedule=schedule)

    assert_breaks(data, "schedule-not-readable", "P_main", at="schedule")


@pytest.mark.parametrize(
    "payload",
    ['{"kind": "all"}', "{}", '={"year": today().year + 1}', '={"on": tick[:10], "n": wd(3)}'],
)
def test_a_payload_is_an_object_or_an_expression(payload: str) -> None:
    assert problems_of(_scheduled(schedule_payload=payload)) == ()


@pytest.mark.parametrize("payload", ["[1]", "monthly", "1", "{'a': 1}", "[" * 5_000])
def test_another_payload_is_refused(payload: str) -> None:
    data = _scheduled(schedule_payload=payload)

    assert_breaks(data, "schedule-payload-not-readable", "P_main", at="schedule_payload")


def test_a_payload_knows_no_variables_of_the_case() -> None:
    data = _scheduled(script("N_1", "total = 1"), schedule_payload='={"a": total}')

    problem = assert_breaks(data, "schedule-payload-not-readable", "P_main", at="schedule_payload")
    assert '"total"' in problem.message


def test_a_payload_knows_a_record_only_where_there_is_one() -> None:
    payload = '={"customer": record.id}'

    assert problems_of(_scheduled(schedule_payload=payload, schedule_for="Customer")) == ()
    data = _scheduled(schedule_payload=payload)
    assert_breaks(data, "schedule-payload-not-readable", "P_main", at="schedule_payload")


def test_a_payload_that_is_no_python_is_refused() -> None:
    data = _scheduled(schedule_payload="={")

    assert_breaks(data, "code-refused", "P_main", at="schedule_payload")


@pytest.mark.parametrize(
    "properties",
    [
        {"schedule_payload": '{"year": 1}'},
        {"schedule_payload": '={"year": today().year}'},
        {"schedule_for": "Customer", "schedule_payload": '={"year": record.year}'},
    ],
)
def test_what_a_payload_brings_is_a_variable_of_the_case(properties: dict[str, str]) -> None:
    assert problems_of(_scheduled(script("N_1", "next_year = year + 1"), **properties)) == ()


def test_a_record_is_a_variable_of_the_case_unless_a_payload_stands_in_its_place() -> None:
    node = script("N_1", "name = record.name")

    assert problems_of(_scheduled(node, schedule_for="Customer")) == ()
    data = _scheduled(node, schedule_for="Customer", schedule_payload="{}")
    assert_breaks(data, "undefined-name", "N_1", at="record.name")


def test_records_that_nobody_knows_are_refused_with_the_reason() -> None:
    known = KnownNames(**{**vars(KNOWN), "find_query_problem": lambda text: f"No {text}."})

    [problem] = problems_of(_scheduled(schedule_for="Moon[phase=full]"), known)

    assert (problem.code, problem.message) == (
        "schedule-for-not-readable",
        "No Moon[phase=full].",
    )


def test_a_payload_without_a_schedule_is_a_warning() -> None:
    data = diagram(extensions(schedule_payload="{}"), start(), end(), chain("Start_1", "E_done"))

    assert_breaks(data, "schedule-missing", "P_main", at="schedule_payload")


def test_a_schedule_cannot_start_what_a_message_starts() -> None:
    data = diagram(
        extensions(schedule="0 6 * * *"),
        start('<bpmn:messageEventDefinition messageRef="M_go"/>'),
        end(),
        chain("Start_1", "E_done"),
        beside='<bpmn:message id="M_go" name="go"/>',
    )

    assert_breaks(data, "schedule-of-message-start", "P_main", at="schedule")
