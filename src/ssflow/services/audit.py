"""Append to the audit trail, and prove that nobody changed it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ssflow.domain.audit import FORMAT, GENESIS, AuditAction, chain_hash
from ssflow.domain.instance import ProcessInstance
from ssflow.errors import NotFoundError
from ssflow.store import audit as trail
from ssflow.store import instances as instance_rows
from ssflow.store.audit import StoredEvent
from ssflow.store.unit_of_work import Refusal, UnitOfWork

_DAY_PREFIX = "sys-"
"""Of the streams of days, which hold what belongs to no case."""


@dataclass(frozen=True)
class Entry:
    """What happened, before it has its place in a stream; `details` is JSON."""

    action: AuditAction
    activity_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verification:
    """Whether a stream is whole; `problem` says what is wrong with the first bad event."""

    stream: str
    events: int
    problem: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def record(
    work: UnitOfWork,
    action: AuditAction,
    instance: ProcessInstance | None = None,
    /,
    *,
    activity_id: str | None = None,
    **details: Any,
) -> None:
    """Write one event; without an instance it goes to the stream of the day."""
    record_all(work, [Entry(action, activity_id, details)], instance)


def record_all(
    work: UnitOfWork, entries: Sequence[Entry], instance: ProcessInstance | None = None
) -> None:
    """Write events in order, in one statement, and move the stream's head."""
    if not entries:
        return
    stream, seq, head = _stream_head(work, instance)
    rows = []
    for entry in entries:
        seq += 1
        body = _body(work, entry, stream, seq)
        prev, head = head, chain_hash(head, body)
        rows.append(_row(work, entry, instance, stream, seq, body, prev, head))
    trail.append_events(work.session, rows)
    if instance is not None:
        instance.audit_seq, instance.audit_hash = seq, head


def record_refusals(work: UnitOfWork, refusals: Sequence[Refusal]) -> None:
    """Tell in the trail what was refused, after the work in which it happened was undone."""
    for refusal in refusals:
        instance_id = refusal.instance_id
        instance = instance_rows.lock_instance(work.session, instance_id) if instance_id else None
        record_all(work, [Entry(refusal.action, refusal.activity_id, refusal.details)], instance)


def verify_stream(work: UnitOfWork, stream: str) -> Verification:
    """Walk a stream from its first event and compare every link.

    A malformed row is a finding, never a failure of the walk.
    """
    expected_prev, count = GENESIS, 0
    for event in trail.stored_events_of_stream(work.session, stream):
        count += 1
        problem = _event_problem(event, count, expected_prev, stream)
        if problem:
            return Verification(stream, count, problem)
        expected_prev = event.hash
    return Verification(stream, count, _head_problem(work, stream, count, expected_prev))


def verify_all(work: UnitOfWork) -> Iterator[Verification]:
    """Verify every stream of the trail, one after the other, and those that cases know of."""
    known = {str(instance_id) for instance_id in trail.cases_with_events(work.session)}
    for stream in sorted(known.union(trail.streams(work.session))):
        yield verify_stream(work, stream)


def _head_problem(work: UnitOfWork, stream: str, count: int, head: bytes) -> str | None:
    """Compare the end of a stream with the head that its instance remembers; days have none."""
    if stream.startswith(_DAY_PREFIX):
        return None
    try:
        instance = instance_rows.get_instance(work.session, UUID(stream))
    except (ValueError, NotFoundError):
        return "The case of this trail is gone."
    if (instance.audit_seq, bytes(instance.audit_hash)) != (count, head):
        return "The last events are missing: the case knows a later one."
    return None


def _event_problem(event: StoredEvent, seq: int, prev: bytes, stream: str) -> str | None:
    if event.seq != seq:
        return f"Event {seq} is missing."
    try:
        body = _as_text(event.body)
        if event.prev != prev:
            return f"Event {seq} does not follow the event before it."
        if chain_hash(prev, body) != event.hash:
            return f"Event {seq} was changed after it was written."
        told = _told_by_body(json.loads(body))
        beside = _told_by_columns(event, stream)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return f"Event {seq} is not readable."
    if told != beside:
        return f"The columns of event {seq} do not say what its body says."
    return None


def _told_by_body(body: Any) -> tuple[Any, ...]:
    at = datetime.fromisoformat(body["at"])
    return (
        *(body["stream"], body["seq"], at, body["actor"], body["action"], body.get("activity")),
        None if body["stream"].startswith(_DAY_PREFIX) else UUID(body["stream"]),
    )


def _told_by_columns(event: StoredEvent, stream: str) -> tuple[Any, ...]:
    at = event.at if isinstance(event.at, datetime) else _as_moment(event.at)
    activity = None if event.activity_id is None else _as_text(event.activity_id)
    case = None if event.instance_id is None else UUID(_as_text(event.instance_id))
    return (stream, event.seq, at, _as_text(event.actor), _as_text(event.action), activity, case)


def _as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _as_moment(value: Any) -> datetime:
    return datetime.fromisoformat(_as_text(value)).replace(tzinfo=UTC)


def _stream_head(work: UnitOfWork, instance: ProcessInstance | None) -> tuple[str, int, bytes]:
    if instance is not None:
        return str(instance.id), instance.audit_seq, instance.audit_hash
    stream = f"{_DAY_PREFIX}{work.now.date().isoformat()}"
    seq, head = trail.head_of_stream(work.session, stream)
    return stream, seq, head


def _body(work: UnitOfWork, entry: Entry, stream: str, seq: int) -> str:
    told: dict[str, Any] = {
        "v": FORMAT,
        "stream": stream,
        "seq": seq,
        "at": work.now.isoformat(),
        "actor": work.actor.key,
        "action": str(entry.action),
    }
    if entry.activity_id:
        told["activity"] = entry.activity_id
    if entry.details:
        told["details"] = entry.details
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _row(
    work: UnitOfWork,
    entry: Entry,
    instance: ProcessInstance | None,
    stream: str,
    seq: int,
    body: str,
    prev: bytes,
    head: bytes,
) -> dict[str, Any]:
    return {
        "stream": stream,
        "seq": seq,
        "at": work.now,
        "actor": work.actor.key,
        "action": entry.action,
        "body": body,
        "prev": prev,
        "hash": head,
        "instance_id": instance.id if instance else None,
        "activity_id": entry.activity_id,
    }
