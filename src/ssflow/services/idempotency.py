"""Answer a repeated request as the first one was answered, instead of doing it twice."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from ssflow.domain.identity import IdempotentAnswer
from ssflow.errors import ForbiddenError, InvalidInputError
from ssflow.sentences import Sentence
from ssflow.services.variables import text_problem
from ssflow.store import sign_in as rows
from ssflow.store.unit_of_work import UnitOfWork

KEEP = timedelta(hours=24)
MAX_KEY_CHARACTERS = 200


class KeyReusedError(InvalidInputError):
    """The key came with another request before."""


@dataclass(frozen=True)
class Answer:
    """What the first request was answered; `body` is JSON text, or a page's address."""

    status: int
    body: str


def request_digest(*parts: str | bytes) -> str:
    """Tell requests apart: hash what makes one, such as its address and its body."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def remembered_answer(work: UnitOfWork, key: str, digest: str) -> Answer | None:
    """Find the answer that the actor's request with this key got in the last 24 hours.

    Raises:
        KeyReusedError: the key came with another request.
        InvalidInputError: the key is too long, or no text.
        ForbiddenError: nobody is signed in.
    """
    if work.actor.user_id is None:
        raise ForbiddenError("Only a person or a person's token can repeat a request.")
    if len(key) > MAX_KEY_CHARACTERS:
        raise InvalidInputError(
            Sentence("A key has at most %(most)s characters.", most=MAX_KEY_CHARACTERS)
        )
    if problem := text_problem(key):
        raise InvalidInputError(problem)
    found = rows.find_answer(work.session, work.actor.user_id, key)
    if found is None or found.created_at < work.now - KEEP:
        return None
    if found.request_hash != digest:
        raise KeyReusedError("This Idempotency-Key belongs to another request. Use a new one.")
    return Answer(found.status, found.body)


def remember_answer(work: UnitOfWork, key: str, digest: str, answer: Answer) -> None:
    """Keep the answer, in the transaction that did what was asked; drops answers out of date."""
    if work.actor.user_id is None:
        raise ForbiddenError("Only a person or a person's token can repeat a request.")
    rows.delete_answers_before(work.session, work.now - KEEP)
    work.session.add(
        IdempotentAnswer(
            user_id=work.actor.user_id,
            key=key,
            request_hash=digest,
            status=answer.status,
            body=answer.body,
            created_at=work.now,
        )
    )
