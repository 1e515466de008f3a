"""Who sends a request: Flask-Security over our own users, sessions, and bearer tokens."""

from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_babel import gettext
from flask_login import current_user
from flask_security import RoleMixin, Security, UserDatastore, UserMixin, hash_password
from flask_security.utils import login_user, logout_user, verify_password
from flask_wtf import CSRFProtect

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import NOBODY, SYSTEM, Actor, User
from ssflow.errors import ForbiddenError, InvalidInputError
from ssflow.sentences import Sentence
from ssflow.services import access_tokens, credentials, people
from ssflow.services.audit import record
from ssflow.store import people as people_rows
from ssflow.web.sessions import Sessions, renew_session
from ssflow.web.site import Site, current_site

MIN_PASSWORD_CHARACTERS, MAX_PASSWORD_CHARACTERS = 12, 128
_JUDGED_CHARACTERS = 72
"""As far as zxcvbn looks; what is longer cannot be guessed easier."""
_ARGON2_KIB, _ARGON2_PASSES, _ARGON2_LANES = 46 * 1024, 1, 1
_HASHING = BoundedSemaphore(2)
"""Each hash takes 46 MiB: more at a time would let a crowd at the door fill the memory."""
_NOBODYS_PASSWORD = "the password of nobody at all"  # noqa: S105 - opens nothing


class AccountRole(RoleMixin):
    """A role as Flask-Security sees one; ours stand in `Actor.roles` instead."""


class Account(UserMixin):
    """One of our users as Flask-Security sees one."""

    def __init__(self, user: User, actor: Actor) -> None:
        self.user = user
        self.actor = actor
        self.username, self.email = user.name, user.email or ""
        self.password = user.password
        self.active = user.is_active
        self.fs_uniquifier = user.session_key
        self.roles = []

    fs_uniquifier: str = ""


class Accounts(UserDatastore):
    """Looks accounts up in our database, in a short piece of work of its own."""

    def __init__(self) -> None:
        super().__init__(Account, AccountRole)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Account | None:  # noqa: FBT001, FBT002 - Flask-Security's signature
        """Find an account by its session key or its name."""
        find = {
            "fs_uniquifier": people_rows.find_user_by_session_key,
            "username": people_rows.find_user_by_name,
        }
        [(attribute, value)] = wanted.items()
        with current_site().open_work(SYSTEM, read_only=True) as work:
            user = find[attribute](work.session, value)
            return None if user is None else Account(user, people.actor_of(work, user))

    def put(self, model: Account) -> Account:
        """Keep the new hash of a password whose settings have aged."""
        with current_site().open_work(SYSTEM) as work:
            credentials.refresh_password_hash(work, model.user.id, model.password or "")
        return model

    def commit(self) -> None:
        """Do nothing: `put` has committed."""


@dataclass(frozen=True)
class NewPassword:
    """A password that is good enough, as its hash."""

    hash: str


def init_sign_in(app: Flask, site: Site) -> None:
    """Let people sign in to `app`; the pages for it are our own."""
    app.session_interface = Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="__Host-ssflow-visit" if site.is_https else "ssflow_visit",
        SESSION_COOKIE_SECURE=site.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,  # `web/app.py` checks after the door, for all but tokens
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of an algorithm
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_SALT=site.config.secret_key,
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__memory_cost": _ARGON2_KIB,
            "argon2__rounds": _ARGON2_PASSES,
            "argon2__parallelism": _ARGON2_LANES,
        },
        SECURITY_PASSWORD_LENGTH_MIN=MIN_PASSWORD_CHARACTERS,
        SECURITY_PASSWORD_NORMALIZE_FORM=None,
        SECURITY_PASSWORD_COMPLEXITY_CHECKER="zxcvbn",  # noqa: S106 - the name of a library
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        REMEMBER_COOKIE_DURATION=0,
    )
    CSRFProtect(app)
    security = Security(app, Accounts(), register_blueprint=False)
    # Tokens of ours come through `bearer_actor`; Flask-Security's own are not accepted anywhere.
    security.login_manager.request_loader(lambda _request: None)


def current_actor() -> Actor:
    """Tell who sends this request; `NOBODY` when the request does not say."""
    if "actor" not in g:
        g.actor = NOBODY  # stays so when the database is away
        if account := find_account():
            g.actor = account.actor
    actor: Actor = g.actor
    return actor


def find_account() -> Account | None:
    """Find the account that has signed in with this browser."""
    if not current_user or not current_user.is_authenticated:
        return None
    account = current_user._get_current_object()  # noqa: SLF001 - the way that LocalProxy offers
    return account if isinstance(account, Account) else None


def bearer_actor(scope: str | None) -> Actor:
    """Tell whom the request's bearer token lets act; `NOBODY` without a valid one.

    Raises:
        ForbiddenError: the token is limited to other scopes.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    actor: Actor | None = None
    if scheme.lower() == "bearer":
        with current_site().open_work(SYSTEM, read_only=True) as work:
            actor = access_tokens.find_token_actor(work, text.strip())
    g.actor = actor or NOBODY
    if actor and scope and actor.scopes is not None and scope not in actor.scopes:
        raise ForbiddenError(Sentence("This token does not carry the scope %(name)s.", name=scope))
    return actor or NOBODY


def find_by_password(name: str, password: str) -> Account | None:
    """Find the account that name and password belong to.

    It takes as long for a name that nobody has, so that nobody can find out which names exist.
    """
    account = Accounts().find_user(username=name)
    with _HASHING:
        if account is None or not account.password:
            hash_password(_NOBODYS_PASSWORD)
            return None
        if not account.verify_and_update_password(password):
            return None
    return account if account.active else None


def password_matches(account: Account, password: str) -> bool:
    """Tell whether somebody who has signed in knows the account's password."""
    if not account.password:
        return False
    with _HASHING:
        return bool(verify_password(password, account.password))


def read_new_password(password: str, account: Account | None, *about: str) -> NewPassword:
    """Check a password that somebody chose, and hash it.

    Raises:
        InvalidInputError: it is too short, or easily guessed.
    """
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise _refused(gettext("Use 12 to 128 characters."))
    from_account = [account.username, account.email, account.user.full_name] if account else []
    known = {str(i): text for i, text in enumerate([*from_account, *about]) if text}
    strength = current_app.extensions["security"].password_util
    problems, _ = strength.validate(password[:_JUDGED_CHARACTERS], True, **known)
    if problems:
        raise _refused(
            gettext(
                "This password is easily guessed. Take a few words that do not belong together."
            )
        )
    with _HASHING:
        return NewPassword(hash_password(password))


def begin_session(user: User, how: str) -> None:
    """Sign a user in with this browser, under a new session."""
    account = Accounts().find_user(fs_uniquifier=user.session_key)
    assert account is not None  # noqa: S101 - it was read a moment ago
    renew_session()
    g.pop("csrf_token", None)
    login_user(account, remember=False, authn_via=[how])
    g.actor = account.actor
    with current_site().open_work(account.actor) as work:
        record(work, AuditAction.SIGNED_IN, how=how)


def end_session() -> None:
    """Sign out with this browser; the session is gone on the server too."""
    with current_site().open_work(current_actor()) as work:
        record(work, AuditAction.SIGNED_OUT)
    logout_user()
    session.clear()
    g.actor = NOBODY


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(message, errors={"password": [message]})
