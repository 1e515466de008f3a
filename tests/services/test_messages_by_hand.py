from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.identity import OPERATOR, Actor
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services.deployment import deploy_files
from ssflow.services.instances import start_instance
from ssflow.services.messages import messages_for_starter, send_by_hand
from ssflow.services.shipped import install_roles
from tests.conftest import MakeActor, MakeWork

DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  id="D" targetNamespace="http://ssflow.example/tests">
  <bpmn:message id="M_stop" name="stop_it" />
  <bpmn:process id="waiting" name="Waiting" isExecutable="true">
    <bpmn:startEvent id="S"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="S" targetRef="I_stop" />
    <bpmn:intermediateCatchEvent id="I_stop" name="Stopped">
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
      <bpmn:messageEventDefinition id="e1" messageRef="M_stop" />
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="I_stop" targetRef="E" />
    <bpmn:endEvent id="E"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"""


@pytest.fixture
def case(make_work: MakeWork, requester: Actor) -> UUID:
    work = make_work(OPERATOR)
    install_roles(work)
    deploy_files(work, {"waiting.bpmn": DIAGRAM})
    return start_instance(make_work(requester), "waiting").id


def test_who_started_a_case_may_send_it_a_message_with_a_reason(
    make_work: MakeWork, requester: Actor, case: UUID, session: Session
) -> None:
    [waiting] = messages_for_starter(make_work(requester), case)

    instance = send_by_hand(make_work(requester), case, waiting.id, "no need any more")

    assert instance.end_event == "E"
    query = select(AuditEvent.body).where(AuditEvent.action == AuditAction.MESSAGE_CAUGHT)
    assert '"reason":"no need any more"' in session.scalars(query).one()


def test_an_auditor_sees_the_case_but_may_not_send_it_anything(
    make_work: MakeWork, requester: Actor, auditor: Actor, case: UUID
) -> None:
    [waiting] = messages_for_starter(make_work(requester), case)

    assert messages_for_starter(make_work(auditor), case) == []
    with pytest.raises(ForbiddenError):
        send_by_hand(make_work(auditor), case, waiting.id, "stop")


def test_a_stranger_does_not_find_the_case(
    make_work: MakeWork, make_actor: MakeActor, case: UUID
) -> None:
    with pytest.raises(NotFoundError):
        messages_for_starter(make_work(make_actor("passer-by")), case)


def test_a_message_by_hand_needs_a_reason(
    make_work: MakeWork, requester: Actor, case: UUID
) -> None:
    [waiting] = messages_for_starter(make_work(requester), case)

    with pytest.raises(InvalidInputError):
        send_by_hand(make_work(requester), case, waiting.id, "  ")


def test_a_message_is_sent_by_hand_only_once(
    make_work: MakeWork, requester: Actor, case: UUID
) -> None:
    [waiting] = messages_for_starter(make_work(requester), case)
    send_by_hand(make_work(requester), case, waiting.id, "enough")

    with pytest.raises(NotFoundError):
        send_by_hand(make_work(requester), case, waiting.id, "enough")
