"""Signing in: one-time links, passwords and sessions."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import ADMIN, OneTimeLink, Role, RoleGrant, SignInThrottle, User
from ssflow.errors import ConflictError, ForbiddenError, NotFoundError
from ssflow.services.audit import record
from ssflow.services.people import check_account, end_sessions, own_account, require_admin
from ssflow.store import people as rows
from ssflow.store import sign_in as secret_rows
from ssflow.store.unit_of_work import UnitOfWork

SIGN_IN_LINK_LIFE = timedelta(hours=24)
FIRST_RUN_LINK_LIFE = timedelta(hours=1)


class LinkNotValidError(ForbiddenError):
    """The one-time link was used, is too old, or never was one."""


def hash_secret(secret: str) -> str:
    """Hash a random secret for storage; such secrets need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def create_sign_in_link(work: UnitOfWork, user_id: UUID) -> str:
    """Make a secret that signs somebody in once, within 24 hours; older ones stop working.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; the actor does not administer.
    """
    require_admin(work)
    user = rows.get_user(work.session, user_id)
    if not user.is_active:
        raise ConflictError("This account is switched off.")
    secret_rows.delete_links_of(work.session, user.id)
    record(work, AuditAction.USER_CHANGED, user=str(user.id), link="created")
    return _add_link(work, SIGN_IN_LINK_LIFE, user.id)


def first_run_link(work: UnitOfWork) -> str | None:
    """Make the secret with which the first administrator is made; None when there are users."""
    if rows.any_user_exists(work.session):
        return None
    secret_rows.delete_links_of(work.session, None)
    return _add_link(work, FIRST_RUN_LINK_LIFE, None)


def use_sign_in_link(work: UnitOfWork, secret: str) -> User:
    """Trade the secret of a sign-in link for its user; it works once.

    Raises:
        LinkNotValidError: it was used, is too old, or never was one.
    """
    link = secret_rows.use_link(work.session, hash_secret(secret.strip()), work.now)
    if link is None or link.user_id is None:
        raise _invalid_link()
    user = rows.get_user(work.session, link.user_id)
    if not user.is_active:
        raise _invalid_link()
    return user


def use_first_run_link(
    work: UnitOfWork, secret: str, *, name: str, full_name: str, password_hash: str
) -> User:
    """Make the first administrator; only one person can, whoever else holds the link.

    Raises:
        LinkNotValidError: it was used, is too old, never was one, or there are users already.
        InvalidInputError: the name is malformed.
    """
    check_account(name, full_name, None)
    link = secret_rows.use_link(work.session, hash_secret(secret.strip()), work.now)
    if link is None or link.user_id is not None or rows.any_user_exists(work.session):
        raise _invalid_link()
    user = User(name=name, full_name=full_name.strip(), created_at=work.now, password=password_hash)
    work.session.add(user)
    if ADMIN not in {role.key for role in rows.list_roles(work.session)}:
        work.session.add(Role(key=ADMIN, title="Administrator"))
    work.session.flush()
    work.session.add(RoleGrant(user_id=user.id, role=ADMIN))
    record(work, AuditAction.USER_CREATED, user=str(user.id), name=name, first=True)
    record(work, AuditAction.ROLE_GRANTED, user=str(user.id), role=ADMIN)
    return user


def set_password(work: UnitOfWork, user_id: UUID, password_hash: str) -> User:
    """Store the hash of a new password; every session and open link of the user ends.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; it is somebody else's account.
    """
    if work.actor.user_id != user_id and not work.actor.is_system:
        raise ForbiddenError("Only the owner of an account chooses its password.")
    user = rows.get_user(work.session, user_id)
    user.password = password_hash
    end_sessions(work, user)
    secret_rows.delete_links_of(work.session, user.id)
    record(work, AuditAction.PASSWORD_CHANGED, user=str(user.id))
    return user


def refresh_password_hash(work: UnitOfWork, user_id: UUID, password_hash: str) -> None:
    """Store the same password under newer hash settings."""
    rows.get_user(work.session, user_id).password = password_hash


def give_back_attempt(work: UnitOfWork, subject: str) -> None:
    """Take one attempt off a subject's count: it succeeded, but says nothing of the others."""
    throttle = work.session.get(SignInThrottle, subject, with_for_update=True)
    if throttle is not None:
        throttle.failures = max(0, throttle.failures - 1)
        throttle.blocked_until = work.now


def end_sessions_of(work: UnitOfWork, user_id: UUID) -> User:
    """End every session of somebody: of oneself, or as an administrator.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; it is somebody else's account.
    """
    if work.actor.user_id != user_id:
        require_admin(work)
    user = rows.get_user(work.session, user_id)
    end_sessions(work, user)
    record(work, AuditAction.USER_CHANGED, user=str(user.id), sessions="ended")
    return user


def end_session(work: UnitOfWork, token_hash: str) -> None:
    """End one of the actor's own sessions.

    Raises:
        NotFoundError: the actor has none under this hash.
    """
    own = secret_rows.list_sessions_of(work.session, own_account(work).id)
    if token_hash not in {session.token_hash for session in own}:
        raise NotFoundError("This session has ended already.")
    secret_rows.delete_web_session(work.session, token_hash)


def _add_link(work: UnitOfWork, life: timedelta, user_id: UUID | None) -> str:
    secret = secrets.token_urlsafe(32)
    link = OneTimeLink(
        secret_hash=hash_secret(secret),
        created_at=work.now,
        expires_at=work.now + life,
        user_id=user_id,
    )
    work.session.add(link)
    work.session.flush()
    return secret


def _invalid_link() -> LinkNotValidError:
    return LinkNotValidError("This link does not work (any more). Ask for a new one.")
