"""What somebody without an account may do: give feedback, see how it stands, answer."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import SYSTEM
from ssflow.domain.note import MAX_ATTACHMENT_BYTES
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.errors import ConflictError, InvalidInputError, NotFoundError
from ssflow.forms.submission import initial_values
from ssflow.operations.feedback import sender_key
from ssflow.sentences import N_
from ssflow.services.attachments import bind_files, store_attachment
from ssflow.services.audit import record
from ssflow.services.definitions import load_layout
from ssflow.services.form_view import FormView, form_context
from ssflow.services.messages import correlate_message, receive_public
from ssflow.services.variables import text_problem
from ssflow.store import definitions as definition_rows
from ssflow.store import feedback as feedback_rows
from ssflow.store import instances as instance_rows
from ssflow.store import messages as message_rows
from ssflow.store import people as people_rows
from ssflow.store.unit_of_work import UnitOfWork

MESSAGE = "feedback_received"
TRAP = "website"
"""A field that no person sees; who fills it in is a robot."""
MAX_ANSWER_CHARACTERS = 5_000
MAX_FILES = 5
TOO_MANY_FILES = N_("Choose at most %(count)d files, together 10 MB at most.")
_NOBODY = sender_key("")
"""What an address is compared with when there is no such feedback: it takes as long."""


class Answer(StrEnum):
    """What the sender may do while the case waits for it."""

    ACCEPT = "accept"
    DISPUTE = "dispute"
    ADD = "add"
    WITHDRAW = "withdraw"


_MESSAGES = {
    Answer.ACCEPT: "customer_accepts",
    Answer.DISPUTE: "customer_disputes",
    Answer.WITHDRAW: "complaint_withdrawn",
}
_ASKED, _UNASKED = "customer_info", "customer_contact"


@dataclass(frozen=True)
class Said:
    """Something that was said between the sender and us."""

    at: datetime
    is_ours: bool
    text: str


@dataclass(frozen=True)
class Upload:
    """A file that came with an answer."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class PublicStatus:
    """How feedback stands, as its sender may see it: nothing internal."""

    number: str
    subject: str
    state: FeedbackState
    handler: str | None
    dates: Mapping[str, datetime | None]
    replies: Sequence[Said]
    answers: Sequence[Answer]
    is_asked: bool
    """Whether a question to the sender is open."""


def feedback_form(work: UnitOfWork) -> FormView:
    """Give the form of the public page, in the language of the actor.

    Raises:
        NotFoundError: no process takes feedback here.
    """
    definition = _definition(work)
    form_id, language = definition.facts.get("start_form"), work.actor.language
    if not form_id:
        raise _no_form()
    layout = load_layout(work.session, definition.deployment_id, form_id, language)
    context = form_context(work, {})
    values = initial_values(layout, context) | {"language": language}
    return FormView(layout=layout, values=values, draft=None, context=context)


def give_feedback(work: UnitOfWork, answers: Mapping[str, Any], message_id: str) -> str | None:
    """Start the case of somebody's feedback; gives its number, or None if a robot wrote it.

    Raises:
        FormError: an answer is missing or wrong.
        NotFoundError: as `feedback_form`.
    """
    if str(answers.get(TRAP) or "").strip():
        record(replace(work, actor=SYSTEM), AuditAction.SPAM_DROPPED, field=TRAP)
        return None
    instance = receive_public(work, MESSAGE, answers, message_id)
    feedback = feedback_rows.find_feedback_of_case(work.session, instance.id)
    return feedback.number if feedback else None


def find_own_feedback(work: UnitOfWork, reference: str, email: str) -> str | None:
    """Tell the number of the feedback if reference and e-mail address belong together.

    Takes as long, and tells as little, whether the reference or the address is unknown.
    """
    found = feedback_rows.find_feedback_by_number(work.session, reference.strip().upper()[:40])
    known = found.sender_key if found else _NOBODY
    is_theirs = hmac.compare_digest(known, sender_key(email[:320]))
    return found.number if found and is_theirs else None


def read_status(work: UnitOfWork, number: str) -> PublicStatus:
    """Tell how feedback stands; the caller has made sure that it is the sender who asks.

    Raises:
        NotFoundError: there is none of this number.
    """
    feedback = _feedback(work, number)
    handler = feedback.handler if not feedback.is_confidential else None
    names = people_rows.names_of(work.session, [handler]) if handler else {}
    awaited = _awaited(work, feedback)
    is_contacted = feedback.has_ended or feedback.contacted_at is not None
    is_replied = feedback.has_ended or feedback.replied_at is not None
    return PublicStatus(
        number=feedback.number,
        subject=feedback.subject,
        state=feedback.state,
        handler=names.get(handler) if handler else None,
        dates={
            "received": feedback.created_at,
            "response_due": None if is_contacted else feedback.due_response_at,
            "contacted": feedback.contacted_at,
            "reply_due": None if is_replied else feedback.due_at(work.now),
            "replied": feedback.replied_at,
            "ended": feedback.closed_at,
        },
        replies=[
            Said(datetime.fromisoformat(line["at"]), line["by"] == "us", line["text"])
            for line in feedback.replies
        ],
        answers=[answer for answer in Answer if _may(answer, awaited)],
        is_asked=_ASKED in awaited,
    )


def answer_feedback(
    work: UnitOfWork, number: str, answer: Answer, text: str, uploads: Sequence[Upload] = ()
) -> None:
    """Accept or dispute the reply, add something, or withdraw; as the sender, perhaps with files.

    Raises:
        NotFoundError: there is no feedback of this number.
        ConflictError: the case does not wait for this.
        InvalidInputError: the text is missing though needed, too long, or cannot be kept; there
            are too many files, or one of them is empty or too large.
    """
    feedback = _feedback(work, number)
    told = _read_text(text, is_needed=answer in (Answer.DISPUTE, Answer.ADD))
    _check_uploads(work, uploads)
    awaited = _awaited(work, feedback)
    if not _may(answer, awaited):
        raise ConflictError("This is not possible any more; see below how it stands now.")
    name = _MESSAGES.get(answer) or (_ASKED if _ASKED in awaited else _UNASKED)
    files = _keep_uploads(work, feedback, uploads)
    payload = {"reason": told, "text": told, "files": files}
    correlate_message(replace(work, actor=SYSTEM), name, feedback.number, payload)


def _definition(work: UnitOfWork) -> ProcessDefinition:
    latest = definition_rows.list_latest(work.session)
    found = next((d for d in latest if d.facts.get("start_message") == MESSAGE), None)
    if found is None:
        raise _no_form()
    return found


def _feedback(work: UnitOfWork, number: str) -> Feedback:
    found = feedback_rows.find_feedback_by_number(work.session, number)
    if found is None:
        raise NotFoundError("There is no such feedback.")
    return found


def _awaited(work: UnitOfWork, feedback: Feedback) -> frozenset[str]:
    """Name the messages that the case of this feedback waits for."""
    instance_id: UUID | None = feedback.instance_id
    if instance_id is None or feedback.has_ended:
        return frozenset()
    return frozenset(s.name for s in message_rows.subscriptions_of(work.session, instance_id))


def _may(answer: Answer, awaited: frozenset[str]) -> bool:
    if answer is Answer.ADD:
        return _ASKED in awaited or _UNASKED in awaited
    return _MESSAGES[answer] in awaited


def _read_text(text: str, *, is_needed: bool) -> str:
    told = text.strip()
    problem = text_problem(told)
    if is_needed and not told:
        problem = "Write something."
    if len(told) > MAX_ANSWER_CHARACTERS:
        problem = f"At most {MAX_ANSWER_CHARACTERS} characters."
    if problem:
        raise InvalidInputError("This cannot be sent.", errors={"text": [problem]})
    return told


def _check_uploads(work: UnitOfWork, uploads: Sequence[Upload]) -> None:
    total = sum(len(upload.content) for upload in uploads)
    if len(uploads) > MAX_FILES or total > MAX_ATTACHMENT_BYTES:
        problem = work.translate(TOO_MANY_FILES) % {"count": MAX_FILES}
        raise InvalidInputError("This cannot be sent.", errors={"files": [problem]})


def _keep_uploads(work: UnitOfWork, feedback: Feedback, uploads: Sequence[Upload]) -> list[str]:
    """Let files belong to the case of the feedback; gives their ids."""
    if not uploads or feedback.instance_id is None:
        return []
    kept = [store_attachment(work, one.name, one.media_type, one.content) for one in uploads]
    work.session.flush()
    ids = [str(file.id) for file in kept]
    instance = instance_rows.lock_instance(work.session, feedback.instance_id)
    bind_files(work, {"files": ids}, instance, None)
    return ids


def _no_form() -> NotFoundError:
    return NotFoundError("Nobody takes feedback here at present.")
