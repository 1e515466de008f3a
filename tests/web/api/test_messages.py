"""Messages, jobs, events and registers over REST."""

from datetime import timedelta

import pytest

from ssflow.domain.identity import Actor
from ssflow.services.registers import add_record
from tests.engine.diagrams import (
    after,
    catch,
    diagram,
    end,
    flows,
    into,
    message,
    on_message,
    process,
    start,
    user,
)
from tests.services.bundles import Files, bundle, one_task
from tests.services.office import Office
from tests.web.api.calling import Caller, body, items, problem
from tests.web.api.conftest import Connect


def waiting() -> Files:
    return {
        "p.bpmn": diagram(
            message("m", "answer"),
            process(
                "p",
                start(),
                catch("I", on_message("m", into("answer"))),
                user("U_read", role="service_owner"),
                end(),
                flows("start I U_read end"),
            ),
        )
    }


def test_a_message_is_delivered(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="K1")

    sent = as_owner.post(
        "messages", {"name": "answer", "correlation_key": "K1", "payload": {"text": "Yes"}}
    )

    assert body(sent, 202) == {"status": "delivered", "instance_id": str(instance_id)}
    assert office.variables(instance_id) == {"answer": {"text": "Yes"}}


def test_a_message_that_nobody_waits_for_is_kept_and_seen_by_operators(
    office: Office, owner: Actor, as_owner: Caller, as_admin: Caller
) -> None:
    office.deploy(waiting())
    told = {"name": "answer", "correlation_key": "K1", "message_id": "m-1", "time_to_live": "PT1H"}

    first, again = (as_owner.post("messages", {**told, "payload": {"n": 1}}) for _ in range(2))

    assert body(first, 202) == {"status": "buffered", "instance_id": None}
    assert body(again, 202) == {"status": "duplicate", "instance_id": None}
    [kept] = items(as_admin.get("messages", name="answer"))
    assert (kept["name"], kept["correlation_key"], kept["message_id"]) == ("answer", "K1", "m-1")
    assert (kept["sender"], "payload" in kept) == (owner.key, False)
    assert kept["expires_at"] == "2026-03-02T10:30:00+00:00"
    assert items(as_admin.get("messages", name="other")) == []


def test_a_message_that_does_not_say_how_long_is_kept_as_long_as_the_setting_says(
    as_owner: Caller, as_admin: Caller
) -> None:
    as_owner.post("messages", {"name": "answer"})

    [kept] = items(as_admin.get("messages", name="answer"))
    assert kept["expires_at"] == "2026-03-04T09:30:00+00:00"
    problem(as_owner.get("messages"), 403)


def test_a_stranger_is_answered_as_if_no_case_waited(
    office: Office, owner: Actor, connect: Connect
) -> None:
    office.deploy(waiting())
    office.start(owner, business_key="K1")
    stranger = connect(office.hire("brm"))

    there, nowhere = (
        stranger.post("messages", {"name": "answer", "correlation_key": key})
        for key in ("K1", "K2")
    )

    assert body(there, 202) == body(nowhere, 202) == {"status": "buffered", "instance_id": None}


def test_a_payload_of_two_megabytes_is_refused_in_a_sentence(
    office: Office, owner: Actor, as_owner: Caller, as_admin: Caller
) -> None:
    sent = as_owner.post("messages", {"name": "answer", "payload": {"text": "x" * 2_000_000}})

    assert problem(sent, 422)["detail"] == "The data is larger than 1 MB."
    assert items(as_admin.get("messages")) == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a", "payload": []}, "payload"),
        ({"name": "a", "payload": {"n": 2**60}}, "n"),
        ({"name": "a", "correlation_key": 5}, "correlation_key"),
        ({"name": "a", "surprise": 5}, "surprise"),
        ({"name": ""}, "name"),
        ({"name": " \n "}, "name"),
        ({"name": "a", "time_to_live": 5}, "time_to_live"),
        ({"name": "a", "time_to_live": "soon"}, "time_to_live"),
        ({"name": "a", "time_to_live": "PT0S"}, "time_to_live"),
        ({"name": "a", "time_to_live": "P91D"}, "time_to_live"),
        ({"name": "a", "time_to_live": "2026-03-04"}, "time_to_live"),
        ({"name": "a", "time_to_live": "P9999Y"}, "time_to_live"),
        ({"name": "a", "message_id": "x" * 201}, "message_id"),
    ],
)
def test_a_message_that_makes_no_sense_is_told(
    as_owner: Caller, sent: dict[str, object], field: str
) -> None:
    assert set(problem(as_owner.post("messages", sent), 422)["errors"]) == {field}


# --- jobs -----------------------------------------------------------------------------------------


def test_operators_see_the_jobs(
    office: Office, owner: Actor, as_owner: Caller, as_admin: Caller, connect: Connect
) -> None:
    office.deploy(
        bundle(start(), catch("I_wait", after("'P1D'")), end(), flows("start I_wait end"))
    )
    instance_id = office.start(owner)

    for caller in (as_admin, connect(office.hire("auditor"))):
        [job] = items(caller.get("jobs"))
        assert (job["kind"], job["instance_id"]) == ("timer", str(instance_id))
        assert job["due_at"] == "2026-03-03T09:30:00+00:00"
        assert (job["activity_id"], job["attempts"], job["error"]) == ("I_wait", 0, None)
    assert items(as_admin.get("jobs", kind="notice")) == []
    problem(as_admin.get("jobs", kind="dance"), 422)
    problem(as_owner.get("jobs"), 403)


# --- events ---------------------------------------------------------------------------------------


def test_events_are_filtered(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    first = office.start(owner)
    office.now += timedelta(days=1)
    second = office.start(owner)
    office.claim(owner, office.task(second, "U_do").id)

    def seen(**query: str) -> list[str]:
        return [event["action"] for event in items(as_owner.get("audit-events", **query))]

    assert len(seen()) == 5
    assert seen(action="task.claimed") == ["task.claimed"]
    assert seen(instance=str(first)) == ["task.created", "instance.started"]
    assert len(seen(actor=owner.key)) == 5
    assert seen(actor="nobody") == []
    assert len(seen(to="2026-03-03T00:00:00Z")) == 2
    assert len(seen(**{"from": "2026-03-03T00:00:00Z"})) == 3


@pytest.mark.parametrize(
    "query",
    [
        {"action": "task.lost"},
        {"from": "yesterday"},
        {"from": "2026-03-03T00:00:00"},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:59-14:00"},
        {"instance": "x"},
    ],
)
def test_a_query_for_events_that_makes_no_sense_is_told(
    as_owner: Caller, query: dict[str, str]
) -> None:
    assert set(problem(as_owner.get("audit-events", **query), 422)["errors"]) == set(query)


def test_strangers_see_no_events(office: Office, owner: Actor, connect: Connect) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    stranger = connect(office.hire("brm"))

    assert items(stranger.get("audit-events")) == []
    assert items(stranger.get("audit-events", instance=str(instance_id))) == []


# --- registers ------------------------------------------------------------------------------------


def test_records_are_listed_and_read(office: Office, as_owner: Caller) -> None:
    with office.work() as work:
        acme = add_record(work, "Customer", {"name": "Acme", "kind": "external"})
        add_record(work, "Customer", {"name": "Better"})

    listed = items(as_owner.get("registers/Customer"))
    one = body(as_owner.get(f"registers/Customer/{acme.id}"))

    assert [record["name"] for record in listed] == ["Acme", "Better"]
    assert one == listed[0]
    assert (one["kind"], one["status"]) == ("external", "active")
    assert [r["name"] for r in items(as_owner.get("registers/Customer", q="bett"))] == ["Better"]
    found = items(as_owner.get("registers/Customer", kind="external"))
    assert [r["name"] for r in found] == ["Acme"]
    page = as_owner.get("registers/Customer", limit=1)
    rest = items(as_owner.get("registers/Customer", cursor=page.get_json()["next_cursor"]))
    assert [r["name"] for r in rest] == ["Better"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("registers/Nothing", 404),
        ("registers/Nothing/1", 404),
        ("registers/Customer/1", 404),
        ("registers/Customer?limit=0", 422),
        ("registers/Customer?limit=x", 422),
        ("registers/Customer?limit=201", 422),
        ("registers/Customer?cursor=x", 422),
        ("registers/Customer?surprise=x", 422),
        ("registers/Customer?tier=gold", 422),
        ("registers/Customer?parent_id=x", 422),
        ("registers/Customer?row_version=99999999999999999999", 422),
        ("registers/User", 404),
    ],
)
def test_registers_that_make_no_sense_are_told(as_owner: Caller, path: str, status: int) -> None:
    problem(as_owner.get(path), status)


def test_a_customer_sees_only_what_is_theirs(office: Office, connect: Connect) -> None:
    customer = office.hire("customer")
    with office.work() as work:
        add_record(work, "Customer", {"name": "Own", "mandate_holder": customer.key})
        add_record(work, "Customer", {"name": "Other"})
    as_customer = connect(customer)

    assert [r["name"] for r in items(as_customer.get("registers/Customer"))] == ["Own"]
    problem(as_customer.get("registers/Holiday"), 404)
