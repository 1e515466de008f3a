"""Operations outside: called by a worker while the case waits, again when that may help."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

import pytest

from ssflow.config import Outside
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.registers.portfolio import Document
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
from tests.pdf import text_of
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
    assert incident.attempts == 3
    assert office.jobs() == []
    told = office.details(instance_id, AuditAction.OPERATION_FAILED)
    assert (told["attempts"], told["error"]) == (3, incident.message)


def test_an_answer_that_cannot_be_kept_is_asked_for_once_and_told_in_a_sentence(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server))
    server.answers["/stock"] = Answer(200, b'{"left": 1e999}')
    instance_id = office.start(owner)

    for _ in range(4):
        office.run_jobs(after=HOUR)

    incident = office.incident(instance_id)
    assert incident.message == "The answer says it is JSON, but cannot be read as such."
    assert len(server.asked) == 1


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


def test_a_call_that_is_made_again_is_under_way_until_it_is_answered(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, retry='<spiffworkflow:retry retries="1"/>'))
    server.answers["/stock"] = Answer(500, b"Out of order")
    instance_id, admin = office.start(owner), office.hire("admin")
    office.run_jobs(after=HOUR)
    office.run_jobs(after=HOUR)
    incident = office.incident(instance_id)

    tried = office.act(admin, incidents.retry_incident, incident.id)
    told = [office.act(admin, incidents.is_under_way, tried)]
    office.run_jobs()
    told.append(office.act(admin, incidents.is_under_way, tried))
    server.answers["/stock"] = Answer()
    office.run_jobs(after=HOUR)
    told.append(office.act(admin, incidents.is_under_way, tried))

    assert told == [True, True, False]
    assert office.open(instance_id) == ["U_see"]


def test_a_call_that_is_made_again_in_vain_opens_the_same_incident_again(
    office: Office, server: WebServer, owner: Actor
) -> None:
    office.deploy(asking(server, retry='<spiffworkflow:retry retries="1"/>'))
    server.answers["/stock"] = Answer(500, b"Out of order")
    instance_id, admin = office.start(owner), office.hire("admin")
    office.run_jobs(after=HOUR)
    office.run_jobs(after=HOUR)
    first = office.incident(instance_id)

    for status in (502, 404):
        server.answers["/stock"] = Answer(status, b"Still broken")
        office.act(admin, incidents.retry_incident, first.id)
        office.run_jobs(after=HOUR)
        office.run_jobs(after=HOUR)

    again = office.incident(instance_id)
    assert (again.id, again.attempts, again.resolved_by) == (first.id, 2 + 2 + 1, None)
    assert [fault["message"].partition("status ")[2][:3] for fault in again.faults or []] == [
        "500",
        "502",
        "404",
    ]
    assert again.message.endswith("status 404: Still broken")


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
    assert incident.message.startswith("http.request has wrong parameters: method: Must be one of")
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


# --- documents ------------------------------------------------------------------------------------


def rendering(**given: str) -> Files:
    told = {
        "template": "'report'",
        "title": "'Report of March'",
        "data": "{'sections': [{'heading': 'Figures', 'facts': {'Spent': amount}}]}",
    }
    return bundle(
        start(),
        service("S_make", "document.render", told | given, "made"),
        user("U_see", role="service_owner"),
        end(),
        flows("start S_make U_see end"),
    )


def test_a_document_is_kept_with_its_case_in_two_forms(office: Office, owner: Actor) -> None:
    office.deploy(rendering(language="'sv'"))
    instance_id = office.start(owner, amount="€ 12", business_key="BUD-1")

    office.run_jobs()

    made = office.variables(instance_id)["made"]
    with office.look() as work:
        html, pdf = (work.session.get_one(Document, UUID(made[form])) for form in ("html", "pdf"))
        told = (html.content.decode(), text_of(pdf.content))
    assert {html.instance_id, pdf.instance_id} == {instance_id}
    assert (html.media_type, pdf.media_type) == ("text/html; charset=utf-8", "application/pdf")
    assert all("€ 12" in text and "2 mars 2026" in text for text in told)
    assert made["sha256"] == hashlib.sha256(pdf.content).hexdigest()
    assert office.actions(instance_id).count("record.created") == 2
    assert office.open(instance_id) == ["U_see"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"template": "'unknown'"}, "template: Must be one of"),
        ({"data": "{'sections': 3}"}, "The document cannot be made"),
    ],
)
def test_a_document_that_cannot_be_made_is_an_incident_at_once(
    office: Office, owner: Actor, given: dict[str, str], told: str
) -> None:
    office.deploy(rendering(**given))
    instance_id = office.start(owner, amount="1")

    office.run_jobs()

    assert told in office.incident(instance_id).message
    assert office.jobs() == []


def test_a_document_of_the_case_may_go_along_with_a_mail(
    office: Office, owner: Actor, tmp_path: Path
) -> None:
    office.outside = Outside(mail_folder=tmp_path / "mail", mail_from="ssflow@example.org")
    files = "[made['pdf']]"
    mail = {"to": "'ann@example.org'", "text": "'See there.'", "attachments": files}
    process_with_mail = bundle(
        start(),
        service(
            "S_make",
            "document.render",
            {"template": "'report'", "title": "'Rapport'", "data": "{'sections': []}"},
            "made",
        ),
        service("S_mail", "mail.send", mail, "sent"),
        end(),
        flows("start S_make S_mail end"),
    )
    office.deploy(process_with_mail)
    instance_id = office.start(owner)

    office.run_jobs()

    [file] = (tmp_path / "mail").iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    [attached] = list(message.iter_attachments())
    assert (attached.get_filename(), attached.get_content_type()) == (
        "Rapport.pdf",
        "application/pdf",
    )
    assert office.instance(instance_id).status is InstanceStatus.COMPLETED


def test_files_of_another_case_do_not_go_along(
    office: Office, owner: Actor, tmp_path: Path
) -> None:
    office.outside = Outside(mail_folder=tmp_path / "mail")
    office.deploy(rendering())
    other = office.start(owner, amount="1")
    office.run_jobs()
    stolen = office.variables(other)["made"]["pdf"]
    mail = {"to": "'ann@example.org'", "text": "'x'", "attachments": "[stolen]"}
    office.deploy(
        bundle(
            start(),
            service("S_mail", "mail.send", mail, "m"),
            end(),
            flows("start S_mail end"),
            key="q",
        )
    )
    instance_id = office.start(owner, "q", stolen=stolen)

    office.run_jobs()

    assert "There is no file" in office.incident(instance_id).message
    assert not (tmp_path / "mail").exists()
