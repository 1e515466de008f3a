"""Cases and definitions over REST."""

from uuid import uuid4

import pytest

from ssflow.domain.identity import Actor
from tests.services.bundles import (
    one_budget_a_year,
    one_task,
    text_field,
    two_tasks,
    with_form,
    with_script,
)
from tests.services.office import Office
from tests.web.api.calling import Caller, body, items, problem
from tests.web.api.conftest import Connect

INSTANCE_KEYS = {
    *("id", "key", "version", "business_key", "title", "status", "started_by", "started_at"),
    *("ended_at", "end_event", "open_incidents"),
}


def test_a_case_is_started(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())

    started = body(
        as_owner.post(
            "process-definitions/p/instances", {"business_key": "K1", "variables": {"a": 1}}
        ),
        201,
    )

    assert set(started) == INSTANCE_KEYS
    assert (started["key"], started["version"], started["business_key"]) == ("p", 1, "K1")
    assert (started["status"], started["started_by"]) == ("running", owner.key)
    assert started["started_at"] == "2026-03-02T09:30:00+00:00"
    assert body(as_owner.get(f"process-instances/{started['id']}")) == started
    variables = as_owner.get(f"process-instances/{started['id']}/variables")
    assert body(variables) == {"a": 1}


def test_a_start_that_is_refused_at_once_is_a_conflict(office: Office, as_owner: Caller) -> None:
    office.deploy(one_budget_a_year())
    sent = {"variables": {"fiscal_year": 2027}}
    first = body(as_owner.post("process-definitions/p/instances", sent), 201)

    refused = problem(as_owner.post("process-definitions/p/instances", sent), 409)

    assert "a year has only one budget" in refused["detail"]
    assert [one["id"] for one in items(as_owner.get("process-instances"))] == [first["id"]]


def test_a_former_version_is_started(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    office.deploy(two_tasks())

    started = body(as_owner.post("process-definitions/p/instances", {"version": 1}), 201)

    assert started["version"] == 1


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("q", {}, 404),
        ("p", {"version": 2}, 404),
        ("p", {"version": 0}, 422),
        ("p", {"version": 10**20}, 422),
        ("p", {"version": "one"}, 422),
        ("p", {"version": 1.5}, 422),
        ("p", {"variables": [1]}, 422),
        ("p", {"variables": {"initiator": "me"}}, 422),
        ("p", {"variables": {"n": 2**60}}, 422),
        ("p", {"business_key": "x" * 201}, 422),
        ("p", {"business_key": 5}, 422),
        ("p", {"surprise": 1}, 422),
        ("p", [], 422),
        ("p", 5, 422),
    ],
)
def test_what_cannot_be_started_is_told(
    office: Office, as_owner: Caller, path: str, sent: object, status: int
) -> None:
    office.deploy(one_task())

    problem(as_owner.post(f"process-definitions/{path}/instances", sent), status)

    assert items(as_owner.get("process-instances")) == []


def test_a_case_is_held_and_ended(office: Office, owner: Actor, as_admin: Caller) -> None:
    office.deploy(one_task())
    path = f"process-instances/{office.start(owner)}"

    held = body(as_admin.post(f"{path}/suspend", {"reason": "Audit"}))
    problem(as_admin.post(f"{path}/suspend", {"reason": "Audit"}), 409)
    resumed = body(as_admin.post(f"{path}/resume"))
    cancelled = body(as_admin.post(f"{path}/cancel", {"reason": "Mistake"}))
    problem(as_admin.post(f"{path}/cancel", {"reason": "Mistake"}), 409)

    assert [held["status"], resumed["status"]] == ["suspended", "running"]
    assert (cancelled["status"], cancelled["ended_at"]) == ("cancelled", cancelled["started_at"])


@pytest.mark.parametrize("act", ["suspend", "cancel"])
def test_a_reason_is_needed(office: Office, owner: Actor, as_admin: Caller, act: str) -> None:
    office.deploy(one_task())
    path = f"process-instances/{office.start(owner)}/{act}"

    for sent in ({}, {"reason": " "}, {"reason": 5}, {"reason": "x", "other": 1}):
        assert problem(as_admin.post(path, sent), 422)["errors"]


@pytest.mark.parametrize("act", ["suspend", "resume", "cancel"])
def test_only_administrators_hold_and_end(
    office: Office, owner: Actor, as_owner: Caller, connect: Connect, act: str
) -> None:
    office.deploy(one_task())
    path = f"process-instances/{office.start(owner)}/{act}"

    problem(as_owner.post(path, {"reason": "x"}), 403)
    problem(connect(office.hire("brm")).post(path, {"reason": "x"}), 404)


def test_cases_are_filtered(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    one, two = office.start(owner, business_key="K1"), office.start(owner, business_key="K2")
    office.complete(owner, office.task(two, "U_do").id)

    def seen(**query: str) -> set[str]:
        return {case["id"] for case in items(as_owner.get("process-instances", **query))}

    assert seen() == seen(key="p") == {str(one), str(two)}
    assert seen(status="completed") == seen(business_key="K2") == seen(q="k2") == {str(two)}
    assert seen(status="running") == {str(one)}
    assert seen(key="q") == seen(status="cancelled") == set()


@pytest.mark.parametrize("query", [{"status": "lost"}, {"limit": "0"}, {"cursor": "!"}, {"x": "1"}])
def test_a_query_that_makes_no_sense_is_told(as_owner: Caller, query: dict[str, str]) -> None:
    assert problem(as_owner.get("process-instances", **query), 422)["errors"]


@pytest.mark.parametrize("part", ["", "/variables", "/audit-events", "/diagram"])
def test_cases_of_others_are_not_there(
    office: Office, owner: Actor, connect: Connect, part: str
) -> None:
    office.deploy(one_task())
    stranger = connect(office.hire("brm"))

    for case in (office.start(owner), uuid4()):
        problem(stranger.get(f"process-instances/{case}{part}"), 404)
    assert items(stranger.get("process-instances")) == []


def test_events_of_a_case_come_newest_first(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_do").id, said="yes")

    events = items(as_owner.get(f"process-instances/{instance_id}/audit-events"))

    assert [event["action"] for event in events] == [
        "instance.ended",
        "task.completed",
        "task.created",
        "instance.started",
    ]
    completed = events[1]
    assert (completed["seq"], completed["actor"]) == (3, owner.key)
    assert completed["activity_id"] == "U_do"
    assert completed["details"]["fields"] == {"said": "yes"}
    assert (len(completed["hash"]), completed["on_behalf_of"]) == (64, None)


def test_the_diagram_is_that_of_the_case(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    office.deploy(two_tasks())

    diagram = as_owner.get(f"process-instances/{instance_id}/diagram")

    assert (diagram.status_code, diagram.mimetype) == (200, "application/xml")
    assert diagram.data == one_task()["p.bpmn"]


# --- definitions ----------------------------------------------------------------------------------


def test_definitions_are_listed_by_version(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    newest = office.deploy(two_tasks())

    [latest] = items(as_owner.get("process-definitions"))
    versions = items(as_owner.get("process-definitions/p"))
    first = body(as_owner.get("process-definitions/p/versions/1"))

    assert set(latest) == {"key", "version", "name", "deployment_id", "deployed_at"}
    assert latest["deployment_id"] == str(newest.deployment.id)
    assert [v["version"] for v in versions] == [2, 1]
    assert first == versions[1]
    diagram = as_owner.get("process-definitions/p/versions/1/diagram")
    assert diagram.data == one_task()["p.bpmn"]


@pytest.mark.parametrize(
    "path", ["q", "p/versions/2", "p/versions/2/diagram", "p/versions/x", f"p/versions/{10**30}"]
)
def test_definitions_that_are_not_there(office: Office, as_owner: Caller, path: str) -> None:
    office.deploy(one_task())

    problem(as_owner.get(f"process-definitions/{path}"), 404)


def test_definitions_come_in_pages(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    office.deploy(two_tasks())
    office.deploy({"q.bpmn": one_task()["p.bpmn"].replace(b'id="p"', b'id="q"')})

    for path, key, expected in (
        ("process-definitions", "key", ["p", "q"]),
        ("process-definitions/p", "version", [2, 1]),
    ):
        first = body(as_owner.get(path, limit=1))
        second = body(as_owner.get(path, limit=1, cursor=first["next_cursor"]))
        assert [one[key] for page in (first, second) for one in page["items"]] == expected
        assert second["next_cursor"] is None


def test_a_version_asked_for_in_the_query_is_not_passed_over(
    office: Office, as_owner: Caller
) -> None:
    office.deploy(one_task())

    refused = as_owner.post("process-definitions/p/instances?version=7")

    assert set(problem(refused, 422)["errors"]) == {"version"}
    assert items(as_owner.get("process-instances")) == []


def test_a_case_with_a_blank_key_has_none(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())

    started = body(as_owner.post("process-definitions/p/instances", {"business_key": "  "}), 201)

    assert started["business_key"] is None


# --- incidents ------------------------------------------------------------------------------------


def test_an_incident_is_listed_and_retried(
    office: Office, owner: Actor, as_owner: Caller, as_admin: Caller
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)

    [incident] = items(as_owner.get("incidents"))
    path = f"incidents/{incident['id']}"
    problem(as_owner.post(f"{path}/retry"), 403)
    again = body(as_admin.post(f"{path}/retry"))
    mended = body(as_admin.post(f"{path}/retry", {"variables": {"parts": 4}, "reason": "Typo"}))

    assert (incident["instance_id"], incident["activity_id"]) == (str(instance_id), "X_compute")
    assert (incident["kind"], incident["attempts"], incident["status"]) == ("script", 1, "open")
    assert (again["status"], again["attempts"]) == ("open", 2)
    assert (mended["status"], mended["attempts"]) == ("resolved", 3)
    assert mended.items() <= body(as_owner.get(path)).items()
    assert items(as_owner.get("incidents")) == []
    assert len(items(as_owner.get("incidents", status="resolved", key="p"))) == 1
    problem(as_admin.post(f"{path}/retry"), 409)


def test_incidents_of_others_are_not_there(office: Office, owner: Actor, connect: Connect) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)
    stranger = connect(office.hire("brm"))

    assert items(stranger.get("incidents")) == []
    problem(stranger.get(f"incidents/{incident.id}"), 404)
    problem(stranger.post(f"incidents/{incident.id}/retry"), 404)
    problem(stranger.get(f"incidents/{uuid4()}"), 404)


@pytest.mark.parametrize(
    "sent",
    [{"variables": {"initiator": 1}}, {"variables": []}, {"reason": 1}, {"x": 1}],
)
def test_a_retry_that_makes_no_sense_is_told(
    office: Office, owner: Actor, as_admin: Caller, sent: dict[str, object]
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)

    problem(as_admin.post(f"incidents/{office.incident(instance_id).id}/retry", sent), 422)


def test_a_start_form_is_told_by_field(office: Office, as_owner: Caller) -> None:
    files = with_form(text_field("name", required=True))
    files["p.bpmn"] = files["p.bpmn"].replace(
        b'<bpmn:startEvent id="start">',
        b'<bpmn:startEvent id="start"><bpmn:extensionElements><spiffworkflow:properties>'
        b'<spiffworkflow:property name="form" value="fill"/>'
        b"</spiffworkflow:properties></bpmn:extensionElements>",
    )
    office.deploy(files)

    refused = as_owner.post("process-definitions/p/instances", {"variables": {}})

    assert set(problem(refused, 422)["errors"]) == {"name"}
