import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    boundary,
    chain,
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
