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


@pytest.mark.parametrize(
    ("told", "scenario"),
    [
        (
            "start has no variable; it may have as, at, business_key, message, payload, variables.",
            {"start": {"variable": {}}},
        ),
        ('start: "variables" is an object.', {"start": {"variables": [1]}}),
        (
            (
                "expect has no luck; "
                "it may have audit, ended, incidents, open, path, records, variables."
            ),
            {"expect": {"luck": True}},
        ),
        ('expect: "path" is a list.', {"expect": {"path": "U_do"}}),
        ('expect: "records" is an object.', {"expect": {"records": ["Customer"]}}),
        ('one of people needs a "name".', {"given": {"people": [{"roles": ["brm"]}]}}),
        ('one of people: "roles" is a list.', {"given": {"people": [{"name": "a", "roles": "b"}]}}),
        ("one of people is an object.", {"given": {"people": ["ann"]}}),
        ('one of records needs a "kind".', {"given": {"records": [{"ref": "acme"}]}}),
        (
            "step 1 does several things; make complete and advance steps.",
            {"steps": [{"complete": "U", "as": "ann", "advance": "P1D"}]},
        ),
        (
            "step 1 has no fields; it may have as, complete, form.",
            {"steps": [{"complete": "U", "as": "ann", "fields": {}}]},
        ),
        (
            'step 1: "status" is a whole number.',
            {"steps": [{"refuse": "U", "as": "ann", "status": "403"}]},
        ),
        ('step 1: expect: "open" is a list.', {"steps": [{"expect": {"open": "U_do"}}]}),
    ],
)
def test_what_would_be_passed_over_is_refused(told: str, scenario: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(**scenario)

    assert refused.value.message == f"p.scenarios.json: walk: {told}"
