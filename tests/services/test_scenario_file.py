"""Scenario files: what is read, and what is refused with its place."""

import json
from typing import Any

import pytest

from ssflow.errors import InvalidInputError
from ssflow.services.scenario_file import read_scenarios


def read(**scenario: Any) -> Any:
    content = json.dumps({"process": "p", "scenarios": [{"name": "walk", **scenario}]})
    [found] = read_scenarios(content.encode(), "p.scenarios.json")
    return found


def test_a_scenario_is_read_as_it_stands() -> None:
    scenario = read(
        start={"variables": {"a": 1}},
        given={"people": [{"name": "ann", "roles": ["brm"]}]},
        steps=[{"complete": "U_do", "as": "ann"}, {"advance": "P1D"}],
        expect={"ended": "end"},
    )

    assert (scenario.process, scenario.name) == ("p", "walk")
    assert scenario.start == {"variables": {"a": 1}}
    assert [next(iter(step)) for step in scenario.steps] == ["complete", "advance"]
    assert scenario.expect == {"ended": "end"}


def test_everything_but_the_name_may_be_left_out() -> None:
    scenario = read()

    assert (scenario.start, scenario.given, list(scenario.steps), scenario.expect) == (
        {},
        {},
        [],
        {},
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff",
        b"[" * 100_000,
        b'{"scenarios": []}',
        b'{"process": 5}',
        b'{"process": "p", "scenarios": 5}',
        b'{"process": "p", "scenarios": {}}',
        b'{"process": "p", "scenarios": [5]}',
        b'{"process": "p", "scenarios": [{}]}',
    ],
)
def test_what_holds_no_scenarios_is_told_by_its_file(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"p\.scenarios\.json"):
        read_scenarios(content, "p.scenarios.json")


@pytest.mark.parametrize(
    "told",
    [
        {"surprise": 1},
        {"start": 5},
        {"start": []},
        {"given": []},
        {"expect": "end"},
        {"steps": {}},
        {"steps": 5},
        {"steps": ["U_do"]},
        {"steps": [{}]},
        {"steps": [{"complete": "U", "advance": "P1D"}]},
        {"steps": [{"dance": "U"}]},
        {"steps": [{"complete": "U_do"}]},
        {"steps": [{"claim": "U_do"}]},
        {"steps": [{"refuse": "U_do"}]},
        {"steps": [{"complete": 5, "as": "ann"}]},
        {"steps": [{"complete": "U", "as": "ann", "form": 5}]},
        {"steps": [{"expect": 5}]},
        {"steps": [{"message": 5}]},
        {"steps": [{"given": "a record"}]},
    ],
)
def test_a_malformed_scenario_is_told_by_file_and_name(told: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"p\.scenarios\.json: walk"):
        read(**told)
