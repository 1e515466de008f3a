"""Put mails into the outbox, and carry each out as a job of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import JsonValue, Variables, new_id
from ssflow.domain.identity import NoticePace
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import DEFAULT_ATTEMPTS, DEFAULT_WAIT_SECONDS, Job, JobKind
from ssflow.domain.mail import Mail, MailState
from ssflow.domain.registers.portfolio import Document
from ssflow.engine.commands import AnswerOperation, Command, FailOperation
from ssflow.engine.execution import TaskGoneError
from ssflow.errors import ForbiddenError, NotFoundError, SsflowError
from ssflow.operations.letters import Letter, Reader, compose
from ssflow.operations.mailing import (
    FAILED,
    REFUSED,
    Enclosure,
    Mailer,
    build_message,
    open_mailer,
)
from ssflow.operations.outside import CallFailedError
from ssflow.operations.recipients import Recipient
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry
from ssflow.services.incidents import go_on_with_incident
from ssflow.services.job_kinds import Call, GiveUpError, OutsideWork
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store import mail as rows
from ssflow.store import notes as note_rows
from ssflow.store import people as people_rows
from ssflow.store.paging import Page
from ssflow.store.unit_of_work import UnitOfWork

DIGEST_AT = time(7, 0)
DIGEST = "digest"


class MailRefusedError(GiveUpError):
    """The receiving side does not take the mail; another attempt would not help."""


@dataclass(frozen=True)
class Post:
    """What is to be sent to whom; `source_id` is what asked for it, and asks only once."""

    source_id: UUID
    template: str
    facts: Mapping[str, Any]
    in_words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Facts that are called otherwise in a language."""
    link: str | None = None
    files: Sequence[Variables] = ()
    instance_id: UUID | None = None
    task_id: UUID | None = None
    """The service task that waits until all have left."""
    activity_id: str | None = None
    max_attempts: int = DEFAULT_ATTEMPTS
    wait_seconds: int = DEFAULT_WAIT_SECONDS
    may_hold: bool = False
    """Whether somebody who wants one mail a day gets it with the others."""
    told: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the answer to the service task says besides."""


def post(work: UnitOfWork, letters: Post, recipients: Iterable[Recipient]) -> int:
    """Put one mail a recipient into the outbox; gives how many are new.

    Raises:
        UnknownTemplateError: there is no such mail.
    """
    sent = rows.states_by_address(work.session, letters.source_id)
    fresh = [r for r in recipients if r.address not in sent]
    mails = [_mail_row(work, letters, recipient) for recipient in fresh]
    rows.add_mails(work.session, mails)
    paired = zip(mails, fresh, strict=True)
    job_rows.add_jobs(work.session, [_job_row(work, letters, mail, to) for mail, to in paired])
    return len(mails)


def settle(work: UnitOfWork, job: Job, told: Mapping[str, JsonValue]) -> None:
    """Let the case of a service task go on, or stop there, once each of its mails is settled."""
    if job.task_id is None or job.instance_id is None:
        return
    if rows.is_any_on_the_way(work.session, job.task_id):
        return
    mails = rows.mails_of_task(work.session, job.task_id)
    sent = sum(mail.state is MailState.SENT for mail in mails)
    failed = [mail for mail in mails if mail.state is MailState.FAILED]
    attempts = max((mail.attempts for mail in mails), default=1)
    details = {"name": "mail.send", "attempts": attempts}
    if failed and (not sent or any(not mail.is_refused for mail in failed)):
        code = REFUSED if all(mail.is_refused for mail in failed) else FAILED
        message = f"{len(failed)} of {len(mails)} mails did not leave. {failed[0].error}"
        command: Command = FailOperation(job.task_id, message, code)
        entry = Entry(AuditAction.OPERATION_FAILED, job.activity_id, {**details, "error": message})
    else:
        refused: JsonValue = [mail.address for mail in failed]
        command = AnswerOperation(job.task_id, {"sent": sent, "refused": refused, **told})
        entry = Entry(AuditAction.OPERATION_ANSWERED, job.activity_id, details)
    instance = instance_rows.lock_instance(work.session, job.instance_id)
    try:
        result = advance_instance(work, instance, command, entry)
    except TaskGoneError:
        return
    go_on_with_incident(work, job.task_id, result, attempts)


def list_own_mails(work: UnitOfWork, cursor: str | None = None) -> Page[Mail]:
    """List what was written to the actor, newest first.

    Raises:
        ForbiddenError: nobody is signed in.
    """
    if work.actor.user_id is None:
        raise ForbiddenError("Only a person gets mail.")
    return rows.list_mails(work.session, user_id=work.actor.user_id, cursor=cursor)


def read_mail(work: UnitOfWork, mail_id: UUID) -> Mail:
    """Give a mail to the actor; administrators and auditors may read any.

    Raises:
        NotFoundError: there is none, or it is to somebody else.
    """
    mail = rows.find_mail(work.session, mail_id)
    is_own = mail is not None and mail.user_id is not None and mail.user_id == work.actor.user_id
    if mail is None or not (is_own or work.actor.sees_everything):
        raise NotFoundError("There is no such mail, or it is not to you.")
    return mail


def timezone_of(work: UnitOfWork, name: str | None) -> ZoneInfo:
    """Give a reader's time zone; the installation's if they have none."""
    try:
        return ZoneInfo(name) if name else work.timezone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return work.timezone


def name_of(instance: ProcessInstance) -> str:
    """Name a case by its business key and its title, as far as it has them."""
    return ": ".join(part for part in (instance.business_key, instance.title) if part)


def mask(address: str) -> str:
    """Write an address so that its owner knows it, and nobody else."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _mail_row(work: UnitOfWork, letters: Post, recipient: Recipient) -> dict[str, Any]:
    zone = timezone_of(work, recipient.timezone)
    reader = Reader(recipient.name, recipient.language, zone)
    facts = {**letters.facts, **letters.in_words.get(recipient.language, {})}
    letter = compose(letters.template, reader, facts, letters.link)
    is_held = letters.may_hold and recipient.pace is NoticePace.DAILY
    return {
        "id": new_id(),
        "source_id": letters.source_id,
        "template": letters.template,
        "address": recipient.address,
        "name": recipient.name,
        "language": recipient.language,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "files": list(letters.files),
        "user_id": recipient.user_id,
        "instance_id": letters.instance_id,
        "task_id": letters.task_id,
        "state": MailState.HELD if is_held else MailState.QUEUED,
        "attempts": 0,
        "is_refused": False,
        "created_at": work.now,
    }


def _job_row(
    work: UnitOfWork, letters: Post, mail: Mapping[str, Any], recipient: Recipient
) -> dict[str, Any]:
    """Build the job of a mail, under the mail's id; of a held one, the job of a digest.

    A digest takes all that is held, so of several due at once all but the first find nothing.
    """
    is_held = mail["state"] is MailState.HELD
    zone = timezone_of(work, recipient.timezone)
    return {
        "id": uuid5(mail["id"], DIGEST) if is_held else mail["id"],
        "kind": JobKind.MAIL,
        "due_at": next_digest(work.now, zone) if is_held else work.now,
        "payload": {DIGEST: str(recipient.user_id)} if is_held else dict(letters.told),
        "created_at": work.now,
        "instance_id": letters.instance_id if letters.task_id else None,
        "task_id": letters.task_id,
        "activity_id": letters.activity_id,
        "max_attempts": letters.max_attempts,
        "wait_seconds": letters.wait_seconds,
    }


def next_digest(now: datetime, zone: ZoneInfo) -> datetime:
    """Tell when the next digest of somebody in this time zone leaves."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), DIGEST_AT, zone)
    return (
        today
        if today > local
        else datetime.combine(local.date() + timedelta(days=1), DIGEST_AT, zone)
    )


# --- the jobs -------------------------------------------------------------------------------------


def _prepare(work: UnitOfWork, job: Job) -> Call | None:
    mail = rows.find_mail(work.session, job.id)
    if mail is None and DIGEST in job.payload:
        mail = _build_digest(work, job)
    if mail is None or mail.state in (MailState.SENT, MailState.DROPPED):
        return None
    message = build_message(
        mail.id,
        work.outside.mail_from,
        mail.address,
        mail.name,
        Letter(mail.subject, mail.text, mail.html),
        work.now,
        [_enclose(work, file) for file in mail.files],
    )
    mailer = open_mailer(work.outside.mail_url, work.outside.mail_folder)
    return partial(_send, mailer, message, mail.id, work.outside.mail_from, mail.address)


def _send(mailer: Mailer, *given: Any) -> JsonValue:
    try:
        mailer.send(*given)
    except CallFailedError as error:
        if error.is_temporary:
            raise
        raise MailRefusedError(error.message) from error
    return None


def _finish(work: UnitOfWork, job: Job, _answer: JsonValue) -> None:
    mail = rows.find_mail(work.session, job.id)
    if mail is None:
        return
    mail.note_sent(work.now, job.attempts)
    work.session.flush()
    settle(work, job, job.payload)


def _fail(work: UnitOfWork, job: Job, error: SsflowError, is_last: bool) -> None:  # noqa: FBT001 - as job_kinds asks
    mail = rows.find_mail(work.session, job.id)
    if mail is None:
        return
    mail.note_failure(error.message, job.attempts, is_last=is_last)
    mail.is_refused = isinstance(error, MailRefusedError)
    work.session.flush()
    if is_last:
        settle(work, job, job.payload)


MAILS = OutsideWork(_prepare, _finish, _fail)
"""How a mail of the outbox leaves."""


def _build_digest(work: UnitOfWork, job: Job) -> Mail | None:
    """Make one mail of all that is held for somebody; None when there is nothing (any more)."""
    user_id = UUID(job.payload[DIGEST])
    subjects = rows.take_held(work.session, user_id, work.now)
    user = next(iter(people_rows.users_of(work.session, [user_id])), None)
    if not subjects or user is None or not user.is_active or not user.email:
        return None
    reader = Reader(user.full_name, user.language, timezone_of(work, user.timezone))
    link = f"{work.outside.base_url}/"
    letter = compose(DIGEST, reader, {"subjects": subjects}, link)
    mail = Mail(
        source_id=job.id,
        template=DIGEST,
        address=user.email,
        name=user.full_name,
        language=user.language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        created_at=work.now,
        user_id=user.id,
        id=job.id,
    )
    work.session.add(mail)
    work.session.flush()
    return mail


def _enclose(work: UnitOfWork, file: Variables) -> Enclosure:
    file_id = UUID(file["id"])
    if (document := work.session.get(Document, file_id)) is not None:
        name = f"{document.title}{_ENDINGS.get(document.media_type.partition(';')[0], '')}"
        return Enclosure(name, document.media_type, bytes(document.content))
    if (attachment := note_rows.find_attachment(work.session, file_id)) is not None:
        return Enclosure(attachment.name, attachment.media_type, bytes(attachment.content))
    raise GiveUpError("A file that was to go along is there no more.")


_ENDINGS = {"text/html": ".html", "application/pdf": ".pdf"}
