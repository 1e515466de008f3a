"""Messages: who waits for them, who may bring them, and messages that diagrams send."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.message import Message
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import instances
from ssflow.services.messages import (
    TooLateError,
    correlate_message,
    list_buffered,
    send_message,
)
from ssflow.store.user_tasks import list_inbox
from tests.engine.diagrams import (
    boundary,
    carrying,
    catch,
    diagram,
    end,
    flows,
    into,
    message,
    on_message,
    process,
    script,
    start,
    throw,
    user,
)
from tests.services.bundles import Files
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def properties(**told: str) -> str:
    inner = "".join(f'<spiffworkflow:property name="{n}" value="{v}"/>' for n, v in told.items())
    return (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f"{inner}</spiffworkflow:properties></bpmn:extensionElements>"
    )


def kept_messages(office: Office) -> Sequence[Message]:
    with office.look() as work:
        return list_buffered(work).items


def day_of(office: Office) -> str:
    return f"sys-{office.now.date().isoformat()}"


def waiting() -> Files:
    """A case that waits for the message `answer` and then for a person."""
    return {
        "p.bpmn": diagram(
            message("m", "answer"),
            process(
                "p",
                start(),
                catch("I_answer", on_message("m", into("answer"))),
                user("U_read", role="service_owner"),
                end(),
                flows("start I_answer U_read end"),
            ),
        )
    }


def started_by_message(**told: str) -> Files:
    return {
        "p.bpmn": diagram(
            message("m", "feedback"),
            process(
                "p",
                properties(**told) if told else "",
                start(inner=on_message("m", into("feedback"))),
                user("U_read", role="service_owner"),
                end(),
                flows("start U_read end"),
            ),
        )
    }


def test_a_message_reaches_the_case_that_waits_for_its_key(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    one = office.start(owner, business_key="K1")
    other = office.start(owner, business_key="K2")

    delivered = office.act(owner, send_message, "answer", "K2", {"text": "Yes 👍"})

    assert (delivered.status, delivered.instance_id) == ("delivered", other)
    assert (office.open(one), office.open(other)) == ([], ["U_read"])
    assert office.variables(other) == {"answer": {"text": "Yes 👍"}}
    told = office.details(other, AuditAction.MESSAGE_CAUGHT)
    assert (told["message"], told["key"], told["payload"]) == ("answer", "K2", {"text": "Yes 👍"})
    assert told["path"][0] == "I_answer"


def test_an_empty_key_is_none_for_messages_as_for_cases(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="")

    told = office.act(owner, send_message, "answer", "", {"yes": True})

    assert (told.status, told.instance_id) == ("delivered", instance_id)


def test_a_message_is_caught_once(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="K1")
    office.act(owner, send_message, "answer", "K1", {"n": 1})

    second = office.act(owner, send_message, "answer", "K1", {"n": 2})

    assert (second.status, second.instance_id) == ("buffered", None)
    assert office.variables(instance_id) == {"answer": {"n": 1}}


@pytest.mark.parametrize(
    ("name", "key"), [("answer", "K2"), ("answer", None), ("other", "K1"), ("answer", "")]
)
def test_a_message_that_nobody_waits_for_is_kept(
    office: Office, owner: Actor, name: str, key: str | None
) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="K1")

    sent = office.act(owner, send_message, name, key, {"n": 1})
    office.run_jobs()

    assert (sent.status, sent.instance_id) == ("buffered", None)
    assert office.open(instance_id) == []
    [kept] = kept_messages(office)
    assert (kept.name, kept.correlation_key, kept.payload) == (name, key or None, {"n": 1})
    assert (kept.sender, kept.expires_at) == (owner.key, office.now + timedelta(days=7))
    told = office.details(day_of(office), AuditAction.MESSAGE_BUFFERED)
    assert (told["message"], told["key"]) == (name, key or None)


def test_a_message_for_a_case_that_has_ended_is_refused(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    ended = office.start(owner, business_key="K1")
    office.act(office.hire("admin"), instances.cancel_instance, ended, "Asked twice")

    with pytest.raises(TooLateError, match="case K1 has ended"):
        office.act(owner, send_message, "answer", "K1", {})

    assert kept_messages(office) == []
    stranger = office.hire("brm")
    assert office.act(stranger, send_message, "answer", "K1", {}).status == "buffered"


def test_a_message_for_one_of_two_cases_of_a_key_is_not_too_late(
    office: Office, owner: Actor
) -> None:
    office.deploy(waiting())
    ended = office.start(owner, business_key="K1")
    office.start(owner, business_key="K1")
    office.act(office.hire("admin"), instances.cancel_instance, ended, "Asked twice")

    assert office.act(owner, send_message, "other", "K1", {}).status == "buffered"


def test_a_late_message_that_came_before_is_a_duplicate(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="K1")
    office.act(owner, send_message, "answer", "K1", {}, message_id="m-1")
    office.act(office.hire("admin"), instances.cancel_instance, instance_id, "Done by phone")

    again = office.act(owner, send_message, "answer", "K1", {}, message_id="m-1")

    assert (again.status, again.instance_id) == ("duplicate", instance_id)


def test_what_a_case_sends_is_never_too_late(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    ended = office.start(owner, business_key="K1")
    office.act(office.hire("admin"), instances.cancel_instance, ended, "Asked twice")

    sent = office.act(owner, send_message, "answer", "K1", {}, may_be_late=True)

    assert sent.status == "buffered"


def test_a_stranger_does_not_learn_whether_a_case_waits(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="K1")
    stranger = office.hire("brm")

    there = office.act(stranger, send_message, "answer", "K1", {})
    not_there = office.act(stranger, send_message, "answer", "K2", {})
    office.run_jobs()

    assert there == not_there
    assert (there.status, there.instance_id) == ("buffered", None)
    assert (office.open(instance_id), office.jobs()) == ([], [])


def test_a_case_of_somebody_else_does_not_hide_ones_own(office: Office) -> None:
    office.deploy(waiting())
    ann, ben = office.hire("customer"), office.hire("customer")
    office.start(ann, business_key="K1")
    office.now += office.now.resolution
    own = office.start(ben, business_key="K1")

    delivered = office.act(ben, send_message, "answer", "K1", {})

    assert delivered.instance_id == own


def test_a_suspended_case_gets_its_message_when_it_goes_on(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    instance_id, admin = office.start(owner, business_key="K1"), office.hire("admin")
    office.act(admin, instances.suspend_instance, instance_id, "Audit")

    sent = office.act(owner, send_message, "answer", "K1", {"n": 1})
    office.run_jobs(after=timedelta(days=1))
    held = office.actions(instance_id)[-1]
    office.act(admin, instances.resume_instance, instance_id)
    office.run_jobs()

    assert (sent.status, held) == ("buffered", "instance.suspended")
    assert office.open(instance_id) == ["U_read"]
    assert office.variables(instance_id) == {"answer": {"n": 1}}
    assert kept_messages(office) == []


def test_a_case_that_learns_its_key_later_is_found_by_it(office: Office, owner: Actor) -> None:
    files = {
        "p.bpmn": diagram(
            message("m", "stop"),
            process(
                "p",
                properties(business_key="=number"),
                start(),
                user("U_do", role="service_owner"),
                boundary("T_again", "U_do", on_message("m", into("stop")), cancel=False),
                user("U_next", role="service_owner"),
                boundary("M_stop", "U_next", on_message("m", into("stop"))),
                end(),
                end("E_again"),
                end("E_stopped"),
                flows("start U_do U_next end", "M_stop E_stopped", "T_again E_again"),
            ),
        )
    }
    office.deploy(files)
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_do").id, number="N-1")

    office.act(owner, send_message, "stop", "N-1", {})

    assert office.instance(instance_id).end_event == "E_stopped"


def test_what_waited_before_the_case_had_its_key_goes_by_it_too(
    office: Office, owner: Actor
) -> None:
    files = {
        "p.bpmn": diagram(
            message("m", "note"),
            process(
                "p",
                properties(business_key="=number"),
                start(),
                user("U_name", role="service_owner"),
                user("U_do", role="service_owner"),
                '<bpmn:parallelGateway id="split"/>',
                catch("I_note", on_message("m", into("note"))),
                end(),
                end("E_noted"),
                flows("start split U_name U_do end", "split I_note E_noted"),
            ),
        )
    }
    office.deploy(files)
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_name").id, number="N-1")

    delivered = office.act(owner, send_message, "note", "N-1", {"text": "x"})

    assert delivered.instance_id == instance_id
    assert office.act(owner, send_message, "note", None, {}).status == "buffered"


# --- starting by a message ------------------------------------------------------------------------


def test_a_message_starts_a_case(office: Office, owner: Actor) -> None:
    office.deploy(started_by_message())

    delivered = office.act(owner, send_message, "feedback", None, {"text": "Slow"})

    case = office.instance(delivered.instance_id)
    assert (case.key, case.started_by) == ("p", owner.key)
    assert office.variables(case.id) == {"feedback": {"text": "Slow"}}


def test_only_starters_start_by_message(office: Office, owner: Actor) -> None:
    office.deploy(started_by_message(starters="service_desk"))

    with pytest.raises(ForbiddenError):
        office.act(owner, send_message, "feedback", None, {})
    for actor in (office.hire("service_desk"), office.hire("admin")):
        assert office.act(actor, send_message, "feedback", None, {}).status == "delivered"


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [{"x": float("inf")}, {"x": "\0"}, {"x": "\ud800"}, {"x": 2**60}, {"x": "y" * 1_100_000}],
)
def test_a_payload_that_cannot_be_kept_is_refused(
    office: Office, owner: Actor, payload: dict[str, Any]
) -> None:
    office.deploy(waiting())
    instance_id = office.start(owner, business_key="K1")

    with pytest.raises(InvalidInputError):
        office.act(owner, send_message, "answer", "K1", payload)

    assert office.open(instance_id) == []


@pytest.mark.parametrize(("name", "key"), [("a\0", "K"), ("answer", "\0"), ("answer", "\ud800")])
def test_a_name_or_key_that_cannot_be_looked_up_is_refused(
    office: Office, owner: Actor, name: str, key: str
) -> None:
    office.deploy(waiting())

    with pytest.raises(InvalidInputError):
        office.act(owner, send_message, name, key, {})


# --- messages that diagrams send ------------------------------------------------------------------


def sending() -> Files:
    return {
        "sender.bpmn": diagram(
            message("m", "answer"),
            process(
                "sender",
                start(),
                script("X_say", "text = 'From ' + who"),
                throw("T_send", on_message("m", carrying("{'text': text}"))),
                end(),
                flows("start X_say T_send end"),
            ),
        )
    }


def test_a_message_that_a_diagram_sends_reaches_the_case_that_waits(
    office: Office, owner: Actor
) -> None:
    office.deploy(waiting())
    office.deploy(sending())
    waits = office.start(owner, business_key="K1")

    sender = office.start(owner, "sender", business_key="K1", who="Ann")
    office.run_jobs()

    assert office.instance(sender).status is InstanceStatus.COMPLETED
    assert office.open(waits) == ["U_read"]
    assert office.variables(waits) == {"answer": {"text": "From Ann"}}
    assert office.jobs() == []


def test_a_message_that_a_diagram_sends_may_start_a_case(office: Office, owner: Actor) -> None:
    office.deploy(
        {
            "q.bpmn": diagram(
                message("m", "answer"),
                process(
                    "q",
                    start(inner=on_message("m", into("told"))),
                    user("U_read", role="service_owner"),
                    end(),
                    flows("start U_read end"),
                ),
            )
        }
    )
    office.deploy(sending())

    office.start(owner, "sender", business_key="K1", who="Ann")
    office.run_jobs()

    with office.look(owner) as work:
        [row] = list_inbox(work.session, owner).items
    assert (row.task.key, row.task.activity_id) == ("q", "U_read")


def test_a_message_that_a_diagram_sends_too_early_is_kept(office: Office, owner: Actor) -> None:
    office.deploy(waiting())
    office.deploy(sending())
    office.start(owner, "sender", business_key="K1", who="Ann")
    office.run_jobs()
    [kept] = kept_messages(office)

    late = office.start(owner, business_key="K1")
    office.run_jobs()

    assert (kept.name, kept.correlation_key, kept.sender) == ("answer", "K1", SYSTEM.key)
    assert office.variables(late) == {"answer": {"text": "From Ann"}}
    assert (kept_messages(office), office.jobs()) == ([], [])


def test_correlating_needs_somebody_who_waits(office: Office) -> None:
    office.deploy(waiting())

    with office.work() as work, pytest.raises(NotFoundError):
        correlate_message(work, "answer", "K1", {})
