import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    problems_of,
    script,
    several,
    start,
    user,
)


def _repeated(loop: str, before: str = 'people = ["ann"]') -> bytes:
    """Draw a user task that runs several times; its form is its answer."""
    task = user("U_a", loop, form="review").replace(
        "</bpmn:extensionElements>",
        "<spiffworkflow:variableName>answer</spiffworkflow:variableName></bpmn:extensionElements>",
    )
    return diagram(
        start(), script("X_a", before), task, end(), chain("Start_1", "X_a", "U_a", "E_done")
    )


def test_a_multi_instance_task_with_lists_is_fine() -> None:
    assert problems_of(_repeated(several())) == ()


def test_a_number_of_rounds_is_fine_with_a_new_list() -> None:
    assert problems_of(_repeated(several(None, cardinality="3"))) == ()


@pytest.mark.parametrize("missing", [{"output": None}, {"output_item": None}])
def test_results_need_a_collection(missing: dict[str, None]) -> None:
    assert_breaks(_repeated(several(**missing)), "multi-instance-without-output", "U_a")


@pytest.mark.parametrize(
    "loop", [several(None), several("people", cardinality="3")], ids=["nothing", "both"]
)
def test_a_multi_instance_task_runs_over_one_thing(loop: str) -> None:
    assert_breaks(_repeated(loop), "multi-instance-without-input", "U_a")


def test_a_loop_needs_a_bound() -> None:
    assert_breaks(
        _repeated(element("standardLoopCharacteristics", None)), "loop-without-limit", "U_a"
    )


def test_a_loop_runs_once_at_least() -> None:
    never = element("standardLoopCharacteristics", None, loopMaximum="0")

    assert_breaks(_repeated(never), "loop-without-limit", "U_a")


def test_a_loop_with_a_condition_or_a_maximum_is_fine() -> None:
    condition = element(
        "standardLoopCharacteristics", None, element("loopCondition", None, "len(people) == 0")
    )
    maximum = element("standardLoopCharacteristics", None, loopMaximum="3")

    assert problems_of(_repeated(condition)) == ()
    assert problems_of(_repeated(maximum)) == ()


@pytest.mark.parametrize("name", ["plan.lines", "two words", "class", "1st"])
def test_a_collection_is_a_variable(name: str) -> None:
    data = _repeated(several(name))

    found = problems_of(data)

    assert "variable-name" in [one.code for one in found if one.element_id == "U_a"]
