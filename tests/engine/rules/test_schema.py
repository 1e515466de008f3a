from threading import Thread

import pytest

from ssflow.engine.problems import Problem
from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    line_of,
    problems_of,
    start,
    table,
    user,
)


def test_a_departure_from_the_schema_is_located() -> None:
    data = diagram(
        start(), user("U_a"), end(), chain("Start_1", "U_a", "E_done"), '<bpmn:odd id="X_odd"/>'
    )

    problem = assert_breaks(data, "schema", "X_odd")

    assert "odd" in problem.message
    assert "http://" not in problem.message


def test_a_prefix_that_is_declared_further_down_is_located_by_line() -> None:
    odd = '<n:userTask xmlns:n="http://www.omg.org/spec/BPMN/20100524/MODEL" id="X_odd" at="1"/>'
    data = diagram(start(), end(), chain("Start_1", "E_done"), odd)

    [problem] = [one for one in problems_of(data) if one.code == "schema"]

    assert problem.line == line_of(data, "X_odd")


@pytest.mark.parametrize("data", [b"<html/>", table(("-", "1"))])
def test_a_file_of_another_kind_is_refused_once(data: bytes) -> None:
    found = problems_of(data)

    assert [(one.code, one.line) for one in found] == [("not-bpmn", 1)]


def test_files_may_be_checked_at_the_same_time() -> None:
    data = diagram(start(), end(), chain("Start_1", "E_done"), element("odd", "X_odd"))
    found: list[tuple[Problem, ...]] = []

    threads = [Thread(target=lambda: found.append(problems_of(data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [[one.code for one in problems] for problems in found] == [["schema"]] * 8
