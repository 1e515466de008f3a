"""Sessions: a signed cookie for visitors, a row in the database for who has signed in.

A visitor costs no row. Signing in makes a new secret, of which only the hash is stored, so that
a session can be listed and ended on the server. It ends after an hour without use and, in any
case, after twelve.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, g, request
from flask import session as flask_session
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from flask_login import current_user
from werkzeug.datastructures import CallbackDict

from ssflow.domain.identity import SYSTEM, WebSession
from ssflow.services.credentials import hash_secret
from ssflow.store import sign_in as rows
from ssflow.store.database import DatabaseAwayError
from ssflow.web.site import current_site

IDLE = timedelta(hours=1)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
_TAGGED = TaggedJSONSerializer()
_USER = "_user_id"
"""Where Flask-Login keeps the user's session key."""


@dataclass(frozen=True)
class Stored:
    """The row that a session came from."""

    token_hash: str
    seen_at: datetime


class Session(CallbackDict[str, Any], SessionMixin):
    """What one browser is remembered by; `stored` is None for a visitor."""

    def __init__(self, data: dict[str, Any] | None = None, *, stored: Stored | None = None) -> None:
        super().__init__(data, _note_change)
        self.stored = stored
        self.needs_new_secret = False
        self.modified = False
        self.accessed = True

    @property
    def user_key(self) -> str | None:
        """The session key of the user who has signed in."""
        return self.get(_USER)


def _note_change(session: Session) -> None:
    session.modified = True


class Sessions(SessionInterface):
    """Opens and saves sessions around each request."""

    def __init__(self) -> None:
        self._visitors = SecureCookieSessionInterface()

    def open_session(self, app: Flask, request: Request) -> Session:
        """Read the session of a request; a secret that the database does not know is ignored."""
        secret = request.cookies.get(_cookie_name())
        if secret:
            try:
                if (row := _find_live(hash_secret(secret))) is not None:
                    stored = Stored(row.token_hash, row.seen_at)
                    return Session(_unpack(row.data), stored=stored)
            except DatabaseAwayError as error:
                g.database_away = error  # told by the first check of the request
        if self.get_cookie_name(app) not in request.cookies:
            return Session()  # programs bring no cookies: nothing is to be read or signed
        visitor = self._visitors.open_session(app, request)
        return Session({key: value for key, value in (visitor or {}).items() if key != _USER})

    def save_session(self, app: Flask, session: Session, response: Response) -> None:  # type: ignore[override]
        """Write back what changed; a new user gets a new secret, a leaving one loses the row."""
        if "database_away" in g:
            return
        if session.user_key is None:
            self._save_visitor(app, session, response)
        elif session.stored is None or session.needs_new_secret:
            self._save_newly_signed_in(app, session, response)
        else:
            _update(session, session.stored)

    def _save_visitor(self, app: Flask, session: Session, response: Response) -> None:
        if session.stored is not None:
            _forget(session.stored)
            response.delete_cookie(_cookie_name(), **_cookie_rules())
        if session.modified:
            cookie = self._visitors.session_class(session)
            cookie.modified = True
            self._visitors.save_session(app, cookie, response)

    def _save_newly_signed_in(self, app: Flask, session: Session, response: Response) -> None:
        secret = secrets.token_urlsafe(32)
        now = current_site().clock()
        with current_site().open_work(SYSTEM) as work:
            if session.stored is not None:
                rows.delete_web_session(work.session, session.stored.token_hash)
            rows.delete_sessions_before(work.session, now - IDLE, now - ABSOLUTE)
            row = WebSession(
                token_hash=hash_secret(secret),
                data=_pack(session),
                created_at=now,
                seen_at=now,
                user_id=current_user.user.id,
            )
            work.session.add(row)
        response.set_cookie(_cookie_name(), secret, httponly=True, **_cookie_rules())
        response.delete_cookie(app.config["SESSION_COOKIE_NAME"], **_cookie_rules())


def _find_live(token_hash: str) -> WebSession | None:
    now = current_site().clock()
    with current_site().open_work(SYSTEM, read_only=True) as work:
        row = rows.find_web_session(work.session, token_hash)
    if row is None or row.created_at < now - ABSOLUTE or row.seen_at < now - IDLE:
        return None
    return row


def _update(session: Session, stored: Stored) -> None:
    now = current_site().clock()
    is_used = "X-Background" not in request.headers and now - stored.seen_at >= SEEN_EVERY
    if session.modified or is_used:
        with current_site().open_work(SYSTEM) as work:
            seen_at = now if is_used else stored.seen_at
            rows.save_web_session(work.session, stored.token_hash, _pack(session), seen_at)


def _pack(session: Session) -> dict[str, Any]:
    """Make JSON of a session's data, in which markup and pairs are told from text and lists."""
    packed: dict[str, Any] = json.loads(_TAGGED.dumps(dict(session)))
    return packed


def _unpack(data: dict[str, Any]) -> dict[str, Any]:
    unpacked: dict[str, Any] = _TAGGED.loads(json.dumps(data))
    return unpacked


def _forget(stored: Stored) -> None:
    with current_site().open_work(SYSTEM) as work:
        rows.delete_web_session(work.session, stored.token_hash)


def _cookie_name() -> str:
    return "__Host-ssflow" if current_site().is_https else "ssflow"


def _cookie_rules() -> dict[str, Any]:
    return {"path": "/", "secure": current_site().is_https, "samesite": "Lax"}


def current_session_hash() -> str | None:
    """Give the hash under which this browser's session is stored."""
    stored = getattr(flask_session, "stored", None)
    return stored.token_hash if isinstance(stored, Stored) else None


def renew_session() -> None:
    """Begin anew with what the session holds from here on: whoever signs in gets a new secret."""
    flask_session.clear()
    flask_session.needs_new_secret = True  # type: ignore[attr-defined]
