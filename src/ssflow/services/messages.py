"""Bring a message to the instance that waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.message import MessageSubscription
from ssflow.engine.commands import CatchMessage
from ssflow.errors import NotFoundError
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry
from ssflow.services.variables import check_variables
from ssflow.store import instances as instance_rows
from ssflow.store import messages as message_rows
from ssflow.store.unit_of_work import UnitOfWork


class Delivery(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"


@dataclass(frozen=True)
class Correlation:
    """Which instance caught a message."""

    status: Delivery
    instance_id: UUID


def correlate_message(
    work: UnitOfWork, name: str, correlation_key: str | None, payload: Mapping[str, Any]
) -> Correlation:
    """Give a message to the one instance that waits for its name and key.

    Raises:
        NotFoundError: nobody waits for it.
        InstanceNotRunningError: the case that waits is suspended.
        InvalidInputError: the payload is not plain data.
    """
    check_variables(payload)
    waiting = message_rows.find_subscription(work.session, name, correlation_key)
    if waiting is None:
        raise NotFoundError(f"No case waits for the message {name} with this key.")
    return _deliver(work, waiting, payload)


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
