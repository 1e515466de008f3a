"""Incidents over REST: found, mended, passed over, and tried again by the hundred."""

from uuid import UUID, uuid4

import pytest

from ssflow.domain.identity import Actor
from tests.services.bundles import with_script
from tests.services.office import Office
from tests.web.api.calling import Caller, problem
from tests.web.api.conftest import Connect


@pytest.fixture
def stuck(office: Office, owner: Actor) -> list[UUID]:
    """Two cases that are stuck at a division by zero."""
    office.deploy(with_script("a = 1\nshare = 100 / parts"))
    cases = [office.start(owner, business_key=f"C-{n}", secret="canary") for n in range(2)]
    for case in cases:
        office.complete(owner, office.task(case, "U_first").id, parts=0)
    return cases


def found(caller: Caller, **query: str) -> int:
    answer = caller.get("incidents", **query)
    assert answer.status_code == 200
    return len(answer.get_json()["items"])


def test_incidents_are_found_by_what_they_are(as_admin: Caller, stuck: list[UUID]) -> None:
    assert found(as_admin) == 2
    assert found(as_admin, key="p", activity="X_compute", kind="script") == 2
    assert found(as_admin, kind="decision") == 0
    assert found(as_admin, q="c-1") == 1
    assert found(as_admin, instance=str(stuck[0])) == 1
    assert found(as_admin, before="2020-01-01T00:00:00Z") == 0
    assert found(as_admin, after="2020-01-01T00:00:00Z") == 2
    assert found(as_admin, status="resolved") == 0
    problem(as_admin.get("incidents", kind="nonsense"), 422)
    problem(as_admin.get("incidents", before="yesterday"), 422)


def test_the_data_at_hand_is_told_of_one_and_only_to_who_sees_the_case(
    as_admin: Caller, connect: Connect, office: Office, stuck: list[UUID]
) -> None:
    incident = office.incident(stuck[0])
    stranger = connect(office.hire("customer"))

    one = as_admin.get(f"incidents/{incident.id}").get_json()

    assert one["variables"] == {"parts": 0, "secret": "canary"}
    assert (one["line"], one["source_line"]) == (2, "share = 100 / parts")
    assert "canary" not in as_admin.get("incidents").text
    assert "canary" not in stranger.get("incidents").text
    problem(stranger.get(f"incidents/{incident.id}"), 404)


def test_a_step_done_by_hand_is_passed_over(
    as_admin: Caller, as_owner: Caller, office: Office, stuck: list[UUID]
) -> None:
    path = f"incidents/{office.incident(stuck[0]).id}/resolve"
    body = {"variables": {"share": 5}, "reason": "By hand"}

    problem(as_admin.post(path, {"variables": {"share": 5}}), 422)
    problem(as_admin.post(path, {"reason": " "}), 422)
    problem(as_owner.post(path, body), 403)
    answer = as_admin.post(path, body)

    assert answer.get_json()["status"] == "resolved"
    assert office.variables(stuck[0])["share"] == 5
    problem(as_admin.post(path, body), 409)


def test_many_are_counted_then_tried_again(
    as_admin: Caller, as_owner: Caller, connect: Connect, office: Office, stuck: list[UUID]
) -> None:
    body = {"filter": {"key": "p", "kind": "script"}, "reason": "All at once"}

    preview = as_admin.post("incidents/bulk-retry", {**body, "preview": True})
    begun = as_admin.post("incidents/bulk-retry", body, key="once")
    again = as_admin.post("incidents/bulk-retry", body, key="once")
    path = f"incidents/bulk-retries/{begun.get_json()['id']}"
    waiting = as_admin.get(path).get_json()
    office.run_jobs()
    done = connect(office.hire("auditor")).get(path).get_json()

    assert (preview.status_code, preview.get_json()["total"]) == (200, 2)
    assert (begun.status_code, begun.get_json()["total"]) == (202, 2)
    assert again.get_json() == begun.get_json()
    assert (waiting["waiting"], done["waiting"], done["failed_again"]) == (2, 0, 2)
    items = as_admin.get(f"{path}/items", outcome="failed_again", limit="1").get_json()
    assert len(items["items"]) == 1
    assert items["next_cursor"]
    assert [office.incident(case).attempts for case in stuck] == [2, 2]
    problem(as_owner.get(path), 403)
    problem(as_admin.get(f"incidents/bulk-retries/{uuid4()}"), 404)


@pytest.mark.parametrize(
    "body",
    [
        {"reason": ""},
        {"filter": {"key": "nowhere"}, "reason": "why"},
        {"filter": {"status": "closed"}, "reason": "why"},
        {"filter": {"kind": 5}, "reason": "why"},
        {"reason": "x" * 1001},
    ],
)
def test_a_bulk_retry_that_makes_no_sense_is_refused(
    as_admin: Caller, office: Office, stuck: list[UUID], body: dict[str, object]
) -> None:
    problem(as_admin.post("incidents/bulk-retry", body), 422)

    assert office.jobs() == []


def test_only_administrators_try_many_again(as_owner: Caller, stuck: list[UUID]) -> None:
    problem(as_owner.post("incidents/bulk-retry", {"reason": "why", "preview": True}), 403)
