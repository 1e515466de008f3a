import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    catch,
    chain,
    definition,
    diagram,
    element,
    end,
    start,
    throw,
    user,
)

SIGNAL = element("signal", "Signal_1", name="stop")
BY_MESSAGE = definition("message", messageRef="M_answer")
BY_SIGNAL = definition("signal", signalRef="Signal_1")


def _through(part: str, id: str = "N_odd", beside: str = "") -> bytes:
    return diagram(start(), part, end(), chain("Start_1", id, "E_done"), beside=beside)


def _attached(inner: str, beside: str = "", host: str = "U_a") -> bytes:
    return diagram(
        start(),
        user("U_a"),
        boundary("N_odd", host, inner),
        end(),
        chain("Start_1", "U_a", "E_done"),
        chain("N_odd", "E_done"),
        beside=beside,
    )


REFERENCES = {
    "no message": ("message-missing", _through(catch("N_odd", definition("message")))),
    "an unknown message": (
        "message-unknown",
        _through(catch("N_odd", definition("message", messageRef="M_gone"))),
    ),
    "a send task without message": ("message-missing", _through(element("sendTask", "N_odd"))),
    "a receive task without message": (
        "message-missing",
        _through(element("receiveTask", "N_odd")),
    ),
    "no signal": ("signal-missing", _through(throw("N_odd", definition("signal")))),
    "an unknown signal": (
        "signal-unknown",
        _through(throw("N_odd", definition("signal", signalRef="Signal_gone"))),
    ),
    "an unknown error": (
        "error-unknown",
        _attached(definition("error", errorRef="Error_gone")),
    ),
    "an unknown escalation": (
        "escalation-unknown",
        _through(throw("N_odd", definition("escalation", escalationRef="Esc_gone"))),
    ),
}


@pytest.mark.parametrize(("code", "data"), REFERENCES.values(), ids=REFERENCES.keys())
def test_an_event_refers_to_what_the_file_defines(code: str, data: bytes) -> None:
    assert_breaks(data, code, "N_odd")


def test_a_message_needs_a_name() -> None:
    data = _through(catch("N_odd", BY_MESSAGE), beside=element("message", "M_answer"))

    assert_breaks(data, "message-without-name", "M_answer")


def test_a_payload_belongs_to_the_event_and_not_to_the_message() -> None:
    payload = (
        "<bpmn:extensionElements><spiffworkflow:messagePayload>{}</spiffworkflow:messagePayload>"
        "</bpmn:extensionElements>"
    )
    data = _through(
        throw("N_odd", BY_MESSAGE), beside=element("message", "M_answer", payload, name="answer")
    )

    assert_breaks(data, "message-payload-position", "M_answer")


def test_a_signal_that_nobody_throws_is_a_warning() -> None:
    data = _through(catch("N_odd", BY_SIGNAL), beside=SIGNAL)

    assert assert_breaks(data, "signal-never-thrown", "N_odd").severity == "warning"
