import pytest

from ssflow.engine.diagram import KnownNames, check_bundle
from ssflow.engine.problems import Severity
from tests.engine.rules.diagrams import (
    KNOWN,
    boundary,
    catch,
    chain,
    check,
    decide,
    definition,
    diagram,
    element,
    end,
    extensions,
    file_of,
    flow,
    gateway,
    message,
    problems_of,
    process,
    script,
    service,
    several,
    start,
    sub_process,
    table,
    throw,
    timer,
    user,
)

ROUTE = table(("< 100", '"low"'), ("-", '"high"'))

GOOD = {
    "a user task": diagram(start(), user("U_a"), end(), chain("Start_1", "U_a", "E_done")),
    "a choice with a default": diagram(
        start(extensions(form="request")),
        gateway("G_a", default="F_G_a_E_done"),
        script("X_a", "total = amount * 2"),
        end(),
        chain("Start_1", "G_a"),
        flow("G_a", "X_a", "amount > 5"),
        flow("G_a", "E_done"),
        chain("X_a", "E_done"),
    ),
    "a decision": diagram(
        start(extensions(form="request")),
        decide("B_a", "route"),
        script("X_a", "shown = level"),
        end(),
        chain("Start_1", "B_a", "X_a", "E_done"),
    ),
    "parallel work": diagram(
        start(),
        gateway("P_a", "parallel"),
        user("U_a"),
        user("U_b"),
        gateway("P_b", "parallel"),
        end(),
        chain("Start_1", "P_a", "U_a", "P_b", "E_done"),
        chain("P_a", "U_b", "P_b"),
    ),
    "a service": diagram(
        start(),
        service("S_a", kind='"Service"', values="{}"),
        end(),
        chain("Start_1", "S_a", "E_done"),
    ),
    "timers": diagram(
        start(),
        user("U_a", due="wd(5)", remind="P2D"),
        boundary("T_late", "U_a", timer('"P14D"')),
        boundary("T_often", "U_a", timer('"R3/PT1H"', "timeCycle"), interrupts=False),
        script("X_a", "late = True"),
        end(),
        chain("Start_1", "U_a", "E_done"),
        chain("T_late", "X_a", "E_done"),
        chain("T_often", "E_done"),
    ),
    "a multi-instance sub-process": diagram(
        start(),
        script("X_a", 'people = ["ann"]'),
        sub_process(
            "SP_a",
            several(),
            start(id="Start_2"),
            user("U_a", assignee="=person"),
            script("X_b", "answer = {}"),
            end(id="E_inner"),
            chain("Start_2", "U_a", "X_b", "E_inner"),
        ),
        end(),
        chain("Start_1", "X_a", "SP_a", "E_done"),
    ),
    "messages": diagram(
        start(definition("message", messageRef="M_answer")),
        gateway("V_a", "eventBased"),
        catch("I_a", definition("message", messageRef="M_answer")),
        catch("I_b", timer('"P1D"')),
        end(),
        chain("Start_1", "V_a", "I_a", "E_done"),
        chain("V_a", "I_b", "E_done"),
        beside=message(),
    ),
    "an event sub-process": diagram(
        start(),
        user("U_a"),
        end(definition("terminate")),
        chain("Start_1", "U_a", "E_done"),
        sub_process(
            "SP_note",
            element(
                "startEvent",
                "Start_2",
                definition("message", messageRef="M_answer"),
                isInterrupting="false",
            ),
            script("X_a", "note = 1"),
            end(id="E_inner"),
            chain("Start_2", "X_a", "E_inner"),
            triggeredByEvent="true",
        ),
        beside=message(),
    ),
    "a call": file_of(
        process(
            start(),
            element("callActivity", "C_a", calledElement="P_other"),
            element("callActivity", "C_b", calledElement="deployed"),
            end(),
            chain("Start_1", "C_a", "C_b", "E_done"),
        ),
        process(start(id="Start_2"), end(id="E_other"), chain("Start_2", "E_other"), id="P_other"),
    ),
    "a transaction": diagram(
        start(),
        element(
            "transaction",
            "SP_a",
            "\n".join(
                [
                    start(id="Start_2"),
                    user("U_a"),
                    gateway("G_a", default="F_G_a_E_in"),
                    end(id="E_in"),
                    end(definition("cancel"), id="E_cancel"),
                    chain("Start_2", "U_a", "G_a", "E_in"),
                    flow("G_a", "E_cancel", "done_by == {}"),
                ]
            ),
        ),
        boundary("N_a", "SP_a", definition("cancel")),
        throw("N_b"),
        end(),
        chain("Start_1", "SP_a", "E_done"),
        chain("N_a", "N_b", "E_done"),
    ),
    "a role from the lane": diagram(
        element(
            "laneSet",
            "Lanes",
            element("lane", "Lane_1", "<bpmn:flowNodeRef> SP_a </bpmn:flowNodeRef>", name="clerk"),
        ),
        start(),
        sub_process(
            "SP_a",
            start(id="Start_2"),
            element("userTask", "U_a"),
            end(id="E_in"),
            chain("Start_2", "U_a", "E_in"),
        ),
        end(),
        chain("Start_1", "SP_a", "E_done"),
    ),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_a_sound_diagram_has_no_problems(data: bytes) -> None:
    found = problems_of(data, route_dmn=ROUTE)

    assert [str(problem) for problem in found] == []


def test_files_of_other_kinds_are_passed_over() -> None:
    checked = check_bundle({"a.form.json": b"{", "b.i18n.json": b"", "c.png": b"\x00"}, KNOWN)

    assert (checked.processes, checked.decisions, checked.problems) == ((), (), ())


def test_a_file_that_cannot_be_read_leaves_the_others() -> None:
    checked = check(GOOD["a user task"], broken_bpmn=b"<a>", odd_dmn=b"")

    assert [one.key for one in checked.processes] == ["P_main"]
    assert [(one.file, one.code) for one in checked.errors] == [
        ("broken.bpmn", "xml-not-readable"),
        ("odd.dmn", "xml-not-readable"),
    ]


def test_a_warning_is_no_error() -> None:
    data = diagram(start(extensions(colour="red")), end(), chain("Start_1", "E_done"))

    checked = check(data)

    assert [problem.severity for problem in checked.problems] == [Severity.WARNING]
    assert checked.errors == ()


def test_problems_stand_in_the_order_of_the_file() -> None:
    data = diagram(
        start(),
        user("U_b", form="nowhere"),
        user("U_a", role="stranger"),
        end(),
        chain("Start_1", "U_b", "U_a", "E_done"),
    )

    lines = [problem.line or 0 for problem in problems_of(data)]

    assert lines == sorted(lines)
    assert len(set(lines)) == 2


def test_the_names_around_a_bundle_may_be_none() -> None:
    checked = check_bundle({"main.bpmn": GOOD["a user task"]}, KnownNames())

    assert [problem.code for problem in checked.problems] == ["role-unknown"]


FACTS = file_of(
    process(
        extensions(starters="clerk", title="='Case ' + business_key"),
        element(
            "laneSet",
            "Lanes",
            element("lane", "Lane_1", "<bpmn:flowNodeRef>SP_a</bpmn:flowNodeRef>", name="manager"),
        ),
        start(extensions(form="request")),
        decide("B_a", "route"),
        sub_process(
            "SP_a",
            start(id="Start_2"),
            element("userTask", "U_in", extensions(form="review"), name="Look at it"),
            end(id="E_in"),
            chain("Start_2", "U_in", "E_in"),
        ),
        element("callActivity", "C_a", calledElement="deployed"),
        user("U_a", esc="clerk"),
        end(),
        chain("Start_1", "B_a", "SP_a", "C_a", "U_a"),
        flow("U_a", "E_done", name="all well"),
    )
)


def test_facts_tell_what_a_process_names() -> None:
    [facts] = check(FACTS, route_dmn=ROUTE).processes

    assert (facts.key, facts.name, facts.file) == ("P_main", "P_main", "main.bpmn")
    assert facts.properties == {"starters": "clerk", "title": "='Case ' + business_key"}
    assert (facts.start_form, facts.start_message) == ("request", None)
    assert facts.calls == {"deployed"}
    assert facts.decisions == {"route"}
    assert facts.forms == {"request", "review"}
    assert facts.roles == {"clerk", "manager"}


def test_facts_tell_what_a_process_holds() -> None:
    [facts] = check(FACTS, route_dmn=ROUTE).processes

    inner, outer = facts.activities["U_in"], facts.activities["U_a"]
    assert (inner.name, inner.kind, inner.lane) == ("Look at it", "userTask", "manager")
    assert (outer.name, outer.kind, outer.lane) == ("", "userTask", None)
    assert facts.activities["Start_2"].kind == "startEvent"
    named = facts.flows["F_U_a_E_done"]
    assert (named.source, named.target, named.name) == ("U_a", "E_done", "all well")
    assert "F_Start_2_U_in" in facts.flows


def test_facts_tell_which_message_starts_a_process() -> None:
    [facts] = check(GOOD["messages"]).processes

    assert (facts.start_form, facts.start_message) == (None, "answer")


def test_only_executable_processes_have_facts() -> None:
    data = file_of(
        process(start(), end(), chain("Start_1", "E_done")),
        process(element("task", "T_other"), id="P_other", executable="false"),
    )

    assert [facts.key for facts in check(data).processes] == ["P_main"]
