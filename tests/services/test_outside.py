"""Operations outside: called by a worker while the case waits, again when that may help."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from ssflow.config import Outside
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.services import incidents, instances
from tests.engine.diagrams import (
    boundary,
    diagram,
    end,
    flows,
    on_error,
    process,
    script,
    service,
    start,
    user,
)
from tests.loopback import Answer, WebServer, web_server
from tests.services.bundles import Files, bundle
from tests.services.office import Office

HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as running:
        yield running


@pytest.fixture
def owner(office: Office, server: WebServer) -> Actor:
    office.outside = Outside(
        http_allow=(f"127.0.0.1:{server.port}",),
        http_allow_private=(ip_network("127.0.0.1/32"),),
        secrets={"ERP_KEY": "s3cret"},
    )
    return office.hire("service_owner")


def asking(server: WebServer, retry: str = "", **given: str) -> Files:
    """A process that asks the server, keeps the answer in `stock`, and opens a task."""
    parameters = {"url": repr(server.url("/stock")), **given}
    call = service("S_ask", "http.request", parameters, "stock")
    call = call.replace("</spiffworkflow:parameters>", f"</spiffworkflow:parameters>{retry}")
    return bundle(
        start(),
        call,
        user("U_see", role="service_owner"),
        end(),
        flows("start S_ask U_see end"),
    )


def test_a_case_waits_until_the_answer_is_there(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    server.answers["/stock"] = Answer(200, b'{"left": 3}')
    instance_id = office.start(owner)
    before = (office.open(instance_id), len(server.asked))

    office.run_jobs()

    assert (before, office.open(instance_id), len(server.asked)) == (([], 0), ["U_see"], 1)
    assert office.variables(instance_id)["stock"]["json"] == {"left": 3}
    assert office.jobs() == []
    told = office.details(instance_id, AuditAction.OPERATION_ANSWERED)
    assert (told["name"], told["attempts"], told["path"][0]) == ("http.request", 1, "S_ask")
    assert told["operations"][0]["result"]["json"] == {"left": 3}


def test_the_key_of_all_attempts_is_that_of_the_job(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, method="'POST'", json="{'n': 1}"))
    instance_id = office.start(owner)
    [job] = office.jobs(instance_id)
    server.answers["/stock"] = Answer(503, b"")
    office.run_jobs()
    server.answers["/stock"] = Answer()

    office.run_jobs(after=HOUR)

    assert [asked.headers["idempotency-key"] for asked in server.asked] == [str(job.id)] * 2
    assert office.details(instance_id, AuditAction.OPERATION_ANSWERED)["attempts"] == 2


def test_a_call_that_keeps_failing_becomes_an_incident(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    server.answers["/stock"] = Answer(500, b"Out of order")
    instance_id = office.start(owner)

    for _ in range(5):
        office.run_jobs(after=HOUR)

    incident = office.incident(instance_id)
    assert (incident.activity_id, incident.kind, len(server.asked)) == ("S_ask", "operation", 3)
    assert incident.message.endswith("/stock answered with status 500: Out of order")
    assert office.jobs() == []
    told = office.details(instance_id, AuditAction.OPERATION_FAILED)
    assert (told["attempts"], told["error"]) == (3, incident.message)


def test_retries_and_their_wait_are_those_of_the_diagram(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, retry='<spiffworkflow:retry retries="1" backoff_base="600"/>'))
    server.answers["/stock"] = Answer(500, b"")
    instance_id = office.start(owner)

    asked = []
    for seconds in (0, 599, 1, 3600):
        office.run_jobs(after=timedelta(seconds=seconds))
        asked.append(len(server.asked))

    assert asked == [1, 1, 2, 2]
    assert office.incident(instance_id).activity_id == "S_ask"


def test_trying_an_incident_again_calls_again(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, retry='<spiffworkflow:retry retries="0"/>'))
    server.answers["/stock"] = Answer(404, b"")
    instance_id, admin = office.start(owner), office.hire("admin")
    office.run_jobs()
    incident = office.incident(instance_id)
    server.answers["/stock"] = Answer(200, b'{"left": 4}')

    office.act(admin, incidents.retry_incident, incident.id)
    office.run_jobs()

    assert (office.incidents(instance_id), office.open(instance_id)) == ([], ["U_see"])
    keys = [asked.headers["idempotency-key"] for asked in server.asked]
    assert len(set(keys)) == 2


@pytest.mark.parametrize("code", ["http_404", None])
def test_a_diagram_may_catch_a_failure(
    office: Office, server: WebServer, owner: Actor, code: str | None
) -> None:
    caught = boundary("B_none", "S_ask", on_error("Err"))
    way = flows("B_none U_none E_none")
    none = user("U_none", role="service_owner")
    asking_for_it = process(
        "p",
        start(),
        service("S_ask", "http.request", {"url": repr(server.url("/stock"))}, "stock"),
        caught,
        none,
        user("U_see", role="service_owner"),
        end(),
        end("E_none"),
        flows("start S_ask U_see end"),
        way,
    )
    coded = f' errorCode="{code}"' if code else ""
    fault = f'<bpmn:error id="Err"{coded}/>'
    office.deploy({"p.bpmn": diagram(asking_for_it, fault)})
    server.answers["/stock"] = Answer(404, b"No such part")
    instance_id = office.start(owner)

    office.run_jobs()

    assert (office.open(instance_id), office.incidents(instance_id)) == (["U_none"], [])
    told = office.details(instance_id, AuditAction.OPERATION_FAILED)
    assert (told["path"][0], "No such part" in told["error"]) == ("B_none", True)


def test_wrong_parameters_are_not_tried_again(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, method="'BREW'"))
    instance_id = office.start(owner)

    office.run_jobs()

    incident = office.incident(instance_id)
    assert incident.message.startswith("http.request: method: Must be one of")
    assert (office.jobs(), server.asked) == ([], [])


def test_a_host_that_is_not_allowed_is_an_incident_at_once(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    office.outside = replace(office.outside, http_allow=())
    instance_id = office.start(owner)

    office.run_jobs()

    assert "not on the list of hosts" in office.incident(instance_id).message
    assert server.asked == []


def test_a_secret_is_neither_in_the_data_nor_in_the_trail(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, headers="{'Authorization': {'secret': 'ERP_KEY'}}"))
    instance_id = office.start(owner)

    office.run_jobs()

    assert server.asked[0].headers["authorization"] == "s3cret"
    told = [event.body for event in office.events(instance_id)]
    assert "s3cret" not in "".join([*told, str(office.variables(instance_id))])


def test_a_cancelled_case_is_not_called_for(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    instance_id, admin = office.start(owner), office.hire("admin")
    office.act(admin, instances.cancel_instance, instance_id, "Nobody needs it")

    office.run_jobs()

    assert (server.asked, office.jobs()) == ([], [])
    assert office.instance(instance_id).status is InstanceStatus.CANCELLED


def test_an_answer_that_the_case_cannot_hold_is_an_incident(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    server.answers["/stock"] = Answer(200, b'{"n": 12345678901234567890}')
    instance_id = office.start(owner)

    office.run_jobs()

    assert office.incident(instance_id).activity_id == "S_ask"
    assert (len(server.asked), office.jobs()) == (1, [])


def test_of_a_large_answer_the_trail_keeps_only_the_hash(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    server.answers["/stock"] = Answer(200, b'"' + b"a" * 20_000 + b'"')
    instance_id = office.start(owner)

    office.run_jobs()

    [done] = office.details(instance_id, AuditAction.OPERATION_ANSWERED)["operations"]
    assert sorted(done["result"]) == ["characters", "sha256"]
    assert len(office.variables(instance_id)["stock"]["json"]) == 20_000


def test_two_branches_are_called_for_by_themselves(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(
        bundle(
            start(),
            '<bpmn:parallelGateway id="G_both"/>',
            '<bpmn:parallelGateway id="G_joined"/>',
            service("S_a", "http.request", {"url": repr(server.url("/a"))}, "a"),
            service("S_b", "http.request", {"url": repr(server.url("/b"))}, "b"),
            script("X_sum", "total = a['status'] + b['status']"),
            end(),
            flows("start G_both S_a G_joined X_sum end", "G_both S_b G_joined"),
        )
    )
    instance_id = office.start(owner)

    office.run_jobs()

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.variables(instance_id)["total"] == 400
