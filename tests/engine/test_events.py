"""Events beyond timers and messages: signals, errors, escalations, events in scopes."""

from collections.abc import Callable

import pytest

from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    call,
    carrying,
    catch,
    choice,
    diagram,
    end,
    error,
    every,
    flows,
    for_each,
    message,
    on_error,
    on_message,
    parallel,
    process,
    scope,
    service,
    start,
    throw,
    user,
)

Make = Callable[..., Case]

SIGNAL = '<bpmn:signal id="S" name="go"/>'
ESCALATION = '<bpmn:escalation id="E" name="up" escalationCode="E1"/>'
ON_SIGNAL = '<bpmn:signalEventDefinition signalRef="S"/>'
ON_ESCALATION = '<bpmn:escalationEventDefinition escalationRef="E"/>'
ON_CANCEL = "<bpmn:cancelEventDefinition/>"


def test_a_signal_ends_an_activity_of_another_branch(case: Make) -> None:
    run = case(
        diagram(
            SIGNAL,
            process(
                "p",
                start(),
                parallel("f"),
                user("a"),
                boundary("b", "a", ON_SIGNAL),
                user("t"),
                throw("th", ON_SIGNAL),
                user("got"),
                end(),
                end("e2"),
                end("e3"),
                flows("start f a end", "f t th e2", "b got e3"),
            ),
        )
    )
    run.start()

    run.complete("t")

    assert run.open == ["got"]
    assert run.path == ("t", "f_t_th", "th", "f_th_e2", "b", "f_b_got", "e2")


def test_a_signal_is_caught_in_the_flow(case: Make) -> None:
    run = case(
        diagram(
            SIGNAL,
            process(
                "p",
                start(),
                parallel("f"),
                catch("c", ON_SIGNAL),
                user("a"),
                user("t"),
                throw("th", ON_SIGNAL),
                end(),
                end("e2"),
                flows("start f c a end", "f t th e2"),
            ),
        )
    )
    run.start()
    assert run.open == ["t"]

    run.complete("t")

    assert run.open == ["a"]


def test_an_error_end_leaves_its_scope_by_the_error_event(case: Make) -> None:
    inner = scope(
        "s",
        start("is"),
        user("u"),
        choice("g", "bad_end"),
        end("ok"),
        end("bad_end", on_error("ER")),
        flows("is u g [fine]-> ok", "g bad_end"),
    )
    run = case(
        diagram(
            error("ER", "X1"),
            process(
                "p",
                start(),
                inner,
                boundary("b", "s", on_error("ER")),
                user("bad"),
                user("z"),
                end(),
                end("e2"),
                flows("start s z end", "b bad e2"),
            ),
        )
    )

    for fine, opened in ((False, ["bad"]), (True, ["z"])):
        run.start()
        run.complete("u", fine=fine)
        assert run.open == opened
    run.complete("z")
    assert run.result.end_event == "end"


def test_an_escalation_tells_the_outside_and_goes_on(case: Make) -> None:
    inner = scope(
        "s",
        start("is"),
        user("u"),
        throw("th", ON_ESCALATION),
        user("v"),
        end("ok"),
        flows("is u th v ok"),
    )
    run = case(
        diagram(
            ESCALATION,
            process(
                "p",
                start(),
                inner,
                boundary("b", "s", ON_ESCALATION, cancel=False),
                user("told"),
                user("z"),
                end(),
                end("e2"),
                flows("start s z end", "b told e2"),
            ),
        )
    )
    run.start()

    run.complete("u")
    assert run.open == ["told", "v"]
    for activity_id in ("v", "told", "z"):
        run.complete(activity_id)

    assert run.result.completed


def test_a_cancelled_transaction_leaves_by_its_cancel_event(case: Make) -> None:
    inner = (
        start("ts")
        + user("u")
        + choice("g", "tc")
        + end("ok")
        + end("tc", ON_CANCEL)
        + flows("ts u g [fine]-> ok", "g tc")
    )
    run = case(
        diagram(
            process(
                "p",
                start(),
                f'<bpmn:transaction id="T">{inner}</bpmn:transaction>',
                boundary("b", "T", ON_CANCEL),
                user("bad"),
                user("z"),
                end(),
                end("e2"),
                flows("start T z end", "b bad e2"),
            ),
        )
    )
    run.start()

    run.complete("u", fine=False)

    assert run.open == ["bad"]


def test_an_event_sub_process_inside_a_sub_process_listens_while_that_runs(case: Make) -> None:
    note = scope(
        "ev", start("es", on_message("M")), user("w"), end("ee"), flows("es w ee"), by_event=True
    )
    inner = scope("sp", start("is"), user("u"), end("ie"), note, flows("is u ie"))
    run = case(
        diagram(
            message("M", "m"),
            process("p", start(), user("a"), inner, user("z"), end(), flows("start a sp z end")),
        )
    )
    run.start()
    assert run.result.after.messages == {}
    run.complete("a")

    run.send("m")

    assert run.open == ["u", "w"]
    run.complete("u")
    run.complete("w")
    assert (run.open, run.result.after.messages) == (["z"], {})


@pytest.mark.parametrize(
    ("event", "value", "words"),
    [
        (after("when"), 5, "A timer needs a text"),
        (after("when"), "soon", "says no due date"),
        (after("when"), None, "A timer needs a text"),
        (every("when"), "P1D", "is no repeating timer"),
        (every("when"), "Rx/P1D", "is no repeating timer"),
        (every("when"), "R3/often", "is no repeating timer"),
    ],
)
def test_a_timer_that_cannot_be_read_is_an_incident_of_its_event(
    case: Make, event: str, value: object, words: str
) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("u"),
                user("a"),
                boundary("t", "a", event, cancel=False),
                end(),
                end("e2"),
                flows("start u a end", "t e2"),
            )
        )
    )
    run.start()

    run.complete("u", when=value)

    assert (run.incident.activity_id, run.incident.kind) == ("t", "expression")
    assert words in run.incident.message


def test_a_cycle_may_begin_at_a_date(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", every('"R/2026-05-01T09:00/P1M"'), cancel=False),
                end(),
                end("e2"),
                flows("start a end", "t e2"),
            )
        )
    )
    run.start()

    moments = []
    for _ in range(3):
        [timer] = run.result.after.timers.values()
        moments.append(timer.due_at.isoformat())
        run.fire("t")

    assert moments == [f"2026-0{month}-01T07:00:00+00:00" for month in (5, 6, 7)]


CORRELATION = (
    '<bpmn:collaboration id="C"><bpmn:correlationKey name="key">'
    "<bpmn:correlationPropertyRef>number</bpmn:correlationPropertyRef></bpmn:correlationKey>"
    "</bpmn:collaboration>"
    '<bpmn:correlationProperty id="number">'
    '<bpmn:correlationPropertyRetrievalExpression messageRef="M"><bpmn:messagePath>order.number'
    "</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"
)
WAITED_FOR = (
    "<spiffworkflow:processVariableCorrelation><spiffworkflow:propertyId>number"
    "</spiffworkflow:propertyId><spiffworkflow:expression>mine.number</spiffworkflow:expression>"
    "</spiffworkflow:processVariableCorrelation>"
)


def test_the_diagrams_correlation_gives_the_key_to_send_and_to_wait_for(case: Make) -> None:
    payload = '{"order": {"number": 7}}'
    run = case(
        diagram(
            message("M", "paid"),
            CORRELATION,
            process(
                "p",
                start(),
                throw("th", on_message("M", carrying(payload))),
                catch("c", on_message("M", WAITED_FOR)),
                end(),
                flows("start th c end"),
            ),
        )
    )
    run.reserved["business_key"] = "K-1"

    run.start(mine={"number": 12})

    [sent] = run.result.thrown
    [waiting] = run.result.after.messages.values()
    assert (sent.correlation_key, waiting.correlation_key) == ("7", "12")


def test_a_faulty_key_is_an_incident_before_the_wait(case: Make) -> None:
    waiting = catch("c", on_message("M"), correlation_key="=nothing.here")
    run = case(
        diagram(
            message("M", "paid"),
            process("p", start(), user("a"), waiting, end(), flows("start a c end")),
        )
    )
    run.start()

    run.complete("a")
    assert run.incident.activity_id == "c"
    run.retry(nothing={"here": None})

    [message_] = run.result.after.messages.values()
    assert message_.correlation_key is None


def test_a_called_process_takes_and_gives_only_what_it_names(case: Make) -> None:
    interface = (
        '<bpmn:ioSpecification><bpmn:dataInput id="n" name="n"/><bpmn:dataOutput id="out" '
        'name="out"/><bpmn:inputSet><bpmn:dataInputRefs>n</bpmn:dataInputRefs></bpmn:inputSet>'
        "<bpmn:outputSet><bpmn:dataOutputRefs>out</bpmn:dataOutputRefs></bpmn:outputSet>"
        "</bpmn:ioSpecification>"
    )
    run = case(
        diagram(
            process("p", start(), call("c", "q"), user("z"), end(), flows("start c z end")),
            process("q", interface, start("qs"), user("u"), end("qe"), flows("qs u qe")),
        )
    )

    run.start(secret=1)
    assert run.incident.message == "The called process needs the variable n."
    run.retry(n=2)
    assert run.data("u") == {"n": 2}
    run.complete("u", other=3)
    assert run.incident.message == "The called process ended without its result out."
    run.retry(out=4)

    assert run.variables == {"secret": 1, "n": 2, "out": 4}


def test_a_called_process_for_each_item(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                call("c", "q", for_each("items", "item", "out", "res")),
                user("z"),
                end(),
                flows("start c z end"),
            ),
            process("q", start("qs"), user("qu", variable="res"), end("qe"), flows("qs qu qe")),
        )
    )
    run.start(items=[1, 2])

    run.complete("qu", a=1)
    run.complete("qu", a=2)

    assert run.variables == {"items": [1, 2], "out": [{"a": 1}, {"a": 2}]}


def test_an_outside_operation_for_each_item(case: Make) -> None:
    each = for_each("items", "item", "out", "res")
    run = case(
        diagram(
            process(
                "p",
                start(),
                service("s", "outside.x", {"v": "item * 10"}, "res", each),
                user("z"),
                end(),
                flows("start s z end"),
            ),
        )
    )
    run.start(items=[1, 2])
    waiting = run.result.after.operations.values()
    assert [operation.parameters for operation in waiting] == [{"v": 10}, {"v": 20}]

    run.answer("s", "one")
    run.answer("s", "two")

    assert run.open == ["z"]
    assert run.variables["out"] == ["one", "two"]


def test_data_that_is_drawn_beside_the_flow_changes_nothing(case: Make) -> None:
    drawn = (
        '<bpmn:ioSpecification><bpmn:dataInput id="D_in" name="amount"/><bpmn:inputSet>'
        "<bpmn:dataInputRefs>D_in</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet/>"
        "</bpmn:ioSpecification><bpmn:dataOutputAssociation><bpmn:targetRef>D_order"
        "</bpmn:targetRef></bpmn:dataOutputAssociation>"
    )
    thing = (
        '<bpmn:dataObject id="order"/>'
        '<bpmn:dataObjectReference id="D_order" dataObjectRef="order"/>'
    )
    run = case(
        diagram(
            process("p", start(), user("a", drawn), user("z"), end(), thing, flows("start a z end"))
        )
    )
    run.start()

    run.complete("a", order=1)

    assert run.data("z") == {"order": 1}
