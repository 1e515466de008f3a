"""How instances move: commands, waiting points, the trail."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from ssflow.engine import commands
from ssflow.engine.definition_cache import DefinitionSource, build_definition
from ssflow.engine.execution import TaskGoneError, read_variables
from ssflow.engine.faults import UnfitDataError
from ssflow.engine.scripts import Sandbox
from ssflow.engine.snapshot import ThrownMessage
from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    call,
    carrying,
    catch,
    choice,
    decision_table,
    diagram,
    end,
    every,
    first_of,
    flows,
    for_each,
    into,
    message,
    on_message,
    parallel,
    process,
    rule,
    scope,
    script,
    service,
    start,
    terminate,
    throw,
    user,
    while_,
)

Make = Callable[..., Case]


def test_a_process_runs_from_user_task_to_user_task_to_its_end(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                script("double", "twice = amount * 2"),
                user("b"),
                end(),
                flows("start a double b end"),
            )
        )
    )

    run.start(amount=1)
    assert run.open == ["a"]
    run.complete("a", amount=21)
    assert run.open == ["b"]
    run.complete("b")

    assert run.result.completed
    assert run.result.end_event == "end"
    assert run.variables == {"amount": 21, "twice": 42}


def test_a_form_becomes_one_object_when_the_task_names_a_variable(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p", start(), user("a", variable="screen"), user("b"), end(), flows("start a b end")
            )
        )
    )
    run.start(screen={"old": 1})

    run.complete("a", decision="approve")

    assert run.variables == {"screen": {"decision": "approve"}}


def test_fields_replace_variables_and_are_not_merged_into_them(case: Make) -> None:
    run = case(diagram(process("p", start(), user("a"), user("b"), end(), flows("start a b end"))))
    run.start(names=["x", "y"], deep={"old": 1})

    run.complete("a", names=["z"], deep={"new": 2})

    assert run.variables == {"names": ["z"], "deep": {"new": 2}}


def test_a_task_can_be_completed_only_once(case: Make) -> None:
    run = case(diagram(process("p", start(), user("a"), user("b"), end(), flows("start a b end"))))
    run.start()
    first = run.task_id("a")
    run.complete("a")

    with pytest.raises(TaskGoneError):
        run.do(commands.CompleteUserTask(first))
    with pytest.raises(TaskGoneError):
        run.do(commands.FireTimer(uuid4()))


def test_reserved_names_are_seen_by_code_but_never_stored(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                script("look", 'seen = f"{initiator} {business_key} {now.year} {done_by.a}"'),
                user("a"),
                end(),
                flows("start look a end"),
            )
        )
    )
    run.reserved |= {"business_key": "K-1", "done_by": {"a": "bob"}}

    run.start()

    assert run.variables == {"seen": "ann K-1 2026 bob"}
    with pytest.raises(UnfitDataError):
        run.complete("a", initiator="me")


def test_properties_of_a_user_task_are_worked_out_when_it_opens(case: Make) -> None:
    task = user(
        "a",
        form="f_a",
        role="=who.role",
        assignee="=initiator",
        exclude="=[initiator, 'bob']",
        due="=wd(3)",
        priority="=2 + 3",
        remind="wd(2)",
        esc="boss",
    )
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                task,
                user("b"),
                end(),
                end("end2"),
                flows("start fork a end", "fork b end2"),
            )
        )
    )

    run.start(who={"role": "clerk"})
    opened = run.result.after.user_tasks[run.task_id("a")]
    run.complete("b")
    later = run.result.after.user_tasks[run.task_id("a")]

    assert (opened.role, opened.assignee, opened.exclude) == ("clerk", "ann", ("ann", "bob"))
    assert (opened.due, opened.priority) == ("2026-03-09", 5)
    assert (opened.form_id, opened.remind, opened.escalate) == ("f_a", "wd(2)", "boss")
    assert (later.role, later.form_id) == (None, "f_a")


def opening(**properties: str) -> bytes:
    return diagram(
        process("p", start(), user("a", **properties), end(), flows("start a end")),
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("priority", "=10**10", "a whole number up to 9999, not 10000000000."),
        ("priority", "=1.5", "a whole number up to 9999, not 1.5."),
        ("priority", "=True", "a whole number up to 9999, not True."),
        ("role", "='x' * 300", "at most 200 characters long, not"),
        ("exclude", "=[str(n) for n in range(60)]", "a list of at most 50 ids, not"),
        ("exclude", "=['x' * 60]", "a list of at most 50 ids, not"),
        ("due", "='P2D' * 60", "a time such as wd(5), P14D or 2026-05-01, not"),
    ],
)
def test_a_property_that_no_list_could_hold_is_an_incident(
    case: Make, name: str, value: str, told: str
) -> None:
    run = case(opening(**{"role": "clerk", name: value}))

    run.start()

    assert (run.open, run.incident.activity_id, run.incident.kind) == ([], "a", "expression")
    assert told in run.incident.message
    assert len(run.incident.message) < 250


@pytest.mark.parametrize(
    ("value", "priority"), [("0", 0), ("-5", -5), ("=4 / 2", 2), ("=None", None), ("='7'", 7)]
)
def test_each_whole_number_is_a_priority(case: Make, value: str, priority: int | None) -> None:
    run = case(opening(priority=value))

    run.start()

    assert run.result.after.user_tasks[run.task_id("a")].priority == priority


@pytest.mark.parametrize(
    ("who", "wrong", "right"),
    [
        ({"role": "=who"}, None, "clerk"),
        ({"assignee": "=who"}, None, "5f0c5c1e-9d3c-4a58-8d0a-0c8b7e2f1a11"),
        ({"assignee": "=who"}, "Bob", "5f0c5c1e-9d3c-4a58-8d0a-0c8b7e2f1a11"),
    ],
)
def test_a_task_that_nobody_could_do_waits_for_its_data(
    case: Make, who: dict[str, str], wrong: str | None, right: str
) -> None:
    run = case(opening(**who))

    run.start(who=wrong)
    assert run.incident.message.startswith("Nobody could do this task")
    run.retry(who=right)

    assert run.open == ["a"]


def test_blanks_around_the_value_of_a_property_do_not_count(case: Make) -> None:
    run = case(opening(role=" clerk ", assignee=" =initiator", due="\n P2D"))

    run.start()

    opened = run.result.after.user_tasks[run.task_id("a")]
    assert (opened.role, opened.assignee, opened.due) == ("clerk", "ann", "P2D")


def test_the_trail_names_elements_and_flows_in_order(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                choice("g", "z"),
                user("b"),
                user("z"),
                end(),
                boundary("late", "b", after('"PT1H"')),
                end("e2"),
                flows("start a g [n > 1]-> b end", "g z end", "late e2"),
            )
        )
    )

    paths = [
        run.start().trail.path,
        run.complete("a", n=2).trail.path,
        run.fire("late").trail.path,
    ]

    assert paths == [
        ("start", "f_start_a"),
        ("a", "f_a_g", "g", "f_g_b"),
        ("late", "f_late_e2", "e2"),
    ]
    assert run.result.end_event == "e2"


def test_a_timer_goes_off_at_the_moment_that_was_fixed_when_it_was_reached(case: Make) -> None:
    wait = catch("wait", after('"PT" + str(hours) + "H"'))
    run = case(
        diagram(
            process("p", start(), user("a"), wait, user("b"), end(), flows("start a wait b end"))
        )
    )
    run.start(hours=5)
    run.complete("a")

    [timer] = run.result.after.timers.values()
    assert timer.due_at == datetime(2026, 3, 4, 15, tzinfo=UTC)
    run.fire("wait")

    assert run.open == ["b"]
    assert run.timers == []


def test_a_timer_counts_working_days_and_skips_holidays(case: Make) -> None:
    wait = catch("wait", after("wd(2)"))
    run = case(diagram(process("p", start(), wait, end(), flows("start wait end"))))
    run.now = datetime(2026, 5, 4, 10, tzinfo=UTC)

    run.start()

    [timer] = run.result.after.timers.values()
    assert timer.due_at == datetime(2026, 5, 7, 21, 59, 59, tzinfo=UTC)


def test_a_timer_that_is_due_already_does_not_wait(case: Make) -> None:
    wait = catch("wait", after('"2020-01-01T00:00Z"'))
    run = case(diagram(process("p", start(), wait, user("b"), end(), flows("start wait b end"))))

    run.start()

    assert run.open == ["b"]


def test_a_reminder_leaves_the_task_open_and_goes_once(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", after('"PT1H"'), cancel=False),
                user("remind"),
                user("z"),
                end(),
                end("e2"),
                flows("start a z end", "t remind e2"),
            )
        )
    )
    run.start()

    run.fire("t")
    assert (run.open, run.timers) == (["a", "remind"], [])
    run.complete("a")
    assert run.open == ["remind", "z"]
    run.complete("z")
    assert (run.open, run.result.completed) == (["remind"], False)
    run.complete("remind")

    assert run.result.completed


def test_a_cycle_of_timers_goes_off_each_time(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", every('"R3/P1D"'), cancel=False),
                user("remind"),
                end(),
                end("e2"),
                flows("start a end", "t remind e2"),
            )
        )
    )
    run.start()

    for count in (1, 2, 3):
        run.fire("t")
        assert run.open == ["a", *["remind"] * count]
        assert "f_t_remind" in run.result.trail.path
    assert run.timers == []
    run.complete("a")
    for _ in range(3):
        run.complete("remind")

    assert run.result.completed


def test_a_message_boundary_ends_its_scope_and_hands_over_the_payload(case: Make) -> None:
    inner = scope("s", start("is"), user("a"), user("b"), end("ie"), flows("is a b ie"))
    run = case(
        diagram(
            message("M", "stop_it"),
            process(
                "p",
                start(),
                inner,
                boundary("m", "s", on_message("M", into("why"))),
                user("stopped"),
                user("z"),
                end(),
                end("e2"),
                flows("start s z end", "m stopped e2"),
            ),
        )
    )
    run.start()
    run.complete("a", inside=1)

    run.send("stop_it", reason="typename", typename="evil")

    assert run.open == ["stopped"]
    assert run.data("stopped") == {"why": {"reason": "typename", "typename": "evil"}}
    run.complete("stopped")
    assert run.result.completed


def test_a_message_without_a_variable_brings_its_fields(case: Make) -> None:
    run = case(
        diagram(
            message("M", "paid"),
            process(
                "p", start(), catch("m", on_message("M")), user("z"), end(), flows("start m z end")
            ),
        )
    )
    run.start(amount=1)

    run.send("paid", amount=5, typename="x")

    assert run.variables == {"amount": 5, "typename": "x"}


def test_a_waiting_message_is_keyed_by_the_diagram_or_else_by_the_business_key(
    case: Make,
) -> None:
    run = case(
        diagram(
            message("M", "paid"),
            message("N", "sent"),
            process(
                "p",
                start(),
                parallel("fork"),
                catch("m", on_message("M")),
                catch("n", on_message("N"), correlation_key="=order.number"),
                end(),
                end("e2"),
                flows("start fork m end", "fork n e2"),
            ),
        )
    )
    run.reserved["business_key"] = "K-7"

    run.start(order={"number": 12})

    keys = {m.name: m.correlation_key for m in run.result.after.messages.values()}
    assert keys == {"paid": "K-7", "sent": "12"}


def test_a_thrown_message_leaves_with_the_step(case: Make) -> None:
    run = case(
        diagram(
            message("M", "paid"),
            process(
                "p",
                start(),
                throw("tell", on_message("M", carrying('{"sum": a + b}'))),
                user("z"),
                end(),
                flows("start tell z end"),
            ),
        )
    )
    run.reserved["business_key"] = "K-7"

    run.start(a=1, b=2)

    assert run.result.thrown == (ThrownMessage("paid", "K-7", {"sum": 3}, "tell"),)
    assert run.complete("z").thrown == ()


def test_the_first_event_behind_an_event_gateway_wins(case: Make) -> None:
    events = diagram(
        message("M", "paid"),
        message("N", "sent"),
        process(
            "p",
            start(),
            first_of("g"),
            catch("m", on_message("M")),
            catch("n", on_message("N")),
            catch("t", after('"P1D"')),
            user("a"),
            user("b"),
            user("c"),
            end(),
            end("e2"),
            end("e3"),
            flows("start g m a end", "g n b e2", "g t c e3"),
        ),
    )
    by_message, by_timer = case(events), case(events)
    by_message.start()
    by_timer.start()
    assert len(by_message.result.after.messages) == 2

    by_message.send("sent", x=1)
    by_timer.fire("t")

    assert (by_message.open, by_message.timers) == (["b"], [])
    assert by_message.result.after.messages == {}
    assert by_message.result.trail.path == ("g", "f_g_n", "n", "f_n_b")
    assert by_message.variables == {"x": 1}
    assert by_timer.open == ["c"]


def test_a_process_may_start_by_a_message_or_by_hand(case: Make) -> None:
    by_message = diagram(
        message("M", "came"),
        process("p", start("s", on_message("M", into("fb"))), user("a"), end(), flows("s a end")),
    )
    sent, by_hand = case(by_message), case(by_message)

    sent.start_by("came", text="hello")
    by_hand.start(fb={"text": "by phone"})

    assert sent.variables == {"fb": {"text": "hello"}}
    assert by_hand.variables == {"fb": {"text": "by phone"}}
    assert sent.result.trail.path == ("s", "f_s_a")
    with pytest.raises(UnfitDataError):
        case(by_message).start_by("other")


def test_an_event_sub_process_takes_every_message_beside_the_process(case: Make) -> None:
    note = scope(
        "note",
        start("ns", on_message("M", into("info"))),
        user("read"),
        end("ne"),
        flows("ns read ne"),
        by_event=True,
    )
    run = case(
        diagram(
            message("M", "customer_info"),
            process("p", start(), user("a"), user("b"), end(), note, flows("start a b end")),
        )
    )
    run.start(k=1)
    run.complete("a")

    run.send("customer_info", text="one", typename="evil")
    run.send("customer_info", text="two")

    assert run.open == ["b", "read", "read"]
    assert run.data("read", nth=1) == {"k": 1, "info": {"text": "two"}}
    run.complete("b")
    assert not run.result.completed
    run.complete("read")
    run.complete("read")
    assert run.result.completed
    assert not run.result.after.messages


def test_instances_that_share_specs_do_not_see_each_others_event_sub_processes(
    case: Make,
) -> None:
    note = scope(
        "note",
        start("ns", on_message("M")),
        user("read"),
        end("ne"),
        flows("ns read ne"),
        by_event=True,
    )
    one = case(
        diagram(
            message("M", "info"),
            process("p", start(), user("a"), end(), note, flows("start a end")),
        )
    )
    one.start()
    one.send("info")

    one.start()

    assert one.open == ["a"]
    one.complete("a")
    assert one.result.completed


def test_a_called_process_shares_its_variables(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                script("pre", "x = 1"),
                call("c", "q"),
                user("z"),
                end(),
                flows("start pre c z end"),
            ),
            process(
                "q",
                start("qs"),
                user("qa"),
                script("vat", "vat = x * 2"),
                end("qe"),
                flows("qs qa vat qe"),
            ),
        )
    )
    run.start()

    run.complete("qa", k=1)

    assert run.open == ["z"]
    assert run.variables == {"x": 1, "k": 1, "vat": 2}
    assert b'"inner":[]' in run.result.state


def test_a_sub_process_for_each_item_with_a_timer_inside(case: Make) -> None:
    inner = scope(
        "s",
        for_each("people", "person", "results", "res"),
        start("is"),
        user("vote"),
        boundary("late", "vote", after('"PT" + str(hours) + "H"')),
        script("no", 'res = {"who": person, "late": True}'),
        script("yes", 'res = {"who": person, "late": False}'),
        end("ie"),
        end("ie2"),
        flows("is vote yes ie", "late no ie2"),
    )
    run = case(
        diagram(process("p", start(), user("a"), inner, user("z"), end(), flows("start a s z end")))
    )
    run.start(people=["ann", "bob", "cyd"], hours=4)
    run.complete("a")
    assert (run.open, run.timers) == (["vote"] * 3, ["late"] * 3)

    run.complete("vote", nth=1)
    run.fire("late")
    run.complete("vote")

    assert (run.open, run.timers) == (["z"], [])
    assert run.variables["results"] == [
        {"who": "bob", "late": False},
        {"who": "ann", "late": True},
        {"who": "cyd", "late": False},
    ]
    assert "person" not in run.variables


def test_many_instances_may_be_entered_again(case: Make) -> None:
    task = user("u", for_each("people", "person", "votes", "vote"), variable="vote")
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                task,
                user("a"),
                choice("g", "end"),
                end(),
                flows("start m u a g [again]-> m", "g end"),
            )
        )
    )
    run.start(people=["ann", "bob"])
    votes = None

    for again in (True, False):
        run.complete("u", says="yes")
        run.complete("u", says="no")
        votes = run.variables["votes"]
        run.complete("a", again=again)

    assert votes == [{"says": "yes"}, {"says": "no"}]
    assert run.result.completed


def test_one_item_after_the_other(case: Make) -> None:
    task = user(
        "u", for_each("people", "person", "votes", "vote", sequential=True), variable="vote"
    )
    run = case(diagram(process("p", start(), task, user("z"), end(), flows("start u z end"))))
    run.start(people=["ann", None, "cyd"])

    seen = []
    while run.open == ["u"]:
        seen.append(run.data("u")["person"])
        run.complete("u", n=len(seen))

    assert seen == ["ann", None, "cyd"]
    assert run.variables["votes"] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_enough_answers_end_the_others(case: Make) -> None:
    enough = for_each("people", "person", "votes", "vote", until='vote.says == "no"')
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("u", enough, variable="vote"),
                user("z"),
                end(),
                flows("start u z end"),
            )
        )
    )
    run.start(people=[1, 2, 3])

    run.complete("u", says="yes")
    assert run.open == ["u", "u"]
    run.complete("u", says="no")

    assert run.open == ["z"]
    assert run.variables["votes"] == [{"says": "yes"}, {"says": "no"}]


def test_a_task_is_repeated_while_its_condition_holds(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a", while_("n < 3", 5)),
                user("z"),
                end(),
                flows("start a z end"),
            )
        )
    )
    run.start(n=0)

    for n in (1, 2, 3):
        assert run.open == ["a"]
        run.complete("a", n=n)

    assert (run.open, run.variables) == (["z"], {"n": 3})


def test_a_decision_replaces_variables_and_is_in_the_trail(case: Make) -> None:
    table = decision_table(
        "risk",
        ["amount"],
        ["level", "boss"],
        [["> 100", '"high"', "true"], ["-", '"low"', "false"]],
    )
    run = case(
        diagram(
            process(
                "p",
                start(),
                rule("named", "risk", result="route"),
                rule("plain", "risk"),
                choice("g", "z"),
                user("a"),
                user("z"),
                end(),
                flows('start named plain g [route.level == "high" and boss]-> a end', "g z end"),
            )
        ),
        table,
    )

    run.start(amount=500, route={"old": 1})

    assert run.open == ["a"]
    assert run.variables == {
        "amount": 500,
        "route": {"level": "high", "boss": True},
        "level": "high",
        "boss": True,
    }
    [first, second] = run.result.trail.decisions
    assert (first.activity_id, first.decision, first.rows) == ("named", "risk", (1,))
    assert (second.inputs, second.outputs) == ({"amount": 500}, {"level": "high", "boss": True})


def test_an_inside_operation_gives_its_result_at_once(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                service("s", "record.create", {"kind": '"Risk"', "n": "a + 1"}),
                user("z"),
                end(),
                flows("start s z end"),
            )
        ),
        record__create=lambda kind, n: {"kind": kind, "number": n},
    )

    run.start(a=1)

    assert run.variables == {"a": 1, "result": {"kind": "Risk", "number": 2}}
    [done] = run.result.trail.operations
    assert (done.activity_id, done.name, done.result["number"]) == ("s", "record.create", 2)
    assert (run.operations.kept, run.operations.undone) == (["s"], [])


def test_an_operation_without_a_result_variable_leaves_no_trace_in_the_data(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                service("s", "notify", result=None),
                user("z"),
                end(),
                flows("start s z end"),
            )
        ),
        notify=lambda: {"sent": 1},
    )

    run.start()

    assert run.variables == {}


def test_an_outside_operation_waits_for_its_answer(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                service("s", "outside.http", {"url": '"x/" + who'}),
                script("use", "n = result.n + 1"),
                user("z"),
                end(),
                flows("start a s use z end"),
            )
        )
    )
    run.start(who="ann")
    run.complete("a")

    [waiting] = run.result.after.operations.values()
    assert (waiting.name, waiting.parameters) == ("outside.http", {"url": "x/ann"})
    late = commands.AnswerOperation(waiting.id, {"n": 1})
    run.answer("s", {"n": 41, "typename": "x"})

    assert run.open == ["z"]
    assert run.variables["n"] == 42
    assert "s" in run.result.trail.path
    with pytest.raises(TaskGoneError):
        run.do(late)


def test_an_interrupting_timer_takes_an_outside_operation_back(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                service("s", "outside.http"),
                boundary("t", "s", after('"PT1H"')),
                user("z"),
                user("late"),
                end(),
                end("e2"),
                flows("start s z end", "t late e2"),
            )
        )
    )
    run.start()
    answer = commands.AnswerOperation(run.operation_id("s"), {})

    run.fire("t")

    assert (run.open, run.result.after.operations) == (["late"], {})
    with pytest.raises(TaskGoneError):
        run.do(answer)


def test_a_terminate_end_ends_everything(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                user("b"),
                boundary("t", "b", after('"PT1H"')),
                end("stop", terminate()),
                end(),
                end("e3"),
                flows("start fork a stop", "fork b end", "t e3"),
            )
        )
    )
    run.start()

    run.complete("a", x=1)

    assert run.result.completed
    assert (run.open, run.timers, run.result.end_event) == ([], [], "stop")
    assert run.variables == {"x": 1}


def test_variables_of_one_task_and_of_the_instance_can_be_read(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                user("b"),
                user("b2"),
                end(),
                end("e2"),
                flows("start fork a end", "fork b b2 e2"),
            )
        )
    )
    run.start(k=0)
    run.complete("b", own=1)

    assert run.data("a") == {"k": 0}
    assert run.data("b2") == {"k": 0, "own": 1}
    assert read_variables(run.definition, run.result.state, None) == {"k": 0, "own": 1}


def test_nothing_is_kept_that_is_not_json(case: Make) -> None:
    run = case(diagram(process("p", start(), user("a"), end(), flows("start a end"))))
    run.start()

    for fields in ({"x": float("nan")}, {"x": {1: 2}}, {"x": 2**60}, {"x": "y" * 1_100_000}):
        with pytest.raises(UnfitDataError):
            run.complete("a", **fields)

    assert run.open == ["a"]


def test_the_trail_names_an_activity_for_each_time_it_ran_or_once_if_it_did_not(
    case: Make,
) -> None:
    many = user("u", for_each("items", "item"))
    run = case(diagram(process("p", start(), many, user("z"), end(), flows("start u z end"))))

    nothing = run.start(items=[]).trail.path
    run.start(items=[1, 2])
    first = run.complete("u").trail.path
    second = run.complete("u").trail.path

    assert nothing == ("start", "f_start_u", "u", "f_u_z")
    assert (first, second) == (("u",), ("u", "f_u_z"))


def test_threads_may_run_instances_of_one_definition_at_once(sandbox: Sandbox) -> None:
    many = scope(
        "s",
        for_each("items", "item", "results", "res"),
        start("is"),
        user("u"),
        script("double", "res = item * 2"),
        end("ie"),
        flows("is u double ie"),
    )
    bpmn = diagram(process("p", start(), many, user("z"), end(), flows("start s z end")))
    definition = build_definition(DefinitionSource("p", {"p.bpmn": bpmn}))

    def run_one(number: int) -> list[int]:
        run = Case(sandbox, {}, definition=definition)
        run.start(items=[number, number + 1])
        run.complete("u")
        run.complete("u", nth=0)
        assert run.incidents == []
        results: list[int] = run.variables["results"]
        return results

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(run_one, range(40)))

    assert results == [[n * 2, n * 2 + 2] for n in range(40)]
