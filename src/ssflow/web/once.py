"""Do what a form asks once, however often its button was pressed or its answer got lost."""

from collections.abc import Callable
from uuid import uuid4

from flask import request

from ssflow.services.idempotency import (
    Answer,
    remember_answer,
    remembered_answer,
    request_digest,
)
from ssflow.store.unit_of_work import UnitOfWork

FIELD = "idempotency_key"
_SEE_OTHER = 303


def new_key() -> str:
    """Mint the key of one rendered form."""
    return uuid4().hex


def once(work: UnitOfWork, do: Callable[[], str]) -> str:
    """Give the address to go on to: that of `do`, or of the first time this form was sent.

    Raises:
        KeyReusedError: another form was sent under this key.
    """
    key = request.form.get(FIELD, "")
    if not key:
        return do()
    digest = request_digest(request.path, _body())
    if found := remembered_answer(work, key, digest):
        return found.body
    address = do()
    remember_answer(work, key, digest, Answer(_SEE_OTHER, address))
    return address


def _body() -> str:
    """What was sent, but for the token that changes with the session."""
    fields = request.form.items(multi=True)
    files = (f"{name}={upload.filename}" for name, upload in request.files.items(multi=True))
    texts = (f"{name}={value}" for name, value in fields if name not in (FIELD, "csrf_token"))
    return "\n".join([*texts, *files])
