"""Bring a message to the instance that waits for it, or keep it until one does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ssflow.config import MAX_MESSAGE_TTL
from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import ADMIN, OPERATOR, SYSTEM, Actor, RoleNeededError, User
from ssflow.domain.instance import InstanceNotRunningError, InstanceStatus, ProcessInstance
from ssflow.domain.message import Message, MessageStatus, MessageSubscription
from ssflow.engine.commands import CatchMessage, StartByMessage
from ssflow.engine.execution import TaskGoneError
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.sentences import Sentence
from ssflow.services.advance import advance_instance, delivery_row, starting_row
from ssflow.services.attachments import bind_files
from ssflow.services.audit import Entry, record
from ssflow.services.instances import (
    begin_instance,
    check_key,
    check_start,
    get_visible_instance,
    is_starter,
    read_reason,
)
from ssflow.services.people import actor_of
from ssflow.services.variables import check_variables
from ssflow.services.working_days import calendar_of
from ssflow.store import definitions as definition_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store import messages as message_rows
from ssflow.store.paging import Page
from ssflow.store.unit_of_work import UnitOfWork

MAX_BUFFERED = 1_000
"""How many messages of one person may wait at a time."""
_TRIES = 3
"""How often who waits is looked for, when others bring messages at the same time."""
_LOOKED_AT = 100
"""How many of the messages with one name and key are looked at for one case."""
_LENGTH = re.compile(r"P[\dYMWDTHS]{2,30}", re.ASCII)


class Delivery(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    BUFFERED = "buffered"
    DUPLICATE = "duplicate"


class TooLateError(ConflictError):
    """The message is for a case that has ended."""


class TooManyMessagesError(ConflictError):
    """So many messages of this sender wait that no more are kept."""


@dataclass(frozen=True)
class Correlation:
    """What became of a message, and which instance caught it, if one did."""

    status: Delivery
    instance_id: UUID | None
    is_start: bool = False
    """Whether the instance was started by it."""


@dataclass(frozen=True)
class _Incoming:
    """A message on its way in, checked."""

    name: str
    correlation_key: str | None
    payload: Mapping[str, Any]
    message_id: str | None
    expires_at: datetime


def send_message(
    work: UnitOfWork,
    name: str,
    correlation_key: str | None,
    payload: Mapping[str, Any],
    *,
    message_id: str | None = None,
    time_to_live: str | None = None,
    may_be_late: bool = False,
) -> Correlation:
    """Bring in a message: to the case that waits for it, else to start a process, else to wait.

    Only cases that the actor may see are looked at, now and later; whether others wait for it is
    not told. With a `message_id` that the actor used before, it is a duplicate: nothing is done,
    as long as the former message would be kept. `may_be_late`: it is kept, too, when its key is
    that of a case which has ended.

    Raises:
        ForbiddenError: the actor may not start the process that it starts.
        TooLateError: it would be kept, but every case of its key that the actor may see has ended.
        TooManyMessagesError: the actor has `MAX_BUFFERED` messages waiting.
        InvalidInputError: name, key or id are no texts of at most 200 characters, the payload is
            not plain data of at most 1 MB, or the time to live is no length of time of at most
            90 days.
    """
    _check(name, correlation_key, payload)
    expires_at = _expires_at(work, time_to_live)
    message = _Incoming(name, correlation_key or None, payload, message_id, expires_at)
    if (former := _find_former(work, message)) is not None:
        return Correlation(Delivery.DUPLICATE, former.instance_id)
    if brought := _deliver_now(work, message) or _start_now(work, message):
        return brought
    if not may_be_late:
        _refuse_late(work, message)
    return _keep(work, message)


def receive_public(
    work: UnitOfWork, name: str, payload: Mapping[str, Any], message_id: str
) -> ProcessInstance:
    """Start the public process whose start message is `name`, for somebody who has no account.

    A `message_id` that came before gives the case that it started then.

    Raises:
        NotFoundError: no process starts with it, or its diagram does not say `public_start`.
        InvalidInputError: as `send_message`.
    """
    definition = _started_by(work, name)
    if definition is None or not _is_public(definition):
        raise NotFoundError("There is no such form.")
    _check(name, None, payload)
    system = replace(work, actor=SYSTEM)
    message = _Incoming(name, None, payload, message_id, work.now + work.message_ttl)
    former = _find_former(system, message)
    if former is not None and former.instance_id is not None:
        return instance_rows.get_instance(work.session, former.instance_id)
    return _start(system, definition, message, by=work)


def deliver_buffered(
    work: UnitOfWork, instance_id: UUID, name: str, correlation_key: str | None
) -> bool:
    """Give a case the oldest message that was kept for what it waits for; false if none was.

    Only messages whose sender may see the case count. One that is suspended gets none: what
    brings it messages is held until it goes on. What one that waits no more leaves is brought to
    the next that does.
    """
    instance = instance_rows.lock_instance(work.session, instance_id)
    if instance.status is InstanceStatus.SUSPENDED:
        return False
    waiting = message_rows.find_subscription_of(work.session, instance_id, name, correlation_key)
    if waiting is None:
        _pass_on(work, name, correlation_key)
        return False
    waiting_id = waiting.id
    kept = message_rows.find_buffered(
        work.session, name, correlation_key, work.now, limit=_LOOKED_AT
    )
    for message in kept:
        sender = _find_sender(work, message.sender)
        may_send = sender is not None and instance_rows.may_see(work.session, sender, instance)
        payload = message.payload
        if sender and may_send and message_rows.take_message(work.session, message, instance_id):
            _deliver(replace(work, actor=sender), waiting, payload)
            _deliver_next(work, instance_id, waiting_id, has_more=len(kept) > 1)
            return True
    return False


def start_by_kept(work: UnitOfWork, name: str) -> bool:
    """Start a process by the oldest message that was kept before it was there; false if none was.

    Only messages of senders who may start it count, whose start form lets them pass, and that no
    case waits for. Each starts its case in a step of its own.
    """
    definition = _started_by(work, name)
    if definition is None:
        return False
    kept = message_rows.lock_buffered(work.session, name, work.now, limit=_LOOKED_AT)
    for message in kept:
        sender = _find_sender(work, message.sender)
        if sender is not None and _start_by(replace(work, actor=sender), definition, message):
            if len(kept) > 1:
                job_rows.add_jobs(work.session, [starting_row(name, work.now)])
            return True
    return False


def list_buffered(
    work: UnitOfWork, *, name: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Message]:
    """List the messages that wait for a case, newest first.

    Raises:
        ForbiddenError: the actor neither administers nor audits.
    """
    if not work.actor.sees_everything:
        raise RoleNeededError(ADMIN)
    return message_rows.list_buffered(work.session, work.now, name=name, cursor=cursor, limit=limit)


def drop_expired(work: UnitOfWork) -> int:
    """Drop messages whose time is over, and tell of those that no case took; gives how many."""
    count = 0
    while gone := message_rows.delete_expired(work.session, work.now):
        for message in gone:
            if message.status is MessageStatus.BUFFERED:
                _tell_expired(work, message)
                count += 1
    return count


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


def _tell_expired(work: UnitOfWork, message: Message) -> None:
    record(
        work,
        AuditAction.MESSAGE_EXPIRED,
        message=message.name,
        key=message.correlation_key,
        sender=message.sender,
        payload=message.payload,
    )


def _may_send_by_hand(work: UnitOfWork, instance: ProcessInstance) -> bool:
    return work.actor.is_admin or instance.started_by == work.actor.key


def _check(name: str, key: str | None, payload: Mapping[str, Any]) -> None:
    check_key(name, "name")
    check_key(key, "correlation_key")
    check_variables(payload)


def _expires_at(work: UnitOfWork, time_to_live: str | None) -> datetime:
    if not time_to_live:
        return work.now + work.message_ttl
    problem = "Write a length of time such as P7D or PT1H, 90 days at most."
    refused = InvalidInputError(problem, errors={"time_to_live": [problem]})
    if not _LENGTH.fullmatch(time_to_live):
        raise refused
    try:
        expires_at = calendar_of(work).parse_due(time_to_live, work.now)
    except InvalidInputError as error:
        raise refused from error
    if not work.now < expires_at <= work.now + MAX_MESSAGE_TTL:
        raise refused
    return expires_at


def _find_former(work: UnitOfWork, message: _Incoming) -> Message | None:
    """Find the message that the actor called alike; one whose time is over makes room."""
    if message.message_id is None:
        return None
    check_key(message.message_id, "message_id")
    sender = work.actor.key
    message_rows.lock_message_id(work.session, sender, message.message_id)
    former = message_rows.find_message(work.session, sender, message.message_id)
    if former is not None and former.expires_at <= work.now:
        work.session.delete(former)
        work.session.flush()
        return None
    return former


def _deliver_now(work: UnitOfWork, message: _Incoming) -> Correlation | None:
    """Bring it to who waits longest; who was served by another message meanwhile is passed over."""
    for _ in range(_TRIES):
        waiting = message_rows.find_subscription(
            work.session,
            message.name,
            message.correlation_key,
            visible_to=work.actor,
            in_status=InstanceStatus.RUNNING,
        )
        if waiting is None:
            return None
        try:
            delivered = _deliver(work, waiting, message.payload)
        except (TaskGoneError, InstanceNotRunningError):
            continue
        _remember(work, message, waiting.instance_id)
        return delivered
    return None


def _start_now(work: UnitOfWork, message: _Incoming) -> Correlation | None:
    message_rows.lock_for_start(work.session, message.name, is_new=False)
    definition = _started_by(work, message.name)
    if definition is None:
        return None
    if not is_starter(work, definition):
        raise ForbiddenError("You may not start the process that this message starts.")
    instance = _start(work, definition, message, by=work)
    return Correlation(Delivery.DELIVERED, instance.id, is_start=True)


def _start(
    work: UnitOfWork, definition: ProcessDefinition, message: _Incoming, *, by: UnitOfWork
) -> ProcessInstance:
    """Start a case with what the start form lets pass; files are those of who sends (`by`)."""
    instance = _begin(work, definition, message.name, message.payload, by=by)
    _remember(work, message, instance.id)
    return instance


def _begin(
    work: UnitOfWork,
    definition: ProcessDefinition,
    name: str,
    given: Mapping[str, Any],
    *,
    by: UnitOfWork,
) -> ProcessInstance:
    payload = check_start(by, definition, dict(given))
    instance = begin_instance(work, definition, StartByMessage(name, payload), payload, None)
    if definition.facts.get("start_form"):
        bind_files(by, payload, instance, None)
    return instance


def _start_by(work: UnitOfWork, definition: ProcessDefinition, kept: Message) -> bool:
    """Start a case with a message that was kept; false when it is not the one to start it."""
    if not is_starter(work, definition) or _is_awaited(work, kept):
        return False
    try:
        check_start(work, definition, dict(kept.payload))
    except InvalidInputError:
        return False
    instance = _begin(work, definition, kept.name, kept.payload, by=work)
    return message_rows.take_message(work.session, kept, instance.id)


def _is_awaited(work: UnitOfWork, kept: Message) -> bool:
    """Tell whether a case waits for a message, one that is suspended among them."""
    found = message_rows.find_subscription(
        work.session, kept.name, kept.correlation_key, visible_to=work.actor
    )
    return found is not None


def _remember(work: UnitOfWork, message: _Incoming, instance_id: UUID) -> None:
    """Keep that a message with an id was taken, so that it is not taken twice."""
    if message.message_id is not None:
        taken = _row(work, message, {}, MessageStatus.DELIVERED, instance_id)
        work.session.add(taken)


def _refuse_late(work: UnitOfWork, message: _Incoming) -> None:
    key = message.correlation_key
    ended = instance_rows.find_ended_by_key(work.session, work.actor, key) if key else None
    if ended is not None:
        told = Sentence(
            "The case %(key)s has ended; it takes the message %(message)s no more.",
            key=key,
            message=message.name,
        )
        raise TooLateError(told)


def _keep(work: UnitOfWork, message: _Incoming) -> Correlation:
    """Keep a message until a case waits for it; one that is suspended gets it when it goes on.

    Nobody may begin to wait for it between the last look and the commit.
    """
    name, key, actor = message.name, message.correlation_key, work.actor
    _require_room(work)
    message_rows.lock_for_keeping(work.session, name, key)
    work.session.add(_row(work, message, message.payload, MessageStatus.BUFFERED, None))
    waiting = message_rows.find_subscription(
        work.session, name, key, visible_to=actor, in_status=InstanceStatus.RUNNING
    ) or message_rows.find_subscription(work.session, name, key, visible_to=actor)
    if waiting is not None:
        job_rows.add_jobs(
            work.session, [delivery_row(waiting.instance_id, waiting.id, name, key, work.now)]
        )
    until = message.expires_at.isoformat()
    record(work, AuditAction.MESSAGE_BUFFERED, message=name, key=key, expires_at=until)
    return Correlation(Delivery.BUFFERED, None)


def _require_room(work: UnitOfWork) -> None:
    if work.actor.is_system:
        return
    count = message_rows.count_buffered_of(work.session, work.actor.key, MAX_BUFFERED)
    if count >= MAX_BUFFERED:
        told = Sentence(
            "%(most)s of your messages wait for a case already; no more are kept.",
            most=MAX_BUFFERED,
        )
        raise TooManyMessagesError(told)


def _row(
    work: UnitOfWork,
    message: _Incoming,
    payload: Mapping[str, Any],
    status: MessageStatus,
    instance_id: UUID | None,
) -> Message:
    return Message(
        name=message.name,
        sender=work.actor.key,
        payload=dict(payload),
        created_at=work.now,
        expires_at=message.expires_at,
        correlation_key=message.correlation_key,
        message_id=message.message_id,
        status=status,
        instance_id=instance_id,
    )


def _find_sender(work: UnitOfWork, key: str) -> Actor | None:
    """Give who sent a message, with the roles of today; nobody when the account is off."""
    for actor in (SYSTEM, OPERATOR):
        if key == actor.key:
            return actor
    user = work.session.get(User, UUID(key))
    return actor_of(work, user) if user is not None and user.is_active else None


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


def _deliver_next(work: UnitOfWork, instance_id: UUID, waiting_id: UUID, *, has_more: bool) -> None:
    """Look for the next message when the case still waits at the same place for more."""
    if not has_more:
        return
    for waiting in message_rows.subscriptions_of(work.session, instance_id):
        if waiting.id == waiting_id:
            row = delivery_row(
                instance_id, waiting_id, waiting.name, waiting.correlation_key, work.now
            )
            job_rows.add_jobs(work.session, [row])


def _pass_on(work: UnitOfWork, name: str, correlation_key: str | None) -> None:
    """Have a message that is kept brought to a case that waits for it all the same."""
    kept = message_rows.find_buffered(
        work.session, name, correlation_key, work.now, limit=_LOOKED_AT
    )
    for sender in dict.fromkeys(message.sender for message in kept):
        actor = _find_sender(work, sender)
        waiting = actor and message_rows.find_subscription(
            work.session,
            name,
            correlation_key,
            visible_to=actor,
            in_status=InstanceStatus.RUNNING,
        )
        if waiting:
            row = delivery_row(waiting.instance_id, waiting.id, name, correlation_key, work.now)
            job_rows.add_jobs(work.session, [row])
            return


def _started_by(work: UnitOfWork, name: str) -> ProcessDefinition | None:
    latest = definition_rows.list_latest(work.session)
    return next((d for d in latest if d.facts.get("start_message") == name), None)


def _is_public(definition: ProcessDefinition) -> bool:
    return bool(definition.facts["properties"].get("public_start") == "true")


def _nobody_waits(name: str) -> NotFoundError:
    return NotFoundError(
        Sentence("No case waits for the message %(name)s with this key.", name=name)
    )
