import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    end,
    extensions,
    problems_of,
    start,
)

ON_MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
MESSAGE = '<bpmn:message id="m" name="feedback"/>'


def _public(value: str, *, by_message: bool) -> bytes:
    begins = start(ON_MESSAGE) if by_message else start()
    data = diagram(extensions(public_start=value), begins, end(), chain("Start_1", "E_done"))
    return data.replace(b"<bpmn:process", MESSAGE.encode() + b"<bpmn:process", 1)


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_process_that_starts_by_message_may_be_public(value: str) -> None:
    assert problems_of(_public(value, by_message=True)) == ()


@pytest.mark.parametrize("value", ["yes", "True", "=True"])
def test_public_is_true_or_false(value: str) -> None:
    data = _public(value, by_message=True)

    assert_breaks(data, "public-start-not-readable", "P_main", at="public_start")


def test_a_public_process_needs_a_message_to_start_by() -> None:
    data = _public("true", by_message=False)

    assert_breaks(data, "public-start-without-message", "P_main", at="public_start")
    assert problems_of(_public("false", by_message=False)) == ()
