"""Access tokens: bearer secrets that let a program act as a person."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import AccessToken, Actor
from ssflow.errors import ConflictError, ForbiddenError, NotFoundError
from ssflow.sentences import Sentence
from ssflow.services.audit import record
from ssflow.services.credentials import hash_secret
from ssflow.services.people import MAX_NAME_CHARACTERS, raise_if
from ssflow.store import people as rows
from ssflow.store import sign_in as secret_rows
from ssflow.store.unit_of_work import UnitOfWork

DEFAULT_TOKEN_LIFE = timedelta(days=90)
MAX_TOKEN_LIFE = timedelta(days=366)
SCOPES = ("read", "work", "deploy", "admin")
"""What a token may be limited to: look, work on tasks and cases, deploy, administer people."""
_TOKEN = re.compile(r"(ssf_[0-9a-f]{16})\.([\w-]{43})")


@dataclass(frozen=True)
class NewToken:
    """A token that was just made; `text` is shown once and stored nowhere."""

    token: AccessToken
    text: str


def find_token_actor(work: UnitOfWork, text: str) -> Actor | None:
    """Find whom a bearer token lets act; None when it is unknown, revoked or too old."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    prefix, secret = match.groups()
    return secret_rows.load_token_actor(work.session, prefix, hash_secret(secret), work.now)


def create_token(
    work: UnitOfWork,
    user_id: UUID,
    name: str,
    *,
    scopes: Sequence[str] | None = None,
    life: timedelta = DEFAULT_TOKEN_LIFE,
) -> NewToken:
    """Make a bearer token; without scopes it may do what its user may.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; it is somebody else's account.
        ConflictError: the account is switched off.
        InvalidInputError: the name, a scope or the length of life makes no sense.
    """
    user = rows.get_user(work.session, user_id)
    if work.actor.user_id != user.id and not work.actor.is_system:
        raise ForbiddenError("Only the owner of an account makes its tokens.")
    if not user.is_active:
        raise ConflictError("This account is switched off.")
    _check_token(name, scopes, life)
    prefix, secret = f"ssf_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    token = AccessToken(
        prefix=prefix,
        secret_hash=hash_secret(secret),
        user_id=user.id,
        name=name.strip(),
        created_at=work.now,
        scopes=frozenset(scopes) if scopes else None,
        expires_at=work.now + life,
    )
    work.session.add(token)
    work.session.flush()
    told = sorted(scopes) if scopes else None
    record(work, AuditAction.TOKEN_CREATED, token=str(token.id), user=str(user.id), scopes=told)
    return NewToken(token, f"{prefix}.{secret}")


def revoke_token(work: UnitOfWork, token_id: UUID) -> AccessToken:
    """Stop a token from working, at once.

    Raises:
        NotFoundError: there is none, or it is somebody else's and the actor does not administer.
    """
    token = work.session.get(AccessToken, token_id)
    if token is None or not (work.actor.is_admin or token.user_id == work.actor.user_id):
        raise NotFoundError("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = work.now
        record(work, AuditAction.TOKEN_REVOKED, token=str(token.id), user=str(token.user_id))
    return token


def _check_token(name: str, scopes: Sequence[str] | None, life: timedelta) -> None:
    errors: dict[str, list[str]] = {}
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        errors["name"] = ["Say what the token is for."]
    if unknown := set(scopes or ()) - set(SCOPES):
        errors["scopes"] = [Sentence("There is no scope %(names)s.", names=sorted(unknown))]
    if not timedelta() < life <= MAX_TOKEN_LIFE:
        errors["life"] = [Sentence("A token lives 1 to %(most)s days.", most=MAX_TOKEN_LIFE.days)]
    raise_if(errors)
