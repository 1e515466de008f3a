"""Activities that run many times: what they take, what they gather, what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.cases import Case
from tests.engine.diagrams import (
    diagram,
    end,
    flows,
    for_each,
    process,
    scope,
    script,
    so_often,
    start,
    user,
    while_,
)

Make = Callable[..., Case]


def around(activity: str, activity_id: str = "u") -> bytes:
    """Put an activity between two user tasks."""
    return diagram(
        process(
            "p",
            start(),
            user("a"),
            activity,
            user("z"),
            end(),
            flows(f"start a {activity_id} z end"),
        )
    )


def test_results_may_replace_the_items_in_place(case: Make) -> None:
    run = case(around(user("u", for_each("items", "item", "items", "res"), variable="res")))
    run.start(items=["x", "y", "z"])
    run.complete("a")

    run.complete("u", nth=1, n=2)
    run.complete("u", nth=0, n=1)
    run.complete("u", n=3)

    assert run.variables["items"] == [{"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize("sequential", [False, True])
def test_items_may_be_the_values_of_an_object(case: Make, *, sequential: bool) -> None:
    each = for_each("items", "item", "results", "res", sequential=sequential)
    run = case(around(script("s", "res = item * 2", each), "s"))
    run.start(items={"one": 1, "two": 2}, results={})

    run.complete("a")

    assert run.variables["results"] == {"one": 2, "two": 4}


def test_a_list_of_results_begins_afresh(case: Make) -> None:
    run = case(around(script("s", "res = item", for_each("items", "item", "results", "res")), "s"))
    run.start(items=[1, 2], results=["old"])

    run.complete("a")

    assert run.variables["results"] == [1, 2]


def test_nothing_to_run_for_goes_on_at_once(case: Make) -> None:
    for sequential in (False, True):
        each = for_each("items", "item", "results", "res", sequential=sequential)
        run = case(around(user("u", each)))
        run.start(items=[])

        run.complete("a")

        assert (run.open, run.variables["results"]) == (["z"], [])


def test_a_number_of_instances_is_given_its_number(case: Make) -> None:
    run = case(around(user("u", so_often("n + 1"))))
    run.start(n=1)
    run.complete("a")
    assert run.open == ["u", "u"]

    run.complete("u", x=1)
    run.complete("u", y=2)

    assert run.variables == {"n": 1, "x": 1, "y": 2}


@pytest.mark.parametrize(
    ("variables", "mended", "words"),
    [
        ({"items": 5}, {"items": [1]}, "items is not a list"),
        ({}, {"items": [1]}, "items is not a list"),
    ],
)
def test_items_must_be_there(
    case: Make, variables: dict[str, Any], mended: dict[str, Any], words: str
) -> None:
    run = case(around(user("u", for_each("items", "item", "results", "res"), variable="res")))
    run.start(**variables)

    run.complete("a")
    assert (run.incident.activity_id, run.incident.kind) == ("u", "data")
    assert words in run.incident.message
    run.retry(**mended)

    assert run.open == ["u"]


def test_the_name_of_an_item_must_be_free(case: Make) -> None:
    run = case(around(user("u", for_each("items", "item"))))
    run.start(items=[1], item="mine")

    run.complete("a")

    assert run.incident.message == "The item name item is in use already; choose another one."


# --- when enough have ended -----------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize(
    ("until", "rounds"),
    [
        ("numberOfCompletedInstances == 2", 2),
        ("numberOfCompletedInstances / numberOfInstances &gt; 0.5", 3),
        ("len(votes) == 4", 4),
        ('len([v for v in votes if v.says == "no"]) == 2', 3),
        ("numberOfInstances == 7", 5),
        ('vote.says == "yes"', 2),
    ],
)
def test_a_completion_condition_sees_how_many_ended_and_what_they_gave(
    case: Make, until: str, rounds: int, *, sequential: bool
) -> None:
    each = for_each("people", "person", "votes", "vote", sequential=sequential, until=until)
    run = case(around(user("u", each, variable="vote")))
    run.start(people=[1, 2, 3, 4, 5])
    run.complete("a")

    answers = iter(["no", "yes", "no", "yes", "no"])
    while "u" in run.open:
        run.complete("u", says=next(answers))

    assert (run.open, len(run.variables["votes"]), run.incidents) == (["z"], rounds, [])


def test_a_completion_condition_sees_how_many_are_still_going_on(case: Make) -> None:
    until = "numberOfActiveInstances &lt;= 1"
    together = case(around(user("u", for_each("items", "i", "all", "one", until=until))))
    in_turn = case(
        around(user("u", for_each("items", "i", "all", "one", until=until, sequential=True)))
    )
    for run in (together, in_turn):
        run.start(items=[1, 2, 3])
        run.complete("a")

    for run, rounds in ((together, 2), (in_turn, 1)):
        for _ in range(rounds):
            assert run.open[0] == "u"
            run.complete("u", one=1)
        assert run.open == ["z"]


def test_the_counts_are_known_at_the_end_of_a_sub_process_and_nowhere_else(case: Make) -> None:
    until = "numberOfCompletedInstances == 2"
    inner = scope(
        "s",
        for_each("items", "i", "all", "one", until=until),
        start("is"),
        script("x", "one = i"),
        user("u"),
        end("ie"),
        flows("is x u ie"),
    )
    run = case(around(inner, "s"))
    run.start(items=[1, 2, 3])
    run.complete("a")

    run.complete("u")
    run.complete("u")

    assert run.open == ["z"]
    assert run.variables["all"] == [1, 2]
    assert not [name for name in run.data("z") if name.startswith("numberOf")]


def test_a_completion_condition_that_fails_can_be_tried_again(case: Make) -> None:
    each = for_each("items", "i", "all", "one", until="len(all) &gt;= needed")
    run = case(around(user("u", each, variable="one")))
    run.start(items=[1, 2, 3])
    run.complete("a")

    run.complete("u", n=1)
    assert "needed" in run.incident.message
    run.retry(needed=1)

    assert (run.open, run.variables["all"]) == (["z"], [{"n": 1}])


def test_an_instance_must_give_its_result(case: Make) -> None:
    run = case(around(user("u", for_each("items", "item", "results", "res"))))
    run.start(items=[1])
    run.complete("a")

    run.complete("u", other=1)
    assert run.incident.message == "An instance ended without its result res."
    assert run.incident.variables["other"] == 1
    run.retry(res="now")

    assert (run.open, run.variables["results"]) == (["z"], ["now"])


def test_a_loop_stops_at_its_maximum(case: Make) -> None:
    run = case(around(script("s", "n = n + 1", while_("True", 4)), "s"))
    run.start(n=0)

    run.complete("a")

    assert (run.open, run.variables["n"]) == (["z"], 4)


def test_a_loop_that_tests_first_may_not_run_at_all(case: Make) -> None:
    loop = while_("n > 0").replace('testBefore="false"', 'testBefore="true"')
    run = case(around(user("u", loop)))
    run.start(n=0)

    run.complete("a")

    assert run.open == ["z"]
