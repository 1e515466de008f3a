import pytest

from ssflow.engine.rules.code_rules import MAX_PIECES
from ssflow.engine.rules.python_code import MAX_CODE_LENGTH
from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    catch,
    chain,
    definition,
    diagram,
    element,
    end,
    extended,
    flow,
    gateway,
    line_of,
    message,
    operator,
    problems_of,
    script,
    several,
    spiff,
    start,
    throw,
    timer,
    user,
)


def _through(part: str, beside: str = "") -> bytes:
    return diagram(
        start(),
        script("X_first", 'people = ["ann"]'),
        part,
        end(),
        chain("Start_1", "X_first", "N_a", "E_done"),
        beside=beside,
    )


REFUSED = {
    "no Python": "x = = 1",
    "del": "x = 1\ndel x",
    "an import that is not allowed": "import os",
    "an import from a module that is not allowed": "from subprocess import run",
    "a relative import": "from . import x",
    "random": "import random",
    "eval": 'x = eval("1")',
    "open": 'x = open("/etc/passwd")',
    "return": "return 1",
    "yield": "x = yield 1",
    "a class": "class A:\n    pass",
    "a reserved name": 'initiator = "me"',
    "deep nesting": "x = " + "(" * 400 + "1" + ")" * 400,
    "deeper nesting": "x = " + "-" * 9000 + "1",
}


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED.keys())
def test_a_script_that_cannot_run_is_refused(code: str) -> None:
    found = problems_of(_through(script("N_a", code)))

    assert {(one.code, one.element_id) for one in found} == {("code-refused", "N_a")}


ALLOWED = {
    "imports of the list": "import math\nimport json, re\nfrom datetime import date, timedelta",
    "a function": "def double(n):\n    return n * 2\nx = double(2)",
    "a comprehension": "x = [name.upper() for name in people]",
    "a lambda": "x = sorted(people, key=lambda name: len(name))",
    "a caught error": "try:\n    x = 1\nexcept ValueError as error:\n    x = str(error)",
    "what is supplied": "x = [initiator, done_by, now, business_key, today(), wd(3)]",
    "several lines": "x = (\n    1 +\n    2\n)\n\n\ny = '''\nz\n'''",
}


@pytest.mark.parametrize("code", ALLOWED.values(), ids=ALLOWED.keys())
def test_plain_python_is_fine(code: str) -> None:
    assert problems_of(_through(script("N_a", code))) == ()


def test_a_hint_says_what_to_write_instead_of_del() -> None:
    problem = assert_breaks(_through(script("N_a", "del people")), "code-refused", "N_a")

    assert "None" in problem.message


@pytest.mark.parametrize("code", ["", "  \n "])
def test_a_script_is_not_empty(code: str) -> None:
    assert_breaks(_through(script("N_a", code)), "code-missing", "N_a")


def test_a_script_task_has_a_script() -> None:
    assert_breaks(_through(element("scriptTask", "N_a")), "code-missing", "N_a")


def test_a_script_is_not_endless() -> None:
    code = "x = 1\n" * (MAX_CODE_LENGTH // 6 + 1)

    assert_breaks(_through(script("N_a", code)), "code-too-long", "N_a")


def test_a_bundle_holds_no_more_code_than_can_be_checked_soon() -> None:
    ways = [
        flow("G_a", "E_done", f"1 == {number}", id=f"F_{number}")
        for number in range(MAX_PIECES + 1)
    ]
    data = diagram(
        start(),
        gateway("G_a", default="F_a"),
        end(),
        chain("Start_1", "G_a"),
        flow("G_a", "E_done", id="F_a"),
        *ways,
    )

    assert_breaks(data, "too-much-code", "F_0")


def test_a_fault_is_located_on_its_line_of_the_file() -> None:
    data = _through(script("N_a", "\nx = 1\ny = 2\nimport os\n"))

    [problem] = problems_of(data)

    assert problem.line == line_of(data, "import os")


def test_what_only_the_sandbox_refuses_is_located_too() -> None:
    data = _through(script("N_a", "x = 1\nasync def later():\n    pass\ny = 2"))

    [problem] = problems_of(data)

    assert (problem.code, problem.line) == ("code-refused", line_of(data, "async def"))


def _repeating(text: str) -> bytes:
    """Draw a user task with a cycle timer at its border."""
    return diagram(
        start(),
        user("U_a"),
        boundary("N_a", "U_a", timer(text, "timeCycle"), interrupts=False),
        end(),
        chain("Start_1", "U_a", "E_done"),
        chain("N_a", "E_done"),
    )


def _payload(kind: str) -> str:
    return definition("message", extended(spiff(kind, "1 +")), messageRef="M_answer")


CORRELATION = extended(
    "<spiffworkflow:processVariableCorrelation><spiffworkflow:propertyId>key"
    "</spiffworkflow:propertyId><spiffworkflow:expression>1 +</spiffworkflow:expression>"
    "</spiffworkflow:processVariableCorrelation>"
)
PLACES = {
    "a payload": throw("N_a", _payload("messagePayload")),
    "a correlation": throw("N_a", definition("message", CORRELATION, messageRef="M_answer")),
    "a duration": catch("N_a", timer("1 +")),
    "a date": catch("N_a", timer("1 +", "timeDate")),
    "a parameter": element(
        "serviceTask",
        "N_a",
        operator("record.create", '<spiffworkflow:parameter id="kind" type="s" value="1 +"/>'),
    ),
    "an empty parameter": element(
        "serviceTask",
        "N_a",
        operator("record.create", '<spiffworkflow:parameter id="kind" type="s" value="(]"/>'),
    ),
    "a number of rounds": user("N_a", several(None, cardinality="1 +")),
    "a completion condition": user(
        "N_a",
        several().replace(
            "</bpmn:multi", "<bpmn:completionCondition>1 +</bpmn:completionCondition></bpmn:multi"
        ),
    ),
    "a loop condition": user(
        "N_a", element("standardLoopCharacteristics", None, element("loopCondition", None, "1 +"))
    ),
    "a pre-script": element("userTask", "N_a", extended(spiff("preScript", "1 +"))),
    "a post-script": element("userTask", "N_a", extended(spiff("postScript", "1 +"))),
}


@pytest.mark.parametrize("part", PLACES.values(), ids=PLACES.keys())
def test_code_is_checked_wherever_it_stands(part: str) -> None:
    data = _through(part, beside=message())

    found = [one for one in problems_of(data) if one.code == "code-refused"]

    assert [one.element_id for one in found] == ["N_a"]
    assert found[0].line == line_of(data, 'id="N_a"')


def test_a_condition_is_checked() -> None:
    data = diagram(
        start(),
        gateway("G_a", default="F_G_a_E_done"),
        end(),
        end(id="E_other"),
        chain("Start_1", "G_a", "E_done"),
        flow("G_a", "E_other", "1 <"),
    )

    assert_breaks(data, "code-refused", "F_G_a_E_other")


@pytest.mark.parametrize("condition", ['"yes"', "amount > 1.000,50", "'a', 'b'"])
def test_a_condition_that_always_holds_is_refused(condition: str) -> None:
    data = diagram(
        start(),
        script("X_fact", "amount = 1"),
        gateway("G_a", default="F_G_a_E_done"),
        end(),
        end(id="E_other"),
        chain("Start_1", "X_fact", "G_a", "E_done"),
        flow("G_a", "E_other", condition),
    )

    assert_breaks(data, "condition-always-holds", "F_G_a_E_other")


def test_a_condition_may_run_over_several_lines() -> None:
    data = diagram(
        start(),
        gateway("G_a", default="F_G_a_E_done"),
        end(),
        end(id="E_other"),
        chain("Start_1", "G_a", "E_done"),
        flow("G_a", "E_other", "\n  1 == 1\n  and 2 == 3\n"),
    )

    assert problems_of(data) == ()


def test_the_message_path_of_a_correlation_is_checked() -> None:
    correlation = element(
        "correlationProperty",
        "key",
        element(
            "correlationPropertyRetrievalExpression",
            None,
            element("messagePath", None, "1 +"),
            messageRef="M_answer",
        ),
        name="key",
    )
    data = _through(throw("N_a"), beside=message() + "\n" + correlation)

    assert_breaks(data, "code-refused", "key")


def test_the_payload_of_an_error_is_checked() -> None:
    error = element("error", "Error_1", extended(spiff("payloadExpression", "1 +")), name="broken")
    data = _through(throw("N_a"), beside=error)

    assert_breaks(data, "code-refused", "Error_1")


@pytest.mark.parametrize("text", ['"R3/PT1H"', '"R/P1D"', '"R2/2026-05-01T09:00/PT1H"'])
def test_a_cycle_repeats_a_duration(text: str) -> None:
    assert problems_of(_repeating(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        *('"P1D"', '"R3"', '"R3/2026-05-01"', '"Rx/P1D"', '"R3/P1D/P1D/P1D"'),
        *('"R0/P1D"', '"R/PT0S"', '"R3/2026-05-01T09:00/P0D"'),
    ],
)
def test_another_cycle_is_refused(text: str) -> None:
    assert_breaks(_repeating(text), "timer-not-iso", "N_a")


@pytest.mark.parametrize(
    ("kind", "text"),
    [("timeDuration", "P2D"), ("timeDate", "2026-05-01"), ("timeDate", "2026-05-01T12:00:00Z")],
)
def test_a_time_without_quotes_is_pointed_out(kind: str, text: str) -> None:
    assert_breaks(_through(catch("N_a", timer(text, kind))), "timer-not-quoted", "N_a")


def test_a_cycle_without_quotes_is_pointed_out() -> None:
    assert_breaks(_repeating("R3/PT1H"), "timer-not-quoted", "N_a")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("timeDuration", '"2 days"'),
        ("timeDuration", '"2026-05-01"'),
        ("timeDuration", "5"),
        ("timeDate", '"P2D"'),
        ("timeDate", '"2026-13-01"'),
        ("timeDate", '"tomorrow"'),
        ("timeDuration", '"PT0.2S"'),
    ],
)
def test_a_time_is_iso_8601(kind: str, text: str) -> None:
    assert_breaks(_through(catch("N_a", timer(text, kind))), "timer-not-iso", "N_a")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("timeDuration", '"P1Y2M3DT4H5M6S"'),
        ("timeDuration", '"P2W"'),
        ("timeDuration", '"wd(5)"'),
        ("timeDuration", '"P" + str(len(people)) + "D"'),
        ("timeDate", '"2026-05-01T12:00:00+02:00"'),
        ("timeDate", "wd(3)"),
    ],
)
def test_a_time_that_the_engine_reads_is_fine(kind: str, text: str) -> None:
    assert problems_of(_through(catch("N_a", timer(text, kind)))) == ()


def test_another_language_is_refused() -> None:
    data = _through(
        element("scriptTask", "N_a", "<bpmn:script>x = 1</bpmn:script>", scriptFormat="groovy")
    )

    assert_breaks(data, "code-language", "N_a")


def test_python_may_be_named() -> None:
    data = _through(
        element(
            "scriptTask", "N_a", "<bpmn:script>x = 1</bpmn:script>", scriptFormat="text/x-python"
        )
    )

    assert problems_of(data) == ()


def test_an_indented_script_is_read_with_its_lines() -> None:
    data = _through(script("N_a", "\n        x = 1\n        import os\n    "))

    [problem] = problems_of(data)

    assert problem.line == line_of(data, "import os")
    assert "os" in problem.message
    assert "random" not in problem.message
