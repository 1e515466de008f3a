"""Bring a message to the instance that waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.message import MessageSubscription
from ssflow.engine.commands import CatchMessage, StartByMessage
from ssflow.errors import ForbiddenError, NotFoundError
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry
from ssflow.services.idempotency import (
    Answer,
    remember_answer,
    remembered_answer,
    request_digest,
)
from ssflow.services.instances import (
    begin_instance,
    check_key,
    get_visible_instance,
    is_starter,
    read_reason,
)
from ssflow.services.variables import check_variables
from ssflow.store import definitions as definition_rows
from ssflow.store import instances as instance_rows
from ssflow.store import messages as message_rows
from ssflow.store.unit_of_work import UnitOfWork


class Delivery(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Correlation:
    """Which instance caught a message."""

    status: Delivery
    instance_id: UUID


def send_message_once(
    work: UnitOfWork,
    name: str,
    correlation_key: str | None,
    payload: Mapping[str, Any],
    message_id: str,
) -> Correlation:
    """Bring in a message unless the actor did so with this id in the last 24 hours.

    Raises:
        InvalidInputError: the id is too long, or as `send_message`.
        NotFoundError, ForbiddenError, InstanceNotRunningError: as `send_message`.
    """
    check_key(message_id, "message_id")
    key = request_digest("message", message_id)
    former = remembered_answer(work, key, key)
    if former is not None:
        return Correlation(Delivery.DUPLICATE, UUID(former.body))
    brought = send_message(work, name, correlation_key, payload)
    remember_answer(work, key, key, Answer(HTTPStatus.ACCEPTED, str(brought.instance_id)))
    return brought


def send_message(
    work: UnitOfWork, name: str, correlation_key: str | None, payload: Mapping[str, Any]
) -> Correlation:
    """Bring in a message from outside: to the case that waits for it, else to start a process.

    Raises:
        NotFoundError: no case that the actor may see waits for it, and it starts no process.
        ForbiddenError: the actor may not start the process that it starts.
        InstanceNotRunningError, InvalidInputError: as `correlate_message`.
    """
    _check(name, correlation_key, payload)
    waiting = message_rows.find_subscription(
        work.session, name, correlation_key, visible_to=work.actor
    )
    if waiting is not None:
        return _deliver(work, waiting, payload)
    definition = _started_by(work, name)
    if definition is None:
        raise _nobody_waits(name)
    if not is_starter(work, definition):
        raise ForbiddenError("You may not start the process that this message starts.")
    instance = begin_instance(work, definition, StartByMessage(name, payload), payload, None)
    return Correlation(Delivery.DELIVERED, instance.id)


def messages_for_starter(work: UnitOfWork, instance_id: UUID) -> Sequence[MessageSubscription]:
    """List the messages that the case's starter (or an administrator) may send it by hand.

    Raises:
        NotFoundError: there is no such case, or none that the actor may see.
    """
    instance = get_visible_instance(work, instance_id)
    if instance.status is not InstanceStatus.RUNNING or not _may_send_by_hand(work, instance):
        return []
    return message_rows.subscriptions_of(work.session, instance.id)


def send_by_hand(
    work: UnitOfWork, instance_id: UUID, subscription_id: UUID, reason: str
) -> ProcessInstance:
    """Send a message that a case waits for, such as a withdrawal, with the reason as payload.

    Raises:
        NotFoundError: as `messages_for_starter`, or the case does not wait for it any more.
        ForbiddenError: the actor neither started the case nor administers.
        InstanceNotRunningError: the case is suspended or has ended.
        InvalidInputError: the reason is empty or too long.
    """
    instance = get_visible_instance(work, instance_id)
    if not _may_send_by_hand(work, instance):
        raise ForbiddenError("Only who started this case may send it this message.")
    told = read_reason(reason)
    waiting = next(
        (
            s
            for s in message_rows.subscriptions_of(work.session, instance.id)
            if s.id == subscription_id
        ),
        None,
    )
    if waiting is None:
        raise NotFoundError("The case does not wait for this message any more.")
    _deliver(work, waiting, {"reason": told})
    return instance


def correlate_message(
    work: UnitOfWork, name: str, correlation_key: str | None, payload: Mapping[str, Any]
) -> Correlation:
    """Give a message to the one instance that waits for its name and key.

    Raises:
        NotFoundError: nobody waits for it.
        InstanceNotRunningError: the case that waits is suspended.
        InvalidInputError: name or key are no texts, or the payload is not plain data.
    """
    _check(name, correlation_key, payload)
    waiting = message_rows.find_subscription(work.session, name, correlation_key)
    if waiting is None:
        raise _nobody_waits(name)
    return _deliver(work, waiting, payload)


def _may_send_by_hand(work: UnitOfWork, instance: ProcessInstance) -> bool:
    return work.actor.is_admin or instance.started_by == work.actor.key


def _check(name: str, key: str | None, payload: Mapping[str, Any]) -> None:
    check_key(name, "name")
    check_key(key, "correlation_key")
    check_variables(payload)


def _deliver(
    work: UnitOfWork, waiting: MessageSubscription, payload: Mapping[str, Any]
) -> Correlation:
    waiting_id, activity_id, key = waiting.id, waiting.activity_id, waiting.correlation_key
    instance = instance_rows.lock_instance(work.session, waiting.instance_id)
    instance.require_running()
    details = {"message": waiting.name, "key": key, "payload": dict(payload)}
    because = Entry(AuditAction.MESSAGE_CAUGHT, activity_id, details)
    advance_instance(work, instance, CatchMessage(waiting_id, dict(payload)), because)
    return Correlation(Delivery.DELIVERED, instance.id)


def _started_by(work: UnitOfWork, name: str) -> ProcessDefinition | None:
    latest = definition_rows.list_latest(work.session)
    return next((d for d in latest if d.facts.get("start_message") == name), None)


def _nobody_waits(name: str) -> NotFoundError:
    return NotFoundError(f"No case waits for the message {name} with this key.")
