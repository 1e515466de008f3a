"""Queries for signing in: sessions, throttle, access tokens, one-time links, repeated requests."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ssflow.domain.identity import (
    AccessToken,
    Actor,
    IdempotentAnswer,
    OneTimeLink,
    RoleGrant,
    SignInThrottle,
    User,
    WebSession,
)
from ssflow.store.people import is_granted_on

_TOKEN_ACTOR = (
    select(
        AccessToken.secret_hash,
        AccessToken.scopes,
        AccessToken.expires_at,
        AccessToken.revoked_at,
        User.id,
        User.full_name,
        User.language,
        User.timezone,
        User.is_active,
        RoleGrant.role,
    )
    .join(User, User.id == AccessToken.user_id)
    .outerjoin(
        RoleGrant, (RoleGrant.user_id == User.id) & is_granted_on(bindparam("day", type_=Date))
    )
    .where(AccessToken.prefix == bindparam("prefix"))
)
"""Built once: it is on the path of every request over REST."""
FREE_ATTEMPTS = 5
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=1), timedelta(minutes=15)
THROTTLE_MEMORY = timedelta(days=1)
"""After a day without an attempt the count begins anew."""


# --- sessions of browsers ------------------------------------------------------------------------


def find_web_session(session: Session, token_hash: str) -> WebSession | None:
    """Find a browser's session by the hash of its secret, however old it is."""
    return session.get(WebSession, token_hash)


def save_web_session(
    session: Session, token_hash: str, data: dict[str, Any], seen_at: datetime
) -> None:
    """Write a session's data back; nothing happens when it was ended meanwhile."""
    query = (
        update(WebSession)
        .where(WebSession.token_hash == token_hash)
        .values(data=data, seen_at=seen_at)
    )
    session.execute(query)


def list_sessions_of(session: Session, user_id: UUID) -> Sequence[WebSession]:
    """List where a user is signed in, last used first."""
    query = (
        select(WebSession)
        .where(WebSession.user_id == user_id)
        .order_by(WebSession.seen_at.desc(), WebSession.token_hash)
    )
    return session.scalars(query).all()


def delete_web_session(session: Session, token_hash: str) -> None:
    """End one session."""
    session.execute(delete(WebSession).where(WebSession.token_hash == token_hash))


def delete_sessions_of(session: Session, user_id: UUID, *, but: str | None = None) -> None:
    """End all sessions of a user; `but`: the hash of the one that may stay."""
    query = delete(WebSession).where(WebSession.user_id == user_id)
    if but is not None:
        query = query.where(WebSession.token_hash != but)
    session.execute(query)


def delete_sessions_before(session: Session, seen_at: datetime, created_at: datetime) -> None:
    """Drop the sessions that were last seen, or begun, before a moment."""
    is_over = or_(WebSession.seen_at < seen_at, WebSession.created_at < created_at)
    session.execute(delete(WebSession).where(is_over))


# --- throttle ------------------------------------------------------------------------------------


def reserve_attempt(
    session: Session, subjects: Sequence[str], now: datetime, *, free: int = FREE_ATTEMPTS
) -> timedelta:
    """Count an attempt to sign in before anything is checked; zero, or how long to wait instead.

    Five attempts are `free`, then the wait doubles from a second to a quarter of an hour. Counting
    first, in a transaction of its own, keeps parallel guesses from overrunning the limit.
    """
    throttles = _lock_throttles(session, sorted(set(subjects)), now)
    wait = max((throttle.blocked_until - now for throttle in throttles), default=timedelta())
    if wait > timedelta():
        return wait
    for throttle in throttles:
        is_forgotten = now - throttle.last_at > THROTTLE_MEMORY
        throttle.failures = 1 if is_forgotten else throttle.failures + 1
        throttle.blocked_until = now + _delay_after(throttle.failures, free)
        throttle.last_at = now
    session.flush()
    return timedelta()


def clear_attempts(session: Session, subjects: Sequence[str]) -> None:
    """Forget the attempts after one that succeeded."""
    session.execute(delete(SignInThrottle).where(SignInThrottle.subject.in_(list(subjects))))


def delete_throttles_before(session: Session, moment: datetime) -> None:
    """Drop what nobody has tried since a moment."""
    session.execute(delete(SignInThrottle).where(SignInThrottle.last_at < moment))


# --- access tokens -------------------------------------------------------------------------------


def load_token_actor(
    session: Session, prefix: str, secret_hash: str, now: datetime
) -> Actor | None:
    """Find whom a token lets act, with the roles of the day (UTC); one statement.

    None: it is unknown, revoked or too old, or its user's account is off.
    """
    given = {"prefix": prefix, "day": now.date()}
    rows = session.connection().execute(_TOKEN_ACTOR, given).all()
    if not rows:
        return None
    found = rows[0]
    if not hmac.compare_digest(found.secret_hash, secret_hash) or not _is_valid(found, now):
        return None
    return Actor(
        user_id=found.id,
        name=found.full_name,
        roles=frozenset(row.role for row in rows if row.role),
        language=found.language,
        timezone=found.timezone,
        scopes=found.scopes,
    )


def list_tokens_of(session: Session, user_id: UUID) -> Sequence[AccessToken]:
    """List the tokens of a user, newest first, revoked ones too."""
    query = (
        select(AccessToken)
        .where(AccessToken.user_id == user_id)
        .order_by(AccessToken.created_at.desc(), AccessToken.id)
    )
    return session.scalars(query).all()


# --- one-time links ------------------------------------------------------------------------------


def use_link(session: Session, secret_hash: str, now: datetime) -> OneTimeLink | None:
    """Use a link up; None when it was used before, is too old or never was one."""
    query = (
        update(OneTimeLink)
        .where(
            OneTimeLink.secret_hash == secret_hash,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeLink)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return session.scalars(query, execution_options=options).one_or_none()


def delete_links_of(session: Session, user_id: UUID | None) -> None:
    """Drop the links of a user; None: those that make the first administrator."""
    session.execute(delete(OneTimeLink).where(_belongs_to(user_id)))


# --- repeated requests ---------------------------------------------------------------------------


def find_answer(session: Session, user_id: UUID, key: str) -> IdempotentAnswer | None:
    """Find what a user's request with this key was answered.

    Whoever asks for the same key at the same time waits until this work is done.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"{user_id} {key}", 1))
        session.execute(select(lock))
    query = select(IdempotentAnswer).where(
        IdempotentAnswer.user_id == user_id, IdempotentAnswer.key == key
    )
    return session.scalars(query).one_or_none()


def delete_answers_before(session: Session, moment: datetime) -> None:
    """Drop the answers that are older than a moment."""
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < moment))


def _lock_throttles(
    session: Session, subjects: Sequence[str], now: datetime
) -> Sequence[SignInThrottle]:
    """Make sure that each subject has a row and hold them, always in the same order."""
    rows = [
        {"subject": subject, "failures": 0, "blocked_until": now, "last_at": now}
        for subject in subjects
    ]
    if not rows:
        return []
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(SignInThrottle).values(rows).on_conflict_do_nothing())
    query = (
        select(SignInThrottle)
        .where(SignInThrottle.subject.in_(subjects))
        .order_by(SignInThrottle.subject)
        .with_for_update()
    )
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def _delay_after(failures: int, free: int) -> timedelta:
    beyond = failures - free
    if beyond < 0:
        return timedelta()
    return min(LONGEST_DELAY, FIRST_DELAY * (1 << min(beyond, 20)))


def _is_valid(found: Row[*tuple[Any, ...]], now: datetime) -> bool:
    is_over = found.expires_at is not None and found.expires_at <= now
    return bool(found.is_active) and found.revoked_at is None and not is_over


def _belongs_to(user_id: UUID | None) -> ColumnElement[bool]:
    return OneTimeLink.user_id.is_(None) if user_id is None else OneTimeLink.user_id == user_id
