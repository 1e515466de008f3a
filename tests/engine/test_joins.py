"""Where branches meet: which tokens are waited for, and what becomes of the data."""

from collections.abc import Callable
from typing import Any

import pytest

from ssflow.engine.joins import merge_three_way
from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    choice,
    diagram,
    end,
    flows,
    inclusive,
    parallel,
    process,
    scope,
    script,
    service,
    start,
    user,
)

Make = Callable[..., Case]


@pytest.mark.parametrize(
    ("onto", "old", "new", "merged"),
    [
        ({"x": 1}, {"x": 0}, {"x": 0}, {"x": 1}),
        ({"x": 1}, {"x": 0}, {"x": 2}, {"x": 2}),
        ({}, {}, {"x": 1}, {"x": 1}),
        ({"x": 0, "y": 1}, {"x": 0}, {}, {"y": 1}),
        (
            {"d": {"a": 1, "b": 0}},
            {"d": {"a": 0, "b": 0}},
            {"d": {"a": 0, "b": 2}},
            {"d": {"a": 1, "b": 2}},
        ),
        ({"d": {"a": 1}}, {"d": {"a": 0, "b": 0}}, {"d": {"a": 0}}, {"d": {"a": 1}}),
        ({"l": [1, 2]}, {"l": [1]}, {"l": [1, 3]}, {"l": [1, 3]}),
        ({"d": 5}, {"d": {"a": 0}}, {"d": {"a": 1}}, {"d": {"a": 1}}),
        ({"x": None}, {}, {"x": None}, {"x": None}),
    ],
)
def test_three_way_merge(
    onto: dict[str, Any], old: dict[str, Any], new: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge_three_way(onto, old, new) == merged


def test_merging_changes_nothing_in_place() -> None:
    onto = {"d": {"a": {"x": 1}}, "l": [1]}
    old = {"d": {"a": {"x": 0}}, "l": [1]}

    merged = merge_three_way(onto, old, {"d": {"a": {"x": 0, "y": 2}}, "l": [1]})

    assert merged == {"d": {"a": {"x": 1, "y": 2}}, "l": [1]}
    assert onto == {"d": {"a": {"x": 1}}, "l": [1]}
    assert merged["l"] is onto["l"]


def test_a_parallel_gateway_that_closes_a_loop_does_not_wait_for_the_way_back(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("join"),
                user("a"),
                choice("g", "join"),
                user("z"),
                end(),
                flows("start join a g [stop]-> z end", "g join"),
            )
        )
    )
    run.start(stop=False)

    for n in range(4):
        assert run.open == ["a"]
        run.complete("a", n=n)
    run.complete("a", stop=True)

    assert run.open == ["z"]


def test_a_parallel_gateway_in_a_loop_waits_for_both_ways_in_each_time(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                parallel("fork"),
                parallel("join"),
                user("a"),
                user("b"),
                user("c"),
                choice("g", "m"),
                user("z"),
                end(),
                flows("start m fork a join c g [stop]-> z end", "fork b join", "g m"),
            )
        )
    )
    run.start(stop=False)

    for order in ("ab", "ba", "ab"):
        run.complete(order[0])
        assert run.open == [order[1]]
        run.complete(order[1])
        assert run.open == ["c"]
        run.complete("c")

    assert run.open == ["a", "b"]


def test_a_token_may_come_twice_by_one_way_before_the_other_comes(case: Make) -> None:
    """A reminder that leads to the join brings its own token; the join waits for the rest."""
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                boundary("t", "a", after('"PT1H"'), cancel=False),
                choice("m"),
                user("b"),
                parallel("join"),
                user("z"),
                end(),
                flows("start fork a m join z end", "t m", "fork b join"),
            )
        )
    )
    run.start()

    run.fire("t")
    run.complete("a", x=1)
    assert run.open == ["b"]
    run.complete("b", y=2)

    assert run.open == ["z"]
    assert run.variables == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("variables", "opened"),
    [
        ({"x": True, "y": True}, ["a", "b"]),
        ({"x": True, "y": False}, ["a"]),
        ({"x": False, "y": False}, ["c"]),
    ],
)
def test_an_inclusive_join_waits_for_the_branches_that_were_taken(
    case: Make, variables: dict[str, Any], opened: list[str]
) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                inclusive("fork", "c"),
                user("a"),
                user("b"),
                user("c"),
                inclusive("join"),
                user("z"),
                end(),
                flows("start fork [x]-> a join z end", "fork [y]-> b join", "fork c join"),
            )
        )
    )
    run.start(**variables)
    assert run.open == opened

    for activity_id in opened:
        assert "z" not in run.open
        run.complete(activity_id, **{f"by_{activity_id}": 1})

    assert run.open == ["z"]
    assert {name for name in run.variables if name.startswith("by")} == {f"by_{n}" for n in opened}


def flow(source: str, target: str, number: int, condition: str = "True") -> str:
    """Draw one of several flows between the same two gateways."""
    return (
        f'<bpmn:sequenceFlow id="f_{number}" sourceRef="{source}" targetRef="{target}">'
        f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )


@pytest.mark.parametrize("split", [inclusive, parallel])
@pytest.mark.parametrize("straight", [1, 2])
def test_an_inclusive_join_that_a_flow_reaches_at_once_waits_for_the_branches_beside_it(
    case: Make, split: Callable[[str], str], straight: int
) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                split("fork"),
                *(flow("fork", "join", number) for number in range(straight)),
                user("a"),
                script("x", "x = 1"),
                inclusive("join"),
                user("z"),
                end(),
                flows("start fork [True]-> a join z end", "fork [True]-> x join"),
            )
        )
    )
    run.start()
    assert run.open == ["a"]

    run.complete("a", a=1)

    assert run.open == ["z"]
    assert run.data("z") == {"a": 1, "x": 1}


@pytest.mark.parametrize("gateway", [inclusive, parallel])
def test_flows_that_lead_straight_to_their_join_bring_one_token_together(
    case: Make, gateway: Callable[[str], str]
) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                gateway("fork"),
                *(flow("fork", "join", number) for number in range(3)),
                gateway("join"),
                user("z"),
                end(),
                flows("start fork", "join z end"),
            )
        )
    )

    run.start()

    assert run.open == ["z"]


def test_an_inclusive_join_waits_for_work_that_is_under_way_elsewhere(case: Make) -> None:
    """Sub-processes and outside operations are under way, though nobody waits for them here."""
    inner = scope("sp", start("is"), user("u"), end("ie"), flows("is u ie"))
    run = case(
        diagram(
            process(
                "p",
                start(),
                inclusive("fork"),
                user("a"),
                inner,
                service("s", "outside.x"),
                inclusive("join"),
                user("z"),
                end(),
                flows(
                    "start fork [True]-> a join z end",
                    "fork [True]-> sp join",
                    "fork [True]-> s join",
                ),
            )
        )
    )
    run.start()

    run.complete("a")
    assert run.open == ["u"]
    run.complete("u")
    assert run.open == []
    run.answer("s", 1)

    assert run.open == ["z"]


def test_an_inclusive_gateway_without_a_way_out_is_an_incident(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                user("a"),
                inclusive("fork"),
                user("b"),
                user("c"),
                end(),
                end("e2"),
                flows("start a fork [x > 1]-> b end", "fork [x > 5]-> c e2"),
            )
        )
    )
    run.start()

    run.complete("a", x=0)
    assert (run.incident.activity_id, run.incident.kind) == ("fork", "condition")
    run.retry(x=2)

    assert run.open == ["b"]


def test_inclusive_blocks_in_a_loop(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                choice("m"),
                inclusive("fork", "c"),
                user("a"),
                user("b"),
                user("c"),
                inclusive("join"),
                script("s", "n = n + 1"),
                choice("g", "m"),
                user("z"),
                end(),
                flows(
                    "start m fork [n > 0]-> a join s g [n > 2]-> z end",
                    "fork [n > 1]-> b join",
                    "fork c join",
                    "g m",
                ),
            )
        )
    )
    run.start(n=0)

    rounds = []
    while run.open != ["z"]:
        rounds.append(run.open)
        for activity_id in run.open:
            run.complete(activity_id)

    assert rounds == [["c"], ["a"], ["a", "b"]]


def test_the_last_branch_to_end_wins_a_conflict(case: Make) -> None:
    run = case(
        diagram(
            process(
                "p",
                start(),
                parallel("fork"),
                user("a"),
                user("b"),
                user("c"),
                end(),
                end("e2"),
                end("e3"),
                flows("start fork a end", "fork b e2", "fork c e3"),
            )
        )
    )
    run.start(x=0, deep={"a": 0, "b": 0})

    run.complete("a", x=1, deep={"a": 1, "b": 0})
    run.complete("b", x=2, only_b=True)
    run.complete("c", x=3, deep={"a": 0, "b": 3})

    assert run.variables == {"x": 3, "deep": {"a": 1, "b": 3}, "only_b": True}


def test_a_branch_that_ends_early_keeps_what_it_changed(case: Make) -> None:
    xml = diagram(
        process(
            "p",
            start(),
            script("x", "n = 0"),
            parallel("fork"),
            script("a", "n = 5"),
            end("end_a"),
            user("b"),
            end("end_b"),
            flows("start x fork a end_a", "fork b end_b"),
        )
    )
    run = case(xml)

    run.start()
    run.complete("b")

    assert run.variables["n"] == 5
