"""What a step asks for, done as a step of its own: processes, messages and notices."""

from collections.abc import Mapping
from typing import Any

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import JobKind
from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.domain.registers.work import ActionItem, ActionState
from ssflow.errors import NotFoundError
from ssflow.services import instances, process_links
from ssflow.services.messages import list_buffered
from ssflow.services.process_links import origin_of, started_by_case
from ssflow.services.registers import list_register
from ssflow.services.shipped import install_shipped
from ssflow.store.instances import list_instances
from ssflow.store.jobs import add_jobs
from tests.engine.diagrams import (
    boundary,
    carrying,
    catch,
    diagram,
    end,
    error,
    flows,
    into,
    message,
    on_error,
    on_message,
    process,
    service,
    start,
    throw,
    user,
)
from tests.services.bundles import Files, bundle, one_task
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def calling(operation: str, given: Mapping[str, str], key: str = "caller") -> Files:
    """A case that calls one operation and then waits for a person."""
    return bundle(
        start(),
        service("S_call", operation, given),
        user("U_then", role="service_owner"),
        end(),
        flows("start S_call U_then end"),
        key=key,
    )


def cases_of(office: Office, key: str) -> list[ProcessInstance]:
    with office.look() as work:
        return list(list_instances(work.session, work.actor, key=key).items)


def waiting() -> Files:
    return {
        "q.bpmn": diagram(
            message("m", "answer"),
            process(
                "q",
                start(),
                catch("I", on_message("m", into("answer"))),
                user("U_read", role="service_owner"),
                end(),
                flows("start I U_read end"),
            ),
        )
    }


# --- starting a process ---------------------------------------------------------------------------


def test_a_case_starts_another_one_and_both_know_it(office: Office, owner: Actor) -> None:
    given = {"key": "'p'", "payload": "{'n': 1}", "business_key": "'K-1'"}
    office.deploy(calling("process.start", given))
    office.deploy(one_task())

    origin = office.start(owner, "caller")
    at_once = cases_of(office, "p")
    office.run_jobs()

    [started] = cases_of(office, "p")
    assert (at_once, office.open(origin)) == ([], ["U_then"])
    assert (started.business_key, started.started_by) == ("K-1", SYSTEM.key)
    assert office.variables(started.id) == {"n": 1}
    told = office.details(origin, AuditAction.PROCESS_STARTED)
    assert (told["key"], told["instance"]) == ("p", str(started.id))
    [event] = [e for e in office.events(origin) if e.action is AuditAction.PROCESS_STARTED]
    assert event.activity_id == "S_call"
    assert office.details(started.id, AuditAction.INSTANCE_LINKED)["instance"] == str(origin)
    with office.look() as work:
        found = origin_of(work, started.id)
        assert found is not None
        assert (found.id, origin_of(work, origin)) == (origin, None)
        assert [case.id for case in started_by_case(work, origin)] == [started.id]
        assert started_by_case(work, started.id) == []


def test_a_link_shows_only_what_one_may_see(office: Office, owner: Actor) -> None:
    office.deploy(calling("process.start", {"key": "'p'"}))
    office.deploy(one_task())
    customer = office.hire("customer")
    origin = office.start(customer, "caller")
    office.run_jobs()
    [started] = cases_of(office, "p")

    assert office.act(customer, started_by_case, origin) == []
    assert len(office.act(owner, started_by_case, origin)) == 1
    for ask in (started_by_case, origin_of):
        with pytest.raises(NotFoundError):
            office.act(office.hire("brm"), ask, started.id)


def test_a_process_that_starts_by_message_gets_the_payload_as_its_message(
    office: Office, owner: Actor
) -> None:
    office.deploy(calling("process.start", {"key": "'p'", "payload": "{'n': 1}"}))
    office.deploy(
        {
            "p.bpmn": diagram(
                message("m", "asked"),
                process(
                    "p",
                    start(inner=on_message("m", into("asked"))),
                    user("U_do", role="service_owner"),
                    end(),
                    flows("start U_do end"),
                ),
            )
        }
    )

    office.start(owner, "caller")
    office.run_jobs()

    [started] = cases_of(office, "p")
    assert office.variables(started.id) == {"asked": {"n": 1}}


def test_a_process_that_is_not_deployed_is_left_to_do(office: Office, owner: Actor) -> None:
    office.deploy(calling("process.start", {"key": "'later'", "payload": "{'n': 1}"}))

    origin = office.start(owner, "caller")
    office.run_jobs()

    with office.look(owner) as work:
        [action] = list_register(work, "ActionItem").items
    assert isinstance(action, ActionItem)
    assert (action.what, action.kind, action.state) == (
        "Start the process later",
        "start",
        ActionState.OPEN,
    )
    assert (action.source_type, action.source_id) == ("case", origin)
    told = office.details(origin, AuditAction.PROCESS_NOT_STARTED)
    assert told["action"] == str(action.id)
    assert told["asked"] == {"key": "later", "variables": {"n": 1}, "business_key": None}
    assert "record.created" in office.actions(origin)
    assert (office.open(origin), office.jobs()) == (["U_then"], [])


def test_what_a_case_asked_for_is_done_though_the_case_is_cancelled(
    office: Office, owner: Actor
) -> None:
    office.deploy(calling("process.start", {"key": "'p'"}))
    office.deploy(one_task())
    origin = office.start(owner, "caller")

    office.act(office.hire("admin"), instances.cancel_instance, origin, "Wrong")
    office.run_jobs()

    [started] = cases_of(office, "p")
    with office.look() as work:
        found = origin_of(work, started.id)
    assert found is not None
    assert (found.id, found.status) == (origin, InstanceStatus.CANCELLED)


def test_a_process_that_starts_itself_over_and_over_stops(
    office: Office, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_links, "MAX_DEPTH", 5)
    office.deploy(calling("process.start", {"key": "'caller'"}))

    office.start(owner, "caller")
    office.run_jobs()

    assert len(cases_of(office, "caller")) == 6
    [given_up] = office.jobs()
    assert given_up.due_at is None
    assert "5 cases started each other" in (given_up.error or "")


# --- sending a message ----------------------------------------------------------------------------


SENDING = {"name": "'answer'", "correlation_key": "'K1'", "payload": "{'n': 1}"}


def test_an_operation_sends_a_message_to_the_case_that_waits(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    office.deploy(calling("message.send", SENDING))
    waits = office.start(owner, "q", business_key="K1")

    office.start(owner, "caller")
    office.run_jobs()

    assert office.variables(waits) == {"answer": {"n": 1}}


def test_a_message_of_an_operation_waits_as_long_as_it_says(office: Office, owner: Actor) -> None:
    office.deploy(calling("message.send", SENDING | {"time_to_live": "'P1D'"}))

    office.start(owner, "caller")
    office.run_jobs()

    with office.look() as work:
        [kept] = list_buffered(work).items
    assert (kept.expires_at - office.now).days == 1


def test_a_message_that_starts_a_case_links_it_to_its_sender(office: Office, owner: Actor) -> None:
    office.deploy(
        {
            "p.bpmn": diagram(
                message("m", "answer"),
                process(
                    "p",
                    start(inner=on_message("m")),
                    user("U_do", role="service_owner"),
                    end(),
                    flows("start U_do end"),
                ),
            )
        }
    )
    office.deploy(calling("message.send", SENDING))

    origin = office.start(owner, "caller")
    office.run_jobs()

    with office.look() as work:
        [started] = started_by_case(work, origin)
    assert started.key == "p"
    assert office.details(origin, AuditAction.PROCESS_STARTED)["why"] == "message answer"


@pytest.mark.parametrize("by", ["end", "task", "throw"])
def test_a_diagram_sends_a_message_with_a_key_that_it_works_out(
    office: Office, owner: Actor, by: str
) -> None:
    key = (
        '<spiffworkflow:properties><spiffworkflow:property name="correlation_key" '
        'value="=order.number"/></spiffworkflow:properties>'
    )
    given = f"<bpmn:extensionElements>{key}</bpmn:extensionElements>"
    given += on_message("m", carrying("order"))
    both = f"<bpmn:extensionElements>{key}{carrying('order')}</bpmn:extensionElements>"
    ways = {
        "end": (end("E_send", given), "start E_send"),
        "throw": (throw("T", given) + end(), "start T end"),
        "task": (
            f'<bpmn:sendTask id="T" messageRef="m">{both}</bpmn:sendTask>{end()}',
            "start T end",
        ),
    }
    parts, path = ways[by]
    office.deploy(waiting())
    office.deploy(
        {"s.bpmn": diagram(message("m", "answer"), process("s", start(), parts, flows(path)))}
    )
    waits = office.start(owner, "q", business_key="K-7")

    sender = office.start(owner, "s", order={"number": "K-7", "n": 2})
    office.run_jobs()

    assert office.instance(sender).status is InstanceStatus.COMPLETED
    assert office.variables(waits) == {"answer": {"number": "K-7", "n": 2}}


# --- telling people -------------------------------------------------------------------------------


def test_an_operation_tells_people(office: Office, owner: Actor) -> None:
    other = office.hire("brm")
    given = {"to": f"['{owner.key}', '{other.key}']", "text": "'It is ready.'"}
    office.deploy(calling("notify", given | {"exclude": f"'{other.key}'"}))

    origin = office.start(owner, "caller")
    [job] = office.jobs(origin)
    office.run_jobs()

    assert job.payload == {
        "text": "It is ready.",
        "to": [owner.key, other.key],
        "exclude": [other.key],
    }
    assert job.activity_id == "S_call"
    assert AuditAction.NOTICE_SENT in office.actions(origin)


# --- what makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("process.start", {"key": "''"}),
        ("process.start", {"key": "None"}),
        ("process.start", {"key": "'x' * 201"}),
        ("process.start", {"key": "'p'", "payload": "[1]"}),
        ("process.start", {"key": "'p'", "business_key": "'x' * 201"}),
        ("message.send", {"name": "5"}),
        ("message.send", {"name": "'answer'", "correlation_key": "{}"}),
        ("message.send", {"name": "'answer'", "payload": "'text'"}),
        ("notify", {"to": "[]", "text": "'x'"}),
        ("notify", {"to": "None", "text": "'x'"}),
        ("notify", {"to": "'brm'"}),
    ],
)
def test_a_wrong_parameter_is_an_incident_that_says_so_and_nothing_is_sent(
    office: Office, owner: Actor, operation: str, given: dict[str, str]
) -> None:
    office.deploy(calling(operation, given))

    origin = office.start(owner, "caller")

    incident = office.incident(origin)
    assert (incident.activity_id, incident.kind) == ("S_call", "operation")
    assert incident.message.startswith((f"{operation}: ", f"{operation} has wrong parameters: "))
    assert office.jobs() == []


def test_a_diagram_may_catch_a_wrong_parameter(office: Office, owner: Actor) -> None:
    office.deploy(
        {
            "caller.bpmn": diagram(
                error("wrong", "wrong_parameter"),
                process(
                    "caller",
                    start(),
                    service("S_call", "notify", {"to": "[]", "text": "'x'"}),
                    boundary("B", "S_call", on_error("wrong")),
                    user("U_mend", role="service_owner"),
                    end(),
                    end("E_mended"),
                    flows("start S_call end", "B U_mend E_mended"),
                ),
            )
        }
    )

    case = office.start(owner, "caller")

    assert office.open(case) == ["U_mend"]
    [told] = office.details(case, AuditAction.INSTANCE_STARTED)["operations"]
    assert (told["activity"], told["result"]["refused"]["code"]) == ("S_call", "wrong_parameter")


def test_a_review_that_a_complaint_asks_for_begins_with_its_service(office: Office) -> None:
    with office.work() as work:
        install_shipped(work)
        told: dict[str, Any] = {
            "state": ServiceState.LIVE,
            "created_at": office.now,
            "created_by": "test",
        }
        services = [Service(number=name, name=name, **told) for name in ("Mail", "Printing")]
        work.session.add_all(services)
        work.session.flush()
        asked = {"key": "spm_portfolio_review", "variables": {"services": [str(services[0].id)]}}
        begun = {"due_at": office.now, "created_at": office.now, "payload": asked}
        add_jobs(work.session, [{"kind": JobKind.START_PROCESS, **begun}])

    office.run_jobs()

    [review] = cases_of(office, "spm_portfolio_review")
    assert office.open(review.id) == ["U_assess"]
