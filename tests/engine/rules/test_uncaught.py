from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    chain,
    definition,
    diagram,
    element,
    end,
    file_of,
    problems_of,
    process,
    start,
    sub_process,
)

ERRORS = "\n".join(
    [
        element("error", "Error_1", name="broken", errorCode="E1"),
        element("error", "Error_2", name="lost", errorCode="E2"),
        element("error", "Error_3", name="any"),
    ]
)
BROKEN = definition("error", errorRef="Error_1")


def _failing(*more: str, kind: str = "subProcess", ending: str = BROKEN) -> bytes:
    """Draw a sub-process that ends in an error, inside another one."""
    inner = start(id="S3") + end(ending, id="E_in") + chain("S3", "E_in")
    return diagram(
        start(),
        sub_process(
            "SP_out",
            start(id="S2"),
            element(kind, "SP_in", inner),
            end(id="E2"),
            chain("S2", "SP_in", "E2"),
        ),
        *more,
        end(),
        chain("Start_1", "SP_out", "E_done"),
        beside=ERRORS,
    )


def _caught(reference: str | None) -> bytes:
    event = definition("error", errorRef=reference) if reference else definition("error")
    return _failing(boundary("N_err", "SP_out", event), chain("N_err", "E_done"))


def test_an_error_of_a_sub_process_is_caught_around_it() -> None:
    assert_breaks(_failing(), "error-never-caught", "E_in")
    assert problems_of(_caught("Error_1")) == ()


def test_an_error_event_without_a_code_catches_every_error() -> None:
    assert problems_of(_caught(None)) == ()
    assert problems_of(_caught("Error_3")) == ()


def test_an_error_event_of_another_code_does_not() -> None:
    assert_breaks(_caught("Error_2"), "error-never-caught", "E_in")


def test_a_process_may_end_in_an_error() -> None:
    data = diagram(start(), end(BROKEN), chain("Start_1", "E_done"), beside=ERRORS)

    assert problems_of(data) == ()


def test_a_transaction_that_is_cancelled_has_a_way_on() -> None:
    data = _failing(kind="transaction", ending=definition("cancel"))

    assert_breaks(data, "cancel-never-caught", "E_in")


def _calling(*beside: str, kind: str = "P_lower", more: str = "") -> bytes:
    """Draw a process that calls another one, which ends with the error E1."""
    call = element("callActivity", "C_lower", calledElement=kind)
    body = (start(), call, end(), chain("Start_1", "C_lower", "E_done"))
    lower = process(start(id="S2"), end(BROKEN, id="E_in"), chain("S2", "E_in"), id="P_lower")
    return file_of(process(*body, *beside), lower, more, ERRORS)


def test_an_error_of_a_called_process_is_caught_around_the_call() -> None:
    problem = assert_breaks(_calling(), "called-error-uncaught", "C_lower")

    assert '"E1"' in problem.message
    for reference in ("Error_1", "Error_3"):
        caught = boundary("B", "C_lower", definition("error", errorRef=reference))
        assert problems_of(_calling(caught, chain("B", "E_done"))) == ()


def test_an_error_may_come_through_several_calls() -> None:
    between = process(
        start(id="S3"),
        element("callActivity", "C_deep", calledElement="P_lower"),
        end(id="E3"),
        chain("S3", "C_deep", "E3"),
        id="P_between",
    )
    caught = boundary("B", "C_lower", definition("error"))

    assert_breaks(_calling(kind="P_between", more=between), "called-error-uncaught", "C_lower")
    assert problems_of(_calling(caught, chain("B", "E_done"), kind="P_between", more=between)) == ()
