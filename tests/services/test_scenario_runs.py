"""Running scenarios: on the real engine, with their own clock, people and records."""

import json
from pathlib import Path
from typing import Any

import pytest

from ssflow.errors import InvalidInputError
from ssflow.services import scenarios
from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import ScenarioReport, run_scenarios
from tests.cli.conftest import write
from tests.engine.diagrams import (
    after,
    boundary,
    call,
    catch,
    diagram,
    end,
    every,
    flows,
    into,
    message,
    on_message,
    process,
    script,
    start,
    user,
)
from tests.services.bundles import Files, bundle, number_field, one_task, two_tasks, with_form

DO = {"complete": "U_do", "as": "service_owner"}


def run(folder: Path, files: Files, *told: dict[str, Any], key: str = "p") -> ScenarioReport:
    walks = [{"name": f"walk {n}", **scenario} for n, scenario in enumerate(told)]
    content = json.dumps({"process": key, "scenarios": walks}).encode()
    return run_scenarios(write(folder, {**files, f"{key}.scenarios.json": content}), run_due_jobs)


def failure(folder: Path, files: Files, **scenario: Any) -> str:
    [played] = run(folder, files, scenario).played
    assert played.failure is not None
    return played.failure


def test_a_walk_that_goes_as_told_passes(tmp_path: Path) -> None:
    report = run(tmp_path, one_task(), {"steps": [DO], "expect": {"ended": "end"}})

    assert (report.failed, report.coverage[0].missed) == ([], [])


def test_each_walk_begins_anew(tmp_path: Path) -> None:
    given = {"records": [{"kind": "Customer", "values": {"name": "Acme"}}]}
    walk = {"given": given, "steps": [DO], "expect": {"records": {"Customer": {"name": "Acme"}}}}

    assert run(tmp_path, one_task(), walk, walk).failed == []


def test_flows_that_no_walk_took_are_missed(tmp_path: Path) -> None:
    [covered] = run(tmp_path, two_tasks(), {"steps": []}).coverage

    assert (covered.process, covered.flows) == ("p", 3)
    assert [missed.partition(":")[0] for missed in covered.missed] == [
        "f_U_ask_U_answer",
        "f_U_answer_end",
    ]


def test_people_keep_apart_by_name(tmp_path: Path) -> None:
    files = two_tasks(role="customer", exclude="=[done_by['U_ask']]")
    people = [{"name": "ann", "roles": ["customer"]}, {"name": "ben", "roles": ["customer"]}]
    steps = [
        {"complete": "U_ask", "as": "ann"},
        {"refuse": "U_answer", "as": "ann", "status": 403},
        {"complete": "U_answer", "as": "ben"},
    ]
    walk = {"given": {"people": people}, "steps": steps, "expect": {"audit": ["sod.blocked"]}}

    assert run(tmp_path, files, walk).failed == []


def test_time_passes_and_timers_fire_in_order(tmp_path: Path) -> None:
    files = bundle(
        start(),
        user("U_do", role="service_owner"),
        boundary("T_nag", "U_do", after("'P2D'"), cancel=False),
        boundary("T_end", "U_do", after("'P5D'")),
        end(),
        end("E_nagged"),
        end("E_late"),
        flows("start U_do end", "T_nag E_nagged", "T_end E_late"),
    )
    steps: list[dict[str, Any]] = [
        {"advance": "P3D"},
        {"expect": {"open": ["U_do"], "path": ["T_nag", "E_nagged"]}},
        {"advance": "wd(3)"},
    ]
    expect = {"ended": "E_late", "path": ["T_nag", "T_end"], "audit": ["timer.fired"]}

    assert run(tmp_path, files, {"steps": steps, "expect": expect}).failed == []


def waiting_for_an_answer() -> Files:
    return {
        "p.bpmn": diagram(
            message("m", "answer"),
            process(
                "p",
                start(),
                catch("I", on_message("m", into("told"))),
                end(),
                flows("start I end"),
            ),
        )
    }


def test_messages_go_by_the_business_key(tmp_path: Path) -> None:
    other = {"message": "answer", "correlation_key": "K2", "status": "buffered"}
    steps = [other, {"message": "answer", "payload": {"text": "Yes"}, "status": "delivered"}]
    expect = {"ended": "end", "variables": {"told": {"text": "Yes"}}}
    walk = {"start": {"business_key": "K1"}, "steps": steps, "expect": expect}

    assert run(tmp_path, waiting_for_an_answer(), walk).failed == []


def test_a_message_that_comes_too_early_is_kept_as_in_the_product(tmp_path: Path) -> None:
    files = {
        "p.bpmn": diagram(
            message("m", "answer"),
            process(
                "p",
                start(),
                user("U_ask", role="service_owner"),
                catch("I", on_message("m", into("told"))),
                end(),
                flows("start U_ask I end"),
            ),
        )
    }
    early = {"message": "answer", "message_id": "x", "payload": {"text": "Yes"}}
    steps = [early, {**early, "status": "duplicate"}, {"complete": "U_ask", "as": "service_owner"}]
    expect = {"ended": "end", "variables": {"told": {"text": "Yes"}}}
    walk = {"start": {"business_key": "K1"}, "steps": steps, "expect": expect}

    assert run(tmp_path, files, walk).failed == []


def test_a_message_that_the_product_refuses_is_refused(tmp_path: Path) -> None:
    refused = {"message": "answer", "payload": {"now": 1}, "status": 422}
    walk = {"steps": [refused, {"message": "answer", "correlation_key": "K1", "status": 202}]}

    assert run(tmp_path, waiting_for_an_answer(), walk).failed == []


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"status": 404}, "was buffered, not 404"),
        ({"status": "delivered"}, "was buffered, not delivered"),
        ({"payload": {"now": 1}}, "reserved"),
        ({"payload": {"now": 1}, "status": 403}, "reserved"),
    ],
)
def test_a_message_that_does_not_fare_as_told_fails_the_walk(
    tmp_path: Path, step: dict[str, Any], told: str
) -> None:
    walk = {"steps": [{"message": "answer", "correlation_key": "K2", **step}]}

    [failed] = run(tmp_path, waiting_for_an_answer(), walk).failed

    assert told in str(failed.failure)


def test_an_incident_is_retried_with_changes(tmp_path: Path) -> None:
    files = bundle(start(), script("X", "y = 1 / x"), end(), flows("start X end"))
    steps: list[dict[str, Any]] = [
        {"expect": {"incidents": ["X"]}},
        {"retry": "X", "changes": {"x": 2}},
    ]
    walk = {"start": {"variables": {"x": 0}}, "steps": steps, "expect": {"variables": {"y": 0.5}}}

    assert run(tmp_path, files, walk).failed == []


def test_called_bundles_come_from_the_same_root(tmp_path: Path) -> None:
    inner = process("inner", start(), user("U_x", role="brm"), end(), flows("start U_x end"))
    outer = process("p", start(), call("C", "inner"), end(), flows("start C end"))
    write(tmp_path / "processes" / "shared", {"inner.bpmn": diagram(inner)})
    steps = [{"complete": "U_x", "as": "brm"}]

    report = run(
        tmp_path / "processes" / "area",
        {"p.bpmn": diagram(outer)},
        {"steps": steps, "expect": {"ended": "end"}},
    )

    assert report.failed == []


# --- what a failure tells -------------------------------------------------------------------------


def test_a_failure_tells_the_step_and_the_fields(tmp_path: Path) -> None:
    files = with_form(number_field("amount", max=10))
    steps = [{"complete": "U_fill", "as": "service_owner", "form": {"amount": 11}}]

    told = failure(tmp_path, files, steps=steps)

    assert "step 1 (complete U_fill)" in told
    assert "[amount: " in told


@pytest.mark.parametrize(
    ("told", "scenario"),
    [
        ("U_other is not open; open is U_do", {"steps": [{**DO, "complete": "U_other"}]}),
        ("emperor", {"steps": [{**DO, "as": "emperor"}]}),
        (
            "U_do by service_owner was not refused",
            {"steps": [{"refuse": "U_do", "as": "service_owner"}]},
        ),
        ("U_do was refused with 404, not 403", {"steps": [{"refuse": "U_do", "as": "brm"}]}),
        ("X has no open incident", {"steps": [{"retry": "X"}]}),
        ("ended is running, expected end", {"expect": {"ended": "end"}}),
        ("open is ['U_do'], expected []", {"expect": {"open": []}}),
        ("x is None, expected 1", {"expect": {"variables": {"x": 1}}}),
        ("the way did not pass end", {"expect": {"path": ["start", "end"]}}),
        (
            "no Customer has {'name': 'Acme'}",
            {"expect": {"records": {"Customer": {"name": "Acme"}}}},
        ),
        ("there is no register Nothing", {"expect": {"records": {"Nothing": {}}}}),
        ("the trail has no timer.fired", {"expect": {"audit": ["timer.fired"]}}),
        ("incidents are at [], expected ['X']", {"expect": {"incidents": ["X"]}}),
        ("A record of Customer needs name", {"given": {"records": [{"kind": "Customer"}]}}),
        ("There is no register Nothing", {"given": {"records": [{"kind": "Nothing"}]}}),
        ("soon", {"steps": [{"advance": "soon"}]}),
        ("soon", {"start": {"at": "soon"}}),
        ("soon", {"given": {"records": [{"kind": "Holiday", "values": {"day": "soon"}}]}}),
        ("gold", {"given": {"records": [{"kind": "Customer", "values": {"tier": "gold"}}]}}),
    ],
)
def test_a_failure_tells_what_is_wrong(tmp_path: Path, told: str, scenario: dict[str, Any]) -> None:
    assert told in failure(tmp_path, one_task(), **scenario)


def test_a_bundle_that_cannot_be_deployed_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        run(tmp_path, one_task(role="emperor"), {})


def test_a_walk_through_too_many_moments_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenarios, "MAX_ROUNDS", 10)
    border = boundary("B", "U_do", every('"R/PT1S"'), cancel=False)
    task = user("U_do", role="service_owner")
    ways = flows("start U_do end", "B end2")
    ticking = bundle(start(), task, border, end(), end("end2"), ways)

    told = failure(tmp_path, ticking, steps=[{"advance": "P1D"}])

    assert told == "Jobs became due at more than 10 moments; let less time pass."
