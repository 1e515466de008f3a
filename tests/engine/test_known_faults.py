"""What stock SpiffWorkflow does wrongly without a word; each fault has its way to come back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ssflow.engine.definition_cache import build_definition
from ssflow.engine.saved_state import load_state
from ssflow.engine.spiff import TaskState
from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    choice,
    decision_table,
    diagram,
    end,
    flows,
    for_each,
    into,
    message,
    on_message,
    parallel,
    process,
    rule,
    script,
    start,
    user,
    while_,
)

Make = Callable[..., Case]


# F1: the branch that ends last must not undo what another one changed.


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_parallel_join_keeps_what_each_branch_changed(case: Make, order: tuple[str, str]) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                user("b"),
                parallel("join"),
                user("z"),
                end(),
                flows("start fork a join z end", "fork b join"),
            )
        )
    )
    run.start(x=0, deep={"left": 0, "right": 0}, names=["n"])
    changes: dict[str, dict[str, Any]] = {"a": {"x": 1, "deep": {"left": 1, "right": 0}}, "b": {}}

    for activity_id in order:
        run.complete(activity_id, **changes[activity_id])

    assert run.variables == {"x": 1, "deep": {"left": 1, "right": 0}, "names": ["n"]}


def test_a_parallel_join_merges_different_keys_of_one_object(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                user("b"),
                parallel("join"),
                user("z"),
                end(),
                flows("start fork a join z end", "fork b join"),
            )
        )
    )
    run.start(deep={"left": 0, "right": 0})

    run.complete("a", deep={"left": 1, "right": 0})
    run.complete("b", deep={"left": 0, "right": 2})

    assert run.variables == {"deep": {"left": 1, "right": 2}}


def test_a_branch_that_ends_early_counts_at_the_end(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                user("b"),
                end(),
                end("e2"),
                flows("start fork a end", "fork b e2"),
            )
        )
    )
    run.start(x=0, y=0)
    run.complete("a", x=1)
    assert run.variables == {"x": 1, "y": 0}

    run.complete("b", y=2)

    assert run.result.completed
    assert run.variables == {"x": 1, "y": 2}


def test_parallel_blocks_in_a_loop_join_once_each_round(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                parallel("fork"),
                user("a"),
                user("b"),
                parallel("join"),
                choice("g", "m"),
                user("z"),
                end(),
                flows("start m fork a join g [a + b >= 12]-> z end", "fork b join", "g m"),
            )
        )
    )
    run.start(a=0, b=0)

    for n in range(1, 7):
        assert run.open == ["a", "b"]
        first, second = ("a", "b") if n % 2 else ("b", "a")
        run.complete(first, **{first: n})
        assert run.open == [second]
        run.complete(second, **{second: n})

    assert (run.open, run.variables) == (["z"], {"a": 6, "b": 6})


# F2: a decision, a form or a join must not mix old and new lists.


def test_a_collecting_decision_in_a_loop_gives_only_this_rounds_rows(case: Make) -> None:
    table = decision_table(
        "d", ["n"], ["out"], [["1", '"x"'], ["1", '"y"'], ["2", '"z"']], "COLLECT"
    )
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                rule("r", "d"),
                user("a"),
                choice("g", "m"),
                end(),
                flows("start m r a g [n > 2]-> end", "g m"),
            )
        ),
        table,
    )

    run.start(n=1)
    assert run.variables["out"] == ["x", "y"]
    run.complete("a", n=2)

    assert run.variables["out"] == ["z"]


# F3: instances of many must report to their activity after a restart (the fresh mode).


def test_many_instances_go_on_after_a_restart(case: Make) -> None:
    many = user("u", for_each("items", "item", "results", "res"), variable="res")
    one_by_one = user(
        "v", for_each("items", "item", "more", "res", sequential=True), variable="res"
    )
    run = case(
        diagram(
            process(
                "p",
                start(),
                many,
                one_by_one,
                user("w", while_("n < 2")),
                user("z"),
                end(),
                flows("start u v w z end"),
            )
        )
    )
    run.start(items=[1, 2], n=0)

    for activity_id in ("u", "u", "v", "v"):
        run.complete(activity_id, of=activity_id)
    run.complete("w", n=1)
    run.complete("w", n=2)

    assert run.open == ["z"]
    assert (run.variables["results"], run.variables["more"]) == (
        [{"of": "u"}] * 2,
        [{"of": "v"}] * 2,
    )


# F4: a long run within one step must not lose its token.


def test_four_thousand_elements_in_one_step_lose_no_token(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                choice("m"),
                choice("x"),
                choice("y"),
                choice("g", "m"),
                user("z"),
                end(),
                flows("start a m x y g [False]-> z end", "g m"),
            )
        )
    )
    run.start()

    run.complete("a")

    assert run.incident.kind == "budget"
    assert not run.result.completed
    assert len(run.result.state) < 1_000
    run.retry()
    assert run.incident.kind == "budget"


# F5: a key called typename must be harmless wherever data is kept.


def test_typename_is_harmless_in_forms_items_payloads_and_results(case: Make) -> None:
    evil: dict[str, Any] = {"typename": "UUID", "value": "zz"}
    many = user("u", for_each("items", "item", "results", "res"), variable="res")
    run = case(
        diagram(
            message("M", "came"),
            process(
                "p",
                start(),
                user("a", variable="form"),
                script("c", 'y = form["typename"]'),
                many,
                user("w"),
                boundary("m", "w", on_message("M", into("why"))),
                user("z"),
                end(),
                end("e2"),
                flows("start a c u w end", "m z e2"),
            ),
        )
    )
    odd: dict[str, Any] = {"a.b": 1, "not an identifier": 2, "class": 3, "None": None}
    run.start(items=[evil, evil], typename="evil", **odd)

    run.complete("a", **evil)
    run.complete("u", **evil)
    run.complete("u", **evil)
    run.send("came", **evil)
    variables = run.variables
    run.complete("z", **evil)

    assert variables == {
        "items": [evil, evil],
        "typename": "evil",
        **odd,
        "form": evil,
        "y": "UUID",
        "results": [evil, evil],
        "why": evil,
    }
    assert run.result.completed
    assert run.variables["typename"] == "UUID"


# F6: a state holds names only, so a later version of the definition can load it.


def test_a_state_loads_with_a_later_version_that_has_the_same_elements(case: Make) -> None:
    def version(*path: str) -> bytes:
        return diagram(
            process(
                "p",
                start(),
                user("a"),
                boundary("t", "a", after('"PT5H"')),
                user("new"),
                user("b"),
                end(),
                end("e2"),
                flows(*path, "t e2"),
            )
        )

    run = case(version("start a b end", "new b"))
    run.start(k=1)
    [timer] = run.result.after.timers.values()
    task_id = run.task_id("a")

    later = case(version("start a new b end"))
    later.result = run.result
    later.complete("a", x=2)

    assert task_id in run.result.after.user_tasks
    assert timer.due_at.hour == 15
    assert (later.open, later.variables) == (["new"], {"k": 1, "x": 2})


# F7: without an output collection, an instance that changes nothing must undo nothing.


def test_instances_without_an_output_collection_keep_what_each_changed(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("u", for_each("items", "item")),
                user("z"),
                end(),
                flows("start u z end"),
            )
        )
    )
    run.start(items=[1, 2], v=0)

    run.complete("u", v=1)
    run.complete("u")

    assert run.variables == {"items": [1, 2], "v": 1}


# History: neither cost nor size may grow with it.


def test_two_thousand_rounds_leave_a_small_tree(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                user("a"),
                boundary("t", "a", after('"PT1H"'), cancel=False),
                user("r"),
                choice("g", "m"),
                end(),
                end("e2"),
                flows("start m a g [stop]-> end", "g m", "t r e2"),
            )
        )
    )
    run.start(stop=False, n=0)
    sizes = []

    for n in range(60 if run.fresh else 2_000):
        run.complete("a", n=n)
        sizes.append(len(run.result.state))
    workflow = load_state(run.result.state, run.definition, None)

    assert len(workflow.tasks) < 12
    assert max(sizes[5:]) - min(sizes[5:]) < 20
    assert run.variables["n"] == n


def test_ended_reminders_and_an_open_one_do_not_make_the_tree_grow(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                user("a"),
                boundary("t", "a", after('"PT1H"'), cancel=False),
                user("r"),
                choice("g", "m"),
                end(),
                end("e2"),
                flows("start m a g [stop]-> end", "g m", "t r e2"),
            )
        )
    )
    run.start(stop=False, n=0)
    run.fire("t")  # this reminder stays open all the time

    sizes = []
    for n in range(20):
        run.complete("a", n=n)
        run.fire("t")
        run.complete("r", nth=1, seen=n)
        sizes.append(len(json.loads(run.result.state)["main"]["tasks"]))

    assert sizes[-1] == sizes[2]
    run.complete("a", stop=True)
    run.complete("r")
    assert run.result.completed
    assert (run.variables["n"], run.variables["seen"]) == (19, 19)


def test_open_tasks_are_the_only_ones_without_an_end(case: Make) -> None:
    """A tree holds no guesses about the future: they cost most of a stock tree's size."""
    nodes = "".join(user(f"u{n}") for n in range(40))
    path = " ".join(f"u{n}" for n in range(40))
    run = case(diagram(process("p", start(), nodes, end(), flows(f"start {path} end"))))

    run.start()

    workflow = load_state(run.result.state, build_definition(run.source), None)
    unfinished = [t for t in workflow.tasks.values() if t.state & TaskState.NOT_FINISHED_MASK]
    assert [task.task_spec.name for task in unfinished] == ["u0"]


def test_an_event_behind_a_catch_is_forgotten_when_its_task_is_gone(case: Make) -> None:
    """Instances that are cut off with timers of their own leave no timer behind."""
    many = user("u", for_each("items", "item"))
    run = case(
        diagram(
            process(
                "p",
                start(),
                many,
                boundary("t", "u", after('"PT1H"')),
                catch("late", after('"P1D"')),
                end(),
                end("e2"),
                flows("start u end", "t late e2"),
            )
        )
    )
    run.start(items=[1, 2, 3])

    run.fire("t")

    assert (run.open, run.timers) == ([], ["late"])
    run.fire("late")
    assert run.result.completed
