import random
from collections import Counter

import pytest

from ssflow.engine.scripts import Sandbox
from tests.engine.cases import Case
from tests.engine.rules.diagrams import (
    FILE,
    assert_breaks,
    boundary,
    chain,
    check,
    definition,
    diagram,
    end,
    flow,
    gateway,
    problems_of,
    script,
    start,
    sub_process,
    timer,
    user,
)


def _between(split: str, join: str, *more: str, **attributes: str) -> bytes:
    """Draw two user tasks between two gateways."""
    first = flow("G_a", "U_a", "1 == 2" if split in ("exclusive", "inclusive") else None)
    return diagram(
        start(),
        gateway("G_a", split, **attributes),
        user("U_a"),
        user("U_b"),
        gateway("G_b", join),
        user("U_c"),
        end(),
        chain("Start_1", "G_a"),
        first,
        chain("U_a", "G_b", "U_c", "E_done"),
        chain("G_a", "U_b", "G_b"),
        *more,
    )


def test_a_parallel_join_behind_a_choice_starves() -> None:
    data = _between("exclusive", "parallel", default="F_G_a_U_b")

    assert assert_breaks(data, "join-may-starve", "G_b").severity == "warning"


def test_an_exclusive_join_behind_parallel_work_runs_twice() -> None:
    data = _between("parallel", "exclusive")

    assert assert_breaks(data, "work-done-twice", "U_c").severity == "warning"


@pytest.mark.parametrize(
    "data",
    [
        _between("parallel", "parallel"),
        _between("exclusive", "exclusive", default="F_G_a_U_b"),
        _between("inclusive", "inclusive", default="F_G_a_U_b"),
    ],
)
def test_a_join_like_its_split_is_fine(data: bytes) -> None:
    assert problems_of(data) == ()


def test_a_branch_that_may_leave_by_timer_starves_the_join() -> None:
    data = _between(
        "parallel",
        "parallel",
        boundary("T_a", "U_a", timer('"P1D"')),
        end(id="E_late"),
        chain("T_a", "E_late"),
    )

    assert_breaks(data, "join-may-starve", "G_b")


def test_a_branch_that_ends_everything_by_timer_is_fine() -> None:
    data = _between(
        "parallel",
        "parallel",
        boundary("T_a", "U_a", timer('"P1D"')),
        end(definition("terminate"), id="E_late"),
        chain("T_a", "E_late"),
    )

    assert problems_of(data) == ()


def test_parallel_branches_may_end_apart_or_at_one_end() -> None:
    data = diagram(
        start(),
        gateway("P_a", "parallel"),
        user("U_a"),
        user("U_b"),
        user("U_c"),
        end(),
        end(id="E_other"),
        chain("Start_1", "P_a", "U_a", "E_done"),
        chain("P_a", "U_b", "E_done"),
        chain("P_a", "U_c", "E_other"),
    )

    assert problems_of(data) == ()


def test_a_loop_around_parallel_work_is_fine() -> None:
    data = diagram(
        start(),
        script("X_a", "n = 1"),
        gateway("G_in"),
        gateway("P_a", "parallel"),
        user("U_a"),
        user("U_b"),
        gateway("P_b", "parallel"),
        gateway("G_out", default="F_G_out_E_done"),
        end(),
        chain("Start_1", "X_a", "G_in", "P_a", "U_a", "P_b", "G_out", "E_done"),
        chain("P_a", "U_b", "P_b"),
        flow("G_out", "G_in", "n > 1"),
    )

    assert problems_of(data) == ()


def test_a_join_inside_a_sub_process_is_seen() -> None:
    inner = sub_process(
        "SP_a",
        start(id="S2"),
        gateway("G_a", default="F_G_a_U_b"),
        user("U_a"),
        user("U_b"),
        gateway("G_b", "parallel"),
        end(id="E2"),
        chain("S2", "G_a", "U_b", "G_b", "E2"),
        flow("G_a", "U_a", "1 == 2"),
        chain("U_a", "G_b"),
    )
    data = diagram(start(), inner, end(), chain("Start_1", "SP_a", "E_done"))

    assert_breaks(data, "join-may-starve", "G_b")


def test_a_wide_diagram_is_decided_though_its_branches_are_long() -> None:
    names = [[f"X_{branch}_{step}" for step in range(8)] for branch in range(8)]
    data = diagram(
        start(),
        gateway("P_a", "parallel"),
        *(script(name, f"{name} = 1") for branch in names for name in branch),
        gateway("P_b", "exclusive"),
        user("U_a"),
        end(),
        chain("Start_1", "P_a"),
        *(chain("P_a", *branch, "P_b") for branch in names),
        chain("P_b", "U_a", "E_done"),
    )

    assert_breaks(data, "work-done-twice", "U_a")


KINDS = ("script", "exclusive", "exclusive", "parallel", "parallel")


def _draw_at_random(chance: random.Random) -> bytes:
    """Draw scripts and gateways with flows that lead on, and choices that are settled by chance."""
    kinds = {f"N_{number}": chance.choice(KINDS) for number in range(chance.randint(3, 8))}
    names = [*kinds, "E_done"]
    ways = {
        name: sorted(chance.sample(ahead, min(len(ahead), chance.randint(1, 3) if many else 1)))
        for at, name in enumerate(kinds)
        for ahead in [names[at + 1 : at + 4]]
        for many in [kinds[name] != "script"]
    }
    return diagram(
        start(),
        *(_draw_node(name, kind, ways[name]) for name, kind in kinds.items()),
        end(),
        chain("Start_1", "N_0"),
        *(
            _draw_flow(name, target, chance if is_choice and target != targets[0] else None)
            for name, targets in ways.items()
            for is_choice in [kinds[name] == "exclusive"]
            for target in targets
        ),
    )


def _draw_node(name: str, kind: str, ways: list[str]) -> str:
    if kind == "script":
        return script(name, f"{name} = 1")
    default = {"default": f"F_{name}_{ways[0]}"} if kind == "exclusive" and len(ways) > 1 else {}
    return gateway(name, kind, **default)


def _draw_flow(name: str, target: str, chance: random.Random | None) -> str:
    return flow(name, target, chance.choice(["1 == 1", "1 == 2"]) if chance else None)


@pytest.mark.parametrize("seed", range(8))
def test_a_random_diagram_without_problems_never_gets_stuck(seed: int, sandbox: Sandbox) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    ends: Counter[str] = Counter()

    for _ in range(60):
        data = _draw_at_random(chance)
        found = check(data)
        if not found.errors:
            case = Case(sandbox, {FILE: data}, key="P_main")
            ended = "done" if case.start().completed else "stuck"
            ends[f"{'warned' if found.problems else 'clean'}, {ended}"] += 1

    assert ends["clean, stuck"] == 0
    assert ends["clean, done"] > 0
    assert ends["warned, stuck"] > 0
