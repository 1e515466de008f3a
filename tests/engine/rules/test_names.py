import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    decide,
    definition,
    diagram,
    element,
    end,
    extended,
    extensions,
    file_of,
    line_of,
    message,
    problems_of,
    process,
    script,
    service,
    several,
    spiff,
    start,
    sub_process,
    table,
    user,
)

HIGH = table(("-", '"high"'), tests="1")


def _using(name: str, *parts: str, ids: tuple[str, ...] = (), beside: str = "") -> bytes:
    """Draw some elements in a row, then a script that uses a name."""
    return diagram(
        *(parts if ids else (start(), *parts)),
        script("X_use", f"used = {name}"),
        end(),
        chain("Start_1", *ids, "X_use", "E_done"),
        beside=beside,
    )


def test_a_name_that_nothing_supplies_is_a_warning() -> None:
    problem = assert_breaks(_using("amuont"), "undefined-name", "X_use")

    assert problem.severity == "warning"
    assert '"amuont"' in problem.message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("true", "Python writes True."),
        ("null", "Python writes None."),
        ("datetime", "may begin with import datetime"),
    ],
)
def test_a_name_of_another_language_or_a_module_has_its_own_way_out(name: str, words: str) -> None:
    assert words in assert_breaks(_using(name), "undefined-name", "X_use").message


def test_a_name_is_reported_once() -> None:
    data = diagram(
        start(),
        script("X_a", "x = missing"),
        script("X_b", "y = missing"),
        end(),
        chain("Start_1", "X_a", "X_b", "E_done"),
    )

    [problem] = problems_of(data)

    assert (problem.element_id, problem.line) == ("X_a", line_of(data, "x = missing"))


SUPPLIERS = {
    "a start form": ("amount", start(extensions(form="request")), ()),
    "a form": ("amount", start() + user("U_a", form="request"), ("U_a",)),
    "a form as a whole": (
        "request",
        start()
        + element(
            "userTask",
            "U_a",
            extensions(spiff("variableName", "request"), form="request", role="clerk"),
        ),
        ("U_a",),
    ),
    "a script": ("x", start() + script("X_a", "x = 1"), ("X_a",)),
    "a pre-script": (
        "x",
        start() + element("userTask", "U_a", extensions(spiff("preScript", "x = 1"), role="clerk")),
        ("U_a",),
    ),
    "an operation": ("created", start() + service("S_a", kind="1"), ("S_a",)),
    "a decision": ("level", start() + decide("B_a", "route"), ("B_a",)),
    "a decision with a result": ("way", start() + decide("B_a", "route", result="way"), ("B_a",)),
    "a message": (
        "reply",
        start(
            definition(
                "message", extended(spiff("messageVariable", "reply")), messageRef="M_answer"
            )
        ),
        (),
    ),
    "a data object": ("Data_1", start() + element("dataObject", "Data_1"), ()),
    "the engine": ("[initiator, done_by, now, business_key, today(), wd(1)]", start(), ()),
    "the sandbox": ("sorted([len('a'), abs(1), ValueError])", start(), ()),
}


@pytest.mark.parametrize(("name", "parts", "ids"), SUPPLIERS.values(), ids=SUPPLIERS.keys())
def test_a_name_that_something_supplies_is_fine(
    name: str, parts: str, ids: tuple[str, ...]
) -> None:
    data = diagram(
        parts,
        script("X_use", f"used = {name}"),
        end(),
        chain("Start_1", *ids, "X_use", "E_done"),
        beside=message(),
    )

    assert problems_of(data, route_dmn=HIGH) == ()


def test_a_field_of_a_form_that_is_kept_as_a_whole_is_no_name() -> None:
    kept = extensions(spiff("variableName", "request"), form="request", role="clerk")
    data = diagram(
        start(),
        element("userTask", "U_a", kept),
        script("X_use", "used = amount"),
        end(),
        chain("Start_1", "U_a", "X_use", "E_done"),
    )

    assert_breaks(data, "undefined-name", "X_use")


def test_the_item_and_the_results_of_a_multi_instance_activity_are_known() -> None:
    data = diagram(
        start(),
        script("X_a", "people = [1]"),
        sub_process(
            "SP_a",
            several(),
            start(id="S2"),
            script("X_in", "answer = person"),
            end(id="E2"),
            chain("S2", "X_in", "E2"),
        ),
        script("X_use", "used = answers"),
        end(),
        chain("Start_1", "X_a", "SP_a", "X_use", "E_done"),
    )

    assert problems_of(data) == ()


@pytest.mark.parametrize(
    ("condition", "unknown"),
    [
        ("len(answers) / numberOfInstances == numberOfCompletedInstances", []),
        ("numberOfActiveInstances == 0", []),
        ("numberOfInstance == 3", ["undefined-name"]),
    ],
)
def test_a_completion_condition_knows_how_many_rounds_there_are(
    condition: str, unknown: list[str]
) -> None:
    until = f"<bpmn:completionCondition>{condition}</bpmn:completionCondition></bpmn:multi"
    data = diagram(
        start(),
        script("X_a", "people = [1]"),
        sub_process(
            "SP_a",
            several().replace("</bpmn:multi", until),
            start(id="S2"),
            script("X_in", "answer = person"),
            end(id="E2"),
            chain("S2", "X_in", "E2"),
        ),
        end(),
        chain("Start_1", "X_a", "SP_a", "E_done"),
    )

    assert [problem.code for problem in problems_of(data)] == unknown


def test_the_counts_of_rounds_are_known_nowhere_else() -> None:
    assert_breaks(_using("numberOfInstances"), "undefined-name", "X_use")


def test_what_a_decision_tests_is_known() -> None:
    data = diagram(start(), decide("B_a", "route"), end(), chain("Start_1", "B_a", "E_done"))
    route = table(("-", '"high"'), tests="turnover")

    problem = assert_breaks(data, "undefined-name", "B_a", route_dmn=route)

    assert '"turnover"' in problem.message


def _two(caller_script: str, called_script: str, called: str = "P_other") -> bytes:
    return file_of(
        process(
            start(),
            script("X_a", caller_script),
            element("callActivity", "C_a", calledElement=called),
            script("X_use", "used = result"),
            end(),
            chain("Start_1", "X_a", "C_a", "X_use", "E_done"),
        ),
        process(
            start(id="S2"),
            script("X_b", called_script),
            end(id="E2"),
            chain("S2", "X_b", "E2"),
            id="P_other",
        ),
    )


def test_a_called_process_sees_its_caller_and_gives_back() -> None:
    assert problems_of(_two("given = 1", "result = given")) == ()


def test_a_called_process_that_gives_nothing_leaves_a_name_open() -> None:
    assert_breaks(_two("given = 1", "other = given"), "undefined-name", "X_use")


def test_a_process_from_elsewhere_may_give_anything() -> None:
    assert problems_of(_two("given = 1", "x = 1", called="deployed")) == ()


def test_a_name_that_looks_misspelt_is_reported_even_then() -> None:
    data = _two("result_of_vote = 1", "x = 1", called="deployed")
    data = data.replace(b"used = result", b"used = result_of_vot")

    problem = assert_breaks(data, "undefined-name", "X_use")

    assert 'write "result_of_vote"' in problem.message


def test_a_message_without_a_variable_brings_any_fields() -> None:
    open_start = start(definition("message", messageRef="M_answer"))
    data = diagram(
        open_start,
        script("X_use", "used = complaint"),
        end(),
        chain("Start_1", "X_use", "E_done"),
        beside=message(),
    )

    assert problems_of(data) == ()


def test_the_payload_of_an_error_is_known() -> None:
    error = element("error", "Error_1", extended(spiff("variableName", "fault")), name="broken")
    data = diagram(
        start(),
        script("X_use", "used = fault"),
        end(),
        chain("Start_1", "X_use", "E_done"),
        beside=error,
    )

    assert problems_of(data) == ()
