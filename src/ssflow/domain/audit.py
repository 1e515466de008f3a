"""The audit trail: events that are written once and never changed."""

import hashlib
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base

FORMAT = 1
"""Of the body: canonical JSON with keys sorted, no blanks, UTF-8; kept verbatim."""
GENESIS = bytes(32)
"""What the first event of a stream names as its predecessor."""
_LABEL = b"ssflow-ev-1\0"


class AuditAction(StrEnum):
    """What can have happened."""

    INSTANCE_STARTED = "instance.started"
    INSTANCE_ENDED = "instance.ended"
    INSTANCE_CANCELLED = "instance.cancelled"
    INSTANCE_SUSPENDED = "instance.suspended"
    INSTANCE_RESUMED = "instance.resumed"
    TASK_CREATED = "task.created"
    TASK_CLAIMED = "task.claimed"
    TASK_RELEASED = "task.released"
    TASK_COMPLETED = "task.completed"
    TASK_CANCELLED = "task.cancelled"
    TASK_OVERDUE = "task.overdue"
    TIMER_FIRED = "timer.fired"
    MESSAGE_CAUGHT = "message.caught"
    MESSAGE_BUFFERED = "message.buffered"
    MESSAGE_EXPIRED = "message.expired"
    PROCESS_STARTED = "process.started"
    PROCESS_NOT_STARTED = "process.not_started"
    INSTANCE_LINKED = "instance.linked"
    OPERATION_ANSWERED = "operation.answered"
    OPERATION_FAILED = "operation.failed"
    MAIL_QUEUED = "mail.queued"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_RETRIED = "incident.retried"
    INCIDENTS_RETRIED = "incidents.retried"
    INCIDENT_CLOSED = "incident.closed"
    RECORD_CREATED = "record.created"
    RECORD_CHANGED = "record.changed"
    RECORDS_IMPORTED = "records.imported"
    SPAM_DROPPED = "spam.dropped"
    COMMENT_ADDED = "comment.added"
    FILE_ATTACHED = "file.attached"
    NOTICE_SENT = "notice.sent"
    ATTEMPT_REFUSED = "attempt.refused"
    SEPARATION_OF_DUTIES_BLOCKED = "sod.blocked"
    DEPLOYMENT_PUBLISHED = "deployment.published"
    SCHEDULE_TICKED = "schedule.ticked"
    SCHEDULE_SWITCHED = "schedule.switched"
    SCHEDULE_RUN_BY_HAND = "schedule.run_by_hand"
    DRAFT_SAVED = "draft.saved"
    DRAFT_DISCARDED = "draft.discarded"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an event
    SIGNED_IN = "session.signed_in"
    SIGNED_OUT = "session.signed_out"
    SIGN_IN_FAILED = "session.sign_in_failed"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an event
    JOB_FAILED = "job.failed"
    JOB_RETRIED = "job.retried"


class AuditEvent(Base):
    """One line of the trail. `body` is what was hashed; the columns beside it only serve filters.

    `hash` = SHA-256(label, prev, body); `prev` is the hash of the stream's former event.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("stream", "seq"),
        Index(None, "actor", "id"),
        Index(None, "at"),
    )

    stream: Mapped[str]
    """The instance's id, or `sys-<day>` for what belongs to no instance."""
    seq: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[AuditAction]
    body: Mapped[str]
    prev: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    instance_id: Mapped[UUID | None] = mapped_column(default=None)
    activity_id: Mapped[str | None] = mapped_column(default=None)
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
        init=False,
    )


def chain_hash(prev: bytes, body: str) -> bytes:
    """Link an event's body to its predecessor: SHA-256(label, prev, body)."""
    return hashlib.sha256(_LABEL + prev + body.encode()).digest()
