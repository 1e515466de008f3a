from dataclasses import replace

import pytest

from tests.engine.rules.diagrams import (
    KNOWN,
    assert_breaks,
    chain,
    decide,
    definition,
    diagram,
    element,
    end,
    extended,
    extensions,
    message,
    operator,
    problems_of,
    spiff,
    start,
    table,
    throw,
)

ROUTE = table(("-", '"high"'), tests="1")


def _declaring(name: str) -> dict[str, bytes]:
    """Draw one diagram for each way to declare a variable."""
    receive = definition("message", extended(spiff("messageVariable", name)), messageRef="M_answer")
    parts = {
        "form": element("userTask", "N_a", extensions(spiff("variableName", name), role="clerk")),
        "service": element(
            "serviceTask",
            "N_a",
            operator(
                "record.create",
                '<spiffworkflow:parameter id="kind" type="str" value="1"/>',
                result=name,
            ),
        ),
        "decision": decide("N_a", "route", result=name),
        "message": element("intermediateCatchEvent", "N_a", receive),
    }
    return {
        what: diagram(start(), part, end(), chain("Start_1", "N_a", "E_done"), beside=message())
        for what, part in parts.items()
    }


@pytest.mark.parametrize("what", ["form", "service", "decision", "message"])
def test_a_declared_variable_has_a_name_that_code_can_use(what: str) -> None:
    data = _declaring("request.amount")[what]

    assert_breaks(data, "variable-name", "N_a", route_dmn=ROUTE)


@pytest.mark.parametrize("what", ["form", "service", "decision", "message"])
def test_a_supplied_name_cannot_be_declared(what: str) -> None:
    data = _declaring("business_key")[what]

    assert_breaks(data, "variable-reserved", "N_a", route_dmn=ROUTE)


def test_a_throwing_event_may_carry_a_payload() -> None:
    payload = definition(
        "message", extended(spiff("messagePayload", "missing + 1")), messageRef="M_answer"
    )
    data = diagram(
        start(),
        throw("N_a", payload),
        end(),
        chain("Start_1", "N_a", "E_done"),
        beside=message(),
    )

    assert_breaks(data, "undefined-name", "N_a")


def _answering(**task: str) -> bytes:
    given = element("userTask", "N_a", extensions(*task.values(), form="odd", role="clerk"))
    return diagram(start(), given, end(), chain("Start_1", "N_a", "E_done"))


@pytest.mark.parametrize(("key", "code"), [("now", "variable-reserved"), ("if", "variable-name")])
def test_a_field_that_becomes_a_variable_has_a_free_name(key: str, code: str) -> None:
    known = replace(KNOWN, forms={"odd": frozenset({"amount", key})})

    [problem] = problems_of(_answering(), known)

    assert (problem.code, problem.element_id) == (code, "N_a")
    assert problems_of(_answering(own=spiff("variableName", "answer")), known) == ()


@pytest.mark.parametrize(
    ("key", "code"), [("done_by", "variable-reserved"), ("class", "variable-name")]
)
def test_an_output_that_becomes_a_variable_has_a_free_name(key: str, code: str) -> None:
    odd = table(("-", '"high"'), tests="1", output=key)
    alone, named = (
        diagram(start(), decide("N_a", "route", **more), end(), chain("Start_1", "N_a", "E_done"))
        for more in ({}, {"result": "route"})
    )

    assert_breaks(alone, code, "N_a", r_dmn=odd)
    assert problems_of(named, r_dmn=odd) == ()
