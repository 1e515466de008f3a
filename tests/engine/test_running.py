"""Faulty elements are parked; what was done before them stands, and other branches go on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ssflow.engine import commands, scripts
from ssflow.engine.execution import TaskGoneError
from ssflow.engine.operations import OperationError
from ssflow.engine.snapshot import IncidentKind
from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    call,
    catch,
    choice,
    decision_table,
    diagram,
    end,
    error,
    every,
    flows,
    for_each,
    into,
    message,
    on_error,
    on_message,
    parallel,
    process,
    rule,
    scope,
    script,
    service,
    so_often,
    start,
    throw,
    user,
    while_,
)

Make = Callable[..., Case]


def test_a_completion_stands_though_a_later_script_fails(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                boundary("t", "a", after('"PT1H"')),
                script("fine", "x = amount * 2"),
                script("bad", "y = 1\nz = x / divisor\n"),
                user("after_bad"),
                user("b"),
                script("s", "q = 1"),
                user("b2"),
                parallel("join"),
                end(),
                user("late"),
                end("e2"),
                flows("start fork a fine bad after_bad join end", "fork b s b2 join", "t late e2"),
            )
        )
    )
    run.start(divisor=0)

    run.complete("a", amount=5)

    incident = run.incident
    assert (incident.activity_id, incident.kind, incident.line) == ("bad", "script", 2)
    assert incident.message == "ZeroDivisionError: division by zero"
    assert incident.source_line == "z = x / divisor"
    assert incident.variables == {"divisor": 0, "amount": 5, "x": 10}
    assert (run.open, run.timers) == (["b"], [])
    assert run.result.trail.path == ("a", "f_a_fine", "fine", "f_fine_bad")
    run.complete("b")
    assert run.open == ["b2"]
    run.complete("b2")
    assert not run.result.completed

    run.retry()
    assert run.incident.id != incident.id
    run.retry(divisor=2)
    assert (run.open, run.incidents) == (["after_bad"], [])
    run.complete("after_bad")
    assert run.result.completed
    assert (run.variables["z"], run.variables["q"]) == (5.0, 1)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("raise ValueError('no such customer')", "script", "ValueError: no such customer"),
        ("while True:\n    pass", "script", "TimeoutError"),
        ("x = 'a' * 10**9", "script", "MemoryError"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "script", "RecursionError"),
        ("x = missing + 1", "script", "NameError: name 'missing' is not defined"),
        ("x = {1: 2}", "data", "x: key 1 is not text."),
        ("x = 10**20", "data", "x: whole numbers may go up to 2**53"),
        ("x = float('inf')", "data", "x: inf is not a finite number."),
        ("initiator = 'me'", "script", "`initiator` is read-only"),
        ("x = ", "script", "This is not valid Python"),
        ("import os", "script", "`os` may not be imported"),
    ],
)
def test_a_script_that_fails_is_parked(sandbox: Any, code: str, kind: str, words: str) -> None:
    bpmn = diagram(
        process(
            "p", start(), user("a"), script("s", code), user("z"), end(), flows("start a s z end")
        )
    )
    run = Case(sandbox, {"p.bpmn": bpmn})
    run.start()

    run.complete("a", mine=1)

    assert (run.incident.activity_id, run.incident.kind) == ("s", kind)
    assert words in run.incident.message
    assert run.incident.variables == {"mine": 1}
    assert run.open == []


def test_faults_while_entering_the_next_element_park_the_completion(case: Make) -> None:
    wait = catch("wait", after('"PT" + str(hours) + "H"'))
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", after('"PT1H"')),
                wait,
                user("z"),
                end(),
                user("late"),
                end("e2"),
                flows("start a wait z end", "t late e2"),
            )
        )
    )
    run.start()
    completed = commands.CompleteUserTask(run.task_id("a"))
    fired = commands.FireTimer(next(iter(run.result.after.timers)))

    run.complete("a", k=1)

    assert (run.open, run.timers) == ([], [])
    assert (run.incident.activity_id, run.incident.kind) == ("wait", "expression")
    assert run.incident.variables == {"k": 1}
    for gone in (completed, fired):
        with pytest.raises(TaskGoneError):
            run.do(gone)
    run.retry()
    assert run.incident.variables == {"k": 1}
    run.retry(hours=3)
    assert (run.timers, run.incidents) == (["wait"], [])
    assert run.result.trail.path == ("a", "f_a_wait")
    run.fire("wait")
    assert run.open == ["z"]


def test_a_faulty_gateway_is_parked_and_goes_on_with_changed_data(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                choice("g"),
                user("b"),
                user("z"),
                end(),
                flows("start a g [n > 5 and\n ok]-> b end", "g [n < 2]-> z end"),
            )
        )
    )
    run.start(ok=True)

    run.complete("a", n=3)
    assert (run.incident.activity_id, run.incident.kind) == ("g", "condition")
    assert run.incident.message.startswith("No condition of the gateway holds")
    run.retry(n="text")
    assert (run.incident.kind, run.incident.line) == ("condition", 1)
    run.retry(n=9)

    assert run.open == ["b"]


def test_a_decision_without_a_matching_row_is_parked(case: Make) -> None:
    table = decision_table("d", ["n"], ["out"], [["< 5", "1"]], "UNIQUE")
    run = case(
        diagram(
            process(
                "p", start(), user("a"), rule("r", "d"), user("z"), end(), flows("start a r z end")
            )
        ),
        table,
    )
    run.start()

    run.complete("a", n=9)

    assert (run.incident.activity_id, run.incident.kind) == ("r", "decision")
    assert "no row matches" in run.incident.message
    assert run.result.trail.decisions == ()
    run.retry(n=1)
    assert run.open == ["z"]


def test_two_faulty_branches_in_one_step_are_both_parked(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                parallel("fork"),
                script("b1", "x = 1 / n"),
                script("b2", "y = 2 / n"),
                script("ok", "w = 3"),
                parallel("join"),
                user("z"),
                end(),
                flows("start a fork b1 join z end", "fork b2 join", "fork ok join"),
            )
        )
    )
    run.start()

    run.complete("a", n=0)

    assert sorted(incident.activity_id for incident in run.incidents) == ["b1", "b2"]
    run.retry(nth=0, n=1)
    assert len(run.incidents) == 1
    run.retry(nth=0, n=1)
    assert (run.open, run.incidents) == (["z"], [])
    assert {name: run.variables[name] for name in "xyw"} == {"x": 1.0, "y": 2.0, "w": 3}


def test_inside_operations_are_undone_before_the_replay_and_kept_after_it(case: Make) -> None:
    numbers = iter(range(10))
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                service("s", "number"),
                script("bad", "x = 1 / n"),
                service("later", "number", result="more"),
                user("z"),
                end(),
                flows("start a s bad later z end"),
            )
        ),
        number=lambda: next(numbers),
    )
    run.start()

    run.complete("a", n=0)

    operations = run.operations
    assert (operations.calls, operations.undone, operations.kept) == (["s", "s"], ["s"], ["s"])
    assert run.incident.variables == {"n": 0, "result": 1}
    assert [done.activity_id for done in run.result.trail.operations] == ["s"]
    run.retry(n=1)
    assert operations.kept == ["s", "later"]
    assert (run.open, run.variables["more"]) == (["z"], 2)


def test_an_operation_that_fails_is_an_incident_unless_an_error_event_catches_it(
    case: Make,
) -> None:
    def refuse() -> None:
        raise OperationError("The budget is spent.", "NO_MONEY")

    def bpmn(code: str) -> bytes:
        return diagram(
            error("E", code, "trouble"),
            process(
                "p",
                start(),
                service("s", "pay"),
                boundary("x", "s", on_error("E")),
                user("other"),
                user("z"),
                end(),
                end("e2"),
                flows("start s z end", "x other e2"),
            ),
        )

    caught, missed = case(bpmn("NO_MONEY"), pay=refuse), case(bpmn("OTHER"), pay=refuse)
    caught.start()
    missed.start()

    assert (caught.open, caught.incidents) == (["other"], [])
    assert caught.variables == {"trouble": {"code": "NO_MONEY", "message": "The budget is spent."}}
    assert caught.result.trail.path == ("start", "f_start_s", "x", "f_x_other")
    assert (missed.incident.activity_id, missed.incident.kind) == ("s", "operation")
    assert missed.incident.message == "The budget is spent."


def test_only_the_error_event_of_the_failing_activity_or_a_scope_around_it_catches(
    case: Make,
) -> None:
    def refuse() -> None:
        raise OperationError("No.", "E1")

    inner = scope("sp", start("is"), service("s", "pay"), end("ie"), flows("is s ie"))
    run = case(
        diagram(
            error("E", "E1"),
            process(
                "p",
                start(),
                parallel("fork"),
                user("other"),
                boundary("wrong", "other", on_error("E")),
                inner,
                boundary("right", "sp", on_error("E")),
                user("w"),
                user("r"),
                end(),
                end("e2"),
                end("e3"),
                end("e4"),
                flows("start fork other end", "fork sp e2", "wrong w e3", "right r e4"),
            ),
        ),
        pay=refuse,
    )

    run.start()

    assert run.open == ["other", "r"]
    assert run.incidents == []


def test_something_else_behind_the_port_is_raised_and_nothing_is_kept(case: Make) -> None:
    class DatabaseAwayError(Exception):
        pass

    def fail() -> None:
        raise DatabaseAwayError

    run = case(
        diagram(
            process("p", start(), user("a"), service("s", "save"), end(), flows("start a s end"))
        ),
        save=fail,
    )
    run.start()

    with pytest.raises(DatabaseAwayError):
        run.complete("a")

    assert run.open == ["a"]


def test_a_failed_outside_operation_is_called_again_by_a_retry(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                service("s", "outside.http", {"url": "where"}),
                user("z"),
                end(),
                flows("start s z end"),
            )
        )
    )
    run.start(where="here")
    first = run.operation_id("s")

    run.fail("s", "Connection refused.", "HTTP")

    assert run.result.after.operations == {}
    assert (run.incident.kind, run.incident.message) == ("operation", "Connection refused.")
    with pytest.raises(TaskGoneError):
        run.do(commands.AnswerOperation(first, {}))
    run.retry(where="there")
    [waiting] = run.result.after.operations.values()
    assert waiting.parameters == {"url": "there"}
    run.answer("s", {"ok": True})
    assert run.open == ["z"]


def test_a_failed_outside_operation_may_be_caught(case: Make) -> None:
    run = case(
        diagram(
            error("E", "HTTP"),
            process(
                "p",
                start(),
                service("s", "outside.http"),
                boundary("x", "s", on_error("E")),
                user("other"),
                end(),
                end("e2"),
                flows("start s end", "x other e2"),
            ),
        )
    )
    run.start()

    run.fail("s", "Connection refused.", "HTTP")

    assert (run.open, run.incidents, run.result.after.operations) == (["other"], [], {})


def test_an_answer_stands_though_the_next_element_cannot_be_entered(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                service("s", "outside.http"),
                catch("wait", after("when")),
                user("z"),
                end(),
                flows("start s wait z end"),
            )
        )
    )
    run.start()

    run.answer("s", 41)

    assert (run.result.after.operations, run.incident.activity_id) == ({}, "wait")
    assert run.incident.variables == {"result": 41}
    run.retry(when="PT1H")
    assert run.timers == ["wait"]


def test_a_timer_that_went_off_stands_though_its_path_is_faulty(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", after('"PT1H"')),
                catch("wait", after("when")),
                end(),
                end("e2"),
                flows("start a end", "t wait e2"),
            )
        )
    )
    run.start()

    run.fire("t")

    assert (run.open, run.timers, run.incident.activity_id) == ([], [], "wait")
    run.retry(when="PT1H")
    assert run.timers == ["wait"]
    run.fire("wait")
    assert run.result.end_event == "e2"
    assert run.result.completed


def test_a_reminder_with_a_faulty_path_leaves_its_task_alone(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", after('"PT1H"'), cancel=False),
                catch("wait", after("when")),
                end(),
                end("e2"),
                user("z"),
                flows("start a z end", "t wait e2"),
            )
        )
    )
    run.start()
    run.fire("t")
    assert (run.open, run.incident.activity_id) == (["a"], "wait")

    run.complete("a")
    run.retry(when="PT1H")

    assert (run.open, run.timers) == (["z"], ["wait"])
    run.complete("z")
    run.fire("wait")
    assert run.result.completed


def test_a_cycle_with_a_faulty_path_goes_on_after_a_retry(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", every('"R2/P1D"'), cancel=False),
                catch("wait", after("when")),
                end(),
                end("e2"),
                flows("start a end", "t wait e2"),
            )
        )
    )
    run.start()

    run.fire("t")
    assert (run.open, run.timers, run.incident.activity_id) == (["a"], [], "wait")
    run.retry(when="PT1H")

    assert run.timers == ["t", "wait"]


def test_a_boundary_event_may_end_a_parked_element(case: Make) -> None:
    run = case(
        diagram(
            message("M", "stop"),
            process(
                "p",
                start(),
                service("s", "nowhere"),
                boundary("m", "s", on_message("M")),
                user("stopped"),
                end(),
                end("e2"),
                flows("start s end", "m stopped e2"),
            ),
        )
    )
    run.start()
    assert run.incident.kind == "operation"

    run.send("stop")

    assert (run.open, run.incidents) == (["stopped"], [])


def test_a_user_task_whose_properties_fail_is_parked_until_they_do_not(case: Make) -> None:
    task = user("a", role="=who.role", due="=1 / 0 if bad else 'P1D'")
    run = case(diagram(process("p", start(), task, end(), flows("start a end"))))

    run.start(who={"role": ["not", "a", "text"]}, bad=True)
    assert (run.open, run.incident.kind) == ([], "expression")
    run.retry(bad=False)
    assert run.incident.message.startswith("The property role must be a text")
    run.retry(who={"role": "clerk"})

    assert run.open == ["a"]
    [opened] = run.result.after.user_tasks.values()
    assert (opened.role, opened.due) == ("clerk", "P1D")


def test_a_fault_inside_one_of_many_sub_processes_leaves_the_others_alone(case: Make) -> None:
    inner = scope(
        "sp",
        for_each("items", "item", "results", "res"),
        start("is"),
        user("u"),
        script("bad", "res = item / d"),
        end("ie"),
        flows("is u bad ie"),
    )
    run = case(diagram(process("p", start(), inner, user("z"), end(), flows("start sp z end"))))
    run.start(items=[4, 8])

    run.complete("u", d=0)
    assert (run.open, run.incident.activity_id) == (["u"], "bad")
    run.complete("u", d=4)
    run.retry(d=2)

    assert run.open == ["z"]
    assert sorted(run.variables["results"]) == [2.0, 2.0]


def test_a_fault_in_a_called_process_is_parked_there(case: Make) -> None:
    run = case(
        diagram(
            process("p", start(), call("c", "q"), user("z"), end(), flows("start c z end")),
            process("q", start("qs"), script("bad", "x = 1 / n"), end("qe"), flows("qs bad qe")),
        )
    )

    run.start(n=0)

    assert run.incident.activity_id == "bad"
    run.retry(n=1)
    assert (run.open, run.variables["x"]) == (["z"], 1.0)


def test_a_faulty_start_keeps_the_variables(case: Make) -> None:
    run = case(
        diagram(
            process("p", start("s", after("when")), user("a"), end(), flows("s a end")),
        )
    )

    run.start(k=1)

    assert run.incident.variables == {"k": 1}
    run.retry(when="PT1H")
    assert run.timers == ["s"]


# Budgets


def test_a_loop_without_end_is_stopped_and_can_be_mended(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                choice("m"),
                script("s", "n = n + 0"),
                choice("g", "m"),
                user("z"),
                user("b"),
                parallel("fork"),
                end(),
                end("e2"),
                flows("start fork a m s g [stop]-> z end", "g m", "fork b e2"),
            )
        )
    )
    run.start(n=0, stop=False)

    run.complete("a")

    assert run.incident.kind == IncidentKind.BUDGET
    assert (run.open, run.result.completed) == (["b"], False)
    assert run.result.trail.truncated is (len(run.result.trail.path) == 1_000)
    run.retry(stop=True)
    assert run.open == ["b", "z"]


def test_too_many_instances_are_an_incident_before_any_begins(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                user("u", for_each("items", "item")),
                user("z"),
                end(),
                flows("start a u z end"),
            )
        )
    )
    run.start(items=[])

    run.complete("a", items=list(range(1_001)))

    assert (run.incident.activity_id, run.incident.kind) == ("u", "budget")
    assert run.open == []
    run.retry(items=[])
    assert run.open == ["z"]


def test_instances_of_instances_are_counted_together(
    case: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "MAX_INSTANCES_BEGUN", 10)
    row = scope(
        "row",
        for_each("rows", "cells"),
        start("is"),
        user("u", for_each("cells", "cell")),
        end("ie"),
        flows("is u ie"),
    )
    run = case(diagram(process("p", start(), row, end(), flows("start row end"))))

    run.start(rows=[[1, 2, 3]] * 4)
    assert len(run.open) == 6
    assert [(one.kind, one.message) for one in run.incidents] == [
        (IncidentKind.BUDGET, "More than 10 instances began in one step.")
    ] * 2
    while run.incidents:
        run.retry()

    assert (len(run.open), run.incidents) == (12, [])


def test_all_code_of_a_step_has_its_time_together(
    case: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "CODE_TIME", timedelta(0))
    task = user("u", for_each("items", "item"), due="=wd(item)")
    run = case(diagram(process("p", start(), task, end(), flows("start u end"))))

    run.start(items=[1, 2, 3])
    assert run.open == ["u"]
    assert {incident.kind for incident in run.incidents} == {IncidentKind.BUDGET}
    while run.incidents:
        run.retry()

    assert run.open == ["u"] * 3


@pytest.mark.parametrize("count", ["-1", "1.0", "'3'", "None", "True"])
def test_a_number_of_instances_counts_from_nought(case: Make, count: str) -> None:
    task = user("u", so_often(count))
    run = case(diagram(process("p", start(), task, end(), flows("start u end"))))

    run.start()

    assert run.incident.message.startswith("The number of instances must be a whole number")


def test_a_number_of_instances_must_be_a_number(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                user("u", so_often("n")),
                user("z"),
                end(),
                flows("start a u z end"),
            )
        )
    )
    run.start()

    run.complete("a", n="three")
    assert run.incident.kind == "expression"
    run.retry(n=3)

    assert run.open == ["u"] * 3


def test_a_loop_that_never_ends_by_itself_is_stopped(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                script("s", "n = n + 1", while_("True")),
                user("z"),
                end(),
                flows("start s z end"),
            )
        )
    )

    run.start(n=0)

    assert run.incident.kind == "budget"


def test_variables_over_a_megabyte_stop_the_element_that_makes_them(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                script("fine", "k = 1"),
                script("grow", 'text = "x" * size'),
                user("z"),
                end(),
                flows("start a fine grow z end"),
            )
        )
    )
    run.start()

    run.complete("a", size=3_000_000)

    assert (run.incident.activity_id, run.incident.kind) == ("grow", "data")
    assert run.incident.variables == {"size": 3_000_000, "k": 1}
    assert len(run.result.state) < 2_000
    run.retry(size=3)
    assert (run.open, run.variables["text"]) == (["z"], "xxx")


def test_a_decision_that_gives_more_than_a_megabyte_is_an_incident(case: Make) -> None:
    gives = "[" + ", ".join(["text"] * 50) + "]"
    run = case(
        diagram(process("p", start(), rule("d", "many"), end(), flows("start d end"))),
        decision_table("many", ["1"], ["texts"], [["-", gives]]),
    )

    run.start(text="x" * 50_000)

    assert (run.incident.activity_id, run.incident.kind) == ("d", "data")
    assert "larger than 1 MB" in run.incident.message


def test_variables_that_grow_step_by_step_stop_at_a_megabyte(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                user("a"),
                choice("g", "m"),
                end(),
                flows("start m a g [stop]-> end", "g m"),
            )
        )
    )
    run.start(stop=False)

    for n in range(6):
        part: dict[str, Any] = {f"part{n}": "x" * 190_000}
        run.complete("a", **part)
        if run.incidents:
            break

    assert (n, run.incident.kind, run.open) == (5, "data", [])
    assert "part5" in run.incident.variables
    run.retry(part5="", part4="")
    assert run.open == ["a"]


def test_large_variables_of_one_branch_do_not_stop_another(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                script("bad", "x = 1 / n"),
                script("grow", 'text = "x" * 1_200_000'),
                user("z"),
                user("b"),
                user("b2"),
                end(),
                end("e2"),
                end("e3"),
                flows("start fork bad end", "fork grow z e2", "fork b b2 e3"),
            )
        )
    )
    run.start(n=0)

    run.complete("b", small=1)

    assert "b2" in run.open
    run.complete("b2")
    assert {incident.activity_id for incident in run.incidents} <= {"bad", "grow", "z"}


def test_an_instance_over_ten_megabytes_is_stopped(case: Make) -> None:
    sub = scope(
        "sp",
        for_each("items", "item"),
        start("is"),
        script("grow", "t = 'x' * 700000"),
        user("w"),
        end("ie"),
        flows("is grow w ie"),
    )
    run = case(
        diagram(process("p", start(), user("a"), sub, user("z"), end(), flows("start a sp z end")))
    )
    run.start()

    run.complete("a", items=list(range(15)))

    assert IncidentKind.DATA in {incident.kind for incident in run.incidents}
    assert 10 <= len(run.open) < 15
    assert len(run.result.state) < 11_000_000
    assert not run.result.completed


def test_a_message_payload_that_cannot_be_built_is_an_incident(case: Make) -> None:
    run = case(
        diagram(
            message("M", "paid"),
            process(
                "p",
                start(),
                user("a"),
                throw(
                    "tell",
                    on_message(
                        "M", "<spiffworkflow:messagePayload>[1]</spiffworkflow:messagePayload>"
                    ),
                ),
                user("z"),
                end(),
                flows("start a tell z end"),
            ),
        )
    )
    run.start()

    run.complete("a")

    assert run.incident.activity_id == "tell"
    assert run.result.thrown == ()


def test_a_message_that_led_into_a_fault_is_kept(case: Make) -> None:
    run = case(
        diagram(
            message("M", "paid"),
            process(
                "p",
                start(),
                catch("m", on_message("M", into("pay"))),
                catch("wait", after("when")),
                user("z"),
                end(),
                flows("start m wait z end"),
            ),
        )
    )
    run.start()

    run.send("paid", amount=5)

    assert (run.result.after.messages, run.incident.activity_id) == ({}, "wait")
    run.retry(when="PT1H")
    assert (run.timers, run.variables["pay"]) == (["wait"], {"amount": 5})


def test_when_very_many_elements_fail_at_once_the_rest_waits_for_the_next_step(
    case: Make,
) -> None:
    inner = scope(
        "sp",
        for_each("items", "item"),
        start("is"),
        script("bad", "x = 1 / n"),
        end("ie"),
        flows("is bad ie"),
    )
    run = case(diagram(process("p", start(), inner, user("z"), end(), flows("start sp z end"))))

    run.start(items=list(range(30)), n=0)

    kinds = [incident.kind for incident in run.incidents]
    assert (kinds.count(IncidentKind.EXPRESSION), kinds.count(IncidentKind.BUDGET)) == (0, 1)
    assert kinds.count(IncidentKind.SCRIPT) == 20
    run.do(commands.Noop())
    assert len(run.incidents) == 30
    while run.incidents:
        run.retry(n=1)
    assert run.open == ["z"]
