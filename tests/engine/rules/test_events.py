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
    message,
    problems_of,
    start,
    sub_process,
    throw,
    timer,
    user,
)

SIGNAL = element("signal", "Signal_1", name="stop")
ERROR = element("error", "Error_1", name="broken", errorCode="E1")


def _through(part: str, id: str = "N_odd", beside: str = "") -> bytes:
    return diagram(start(), part, end(), chain("Start_1", id, "E_done"), beside=beside)


def _starting(inner: str, beside: str = "") -> bytes:
    return diagram(start(inner, id="N_odd"), end(), chain("N_odd", "E_done"), beside=beside)


def _ending(inner: str, beside: str = "") -> bytes:
    return diagram(start(), end(inner, id="N_odd"), chain("Start_1", "N_odd"), beside=beside)


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


def _noting(inner: str, beside: str = "", interrupting: str = "false") -> bytes:
    """Draw an event sub-process with this start."""
    return diagram(
        start(),
        user("U_a"),
        end(),
        chain("Start_1", "U_a", "E_done"),
        sub_process(
            "SP_a",
            element("startEvent", "N_odd", inner, isInterrupting=interrupting),
            end(id="E_in"),
            chain("N_odd", "E_in"),
            triggeredByEvent="true",
        ),
        beside=beside,
    )


BY_MESSAGE = definition("message", messageRef="M_answer")
BY_SIGNAL = definition("signal", signalRef="Signal_1")
BY_ERROR = definition("error", errorRef="Error_1")

WRONG_PLACE = {
    "a signal starts a case": ("signal-start-event", _starting(BY_SIGNAL, SIGNAL)),
    "an error starts a case": ("error-start-event", _starting(BY_ERROR, ERROR)),
    "a condition starts a case": (
        "event-kind",
        _starting(definition("conditional", element("condition", None, "1 == 1"))),
    ),
    "a signal ends a case": ("signal-end-event", _ending(BY_SIGNAL, SIGNAL)),
    "a timer is thrown": ("timer-throw-event", _through(throw("N_odd", timer('"P1D"')))),
    "an error is caught on the way": (
        "event-kind",
        _through(catch("N_odd", BY_ERROR), "N_odd", ERROR),
    ),
    "an event catches nothing": ("event-without-definition", _through(catch("N_odd", ""))),
    "a boundary event catches nothing": ("event-without-definition", _attached("")),
    "an event catches two things": (
        "event-with-several-definitions",
        _through(catch("N_odd", BY_MESSAGE + timer('"P1D"')), beside=message()),
    ),
    "cancel ends no transaction": ("cancel-outside-transaction", _ending(definition("cancel"))),
    "cancel leaves no transaction": (
        "cancel-outside-transaction",
        _attached(definition("cancel")),
    ),
    "a cycle starts a case": (
        "cycle-timer-start",
        _starting(timer('"R/P1D"', "timeCycle")),
    ),
    "a cycle is waited for": (
        "cycle-timer-position",
        _through(catch("N_odd", timer('"R3/P1D"', "timeCycle"))),
    ),
    "a cycle interrupts": (
        "cycle-timer-position",
        _attached(timer('"R3/P1D"', "timeCycle")),
    ),
    "a timer without time": ("timer-incomplete", _through(catch("N_odd", definition("timer")))),
    "an event sub-process interrupts": (
        "event-sub-process",
        _noting(BY_MESSAGE, message(), interrupting="true"),
    ),
    "an event sub-process starts by timer": ("event-sub-process", _noting(timer('"P1D"'))),
    "an event sub-process starts by error": ("event-sub-process", _noting(BY_ERROR, ERROR)),
    "an event sub-process starts by nothing": ("event-sub-process", _noting("")),
}


@pytest.mark.parametrize(("code", "data"), WRONG_PLACE.values(), ids=WRONG_PLACE.keys())
def test_an_event_is_refused_where_the_engine_does_not_run_it(code: str, data: bytes) -> None:
    assert_breaks(data, code, "N_odd")


def test_a_sub_process_starts_when_the_case_reaches_it() -> None:
    data = _through(
        sub_process("SP_a", start(timer('"P1D"'), id="N_odd"), end(id="E2"), chain("N_odd", "E2")),
        id="SP_a",
    )

    assert_breaks(data, "sub-process-start-kind", "N_odd")


@pytest.mark.parametrize("host", ["Start_1", "U_gone", "SP_note"])
def test_a_boundary_event_is_attached_to_an_activity_beside_it(host: str) -> None:
    data = _attached(timer('"P1D"'), host=host)

    found = problems_of(data)

    assert ("boundary-not-attached", "N_odd") in [(one.code, one.element_id) for one in found]


@pytest.mark.parametrize("kind", ["catch", "boundary"])
def test_a_condition_would_not_see_changes(kind: str) -> None:
    condition = definition("conditional", element("condition", None, "1 == 1"))
    data = _through(catch("N_odd", condition)) if kind == "catch" else _attached(condition)

    assert_breaks(data, "conditional-event", "N_odd")


def test_an_error_interrupts() -> None:
    data = _attached(BY_ERROR, ERROR).replace(b'cancelActivity="true"', b'cancelActivity="false"')

    assert_breaks(data, "error-not-interrupting", "N_odd")
