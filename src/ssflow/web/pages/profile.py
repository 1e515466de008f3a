"""One's own account: language, time zone, password, sessions and access tokens."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale, gettext

from ssflow.domain.identity import User
from ssflow.errors import InvalidInputError
from ssflow.services import access_tokens, credentials, people
from ssflow.store import sign_in as rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import signed_in
from ssflow.web.request_work import request_work
from ssflow.web.sentences import tell_all
from ssflow.web.sessions import current_session_hash
from ssflow.web.sign_in import (
    begin_session,
    find_account,
    password_matches,
    read_new_password,
)
from ssflow.web.throttle import forgive, reserve_attempt

blueprint = Blueprint("profile", __name__, url_prefix="/profile")

Errors = dict[str, list[str]]


@blueprint.get("")
@signed_in
def show() -> ResponseReturnValue:
    """Show the account of whoever asks."""
    return _profile_page()


@blueprint.post("/settings")
@signed_in
def change_settings() -> ResponseReturnValue:
    """Choose language, time zone and how notices come."""
    language, timezone = request.form.get("language", ""), request.form.get("timezone", "")
    try:
        with request_work() as work:
            notices = request.form.get("notices")
            people.change_settings(
                work, language=language, timezone=timezone or None, notices=notices
            )
    except InvalidInputError as error:
        return _profile_page(errors=tell_all(error.errors)), 422
    with force_locale(language or get_locale()):  # the next page is in the language just chosen
        flash(gettext("Your settings are saved."), "success")
    return redirect(url_for(".show"), 303)


@blueprint.post("/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """Choose a new password; every other session ends."""
    try:
        user = _change_password()
    except InvalidInputError as error:
        return _profile_page(errors=tell_all(error.errors)), 422
    begin_session(user, "password change")
    flash(gettext("Your password is changed. All your other sessions have ended."), "success")
    return redirect(url_for(".show"), 303)


@blueprint.post("/sessions/end")
@signed_in
def end_other_sessions() -> ResponseReturnValue:
    """End every session but this one."""
    with request_work() as work:
        user = credentials.end_sessions_of(work, people.own_account(work).id)
    begin_session(user, "ended other sessions")
    flash(gettext("All your other sessions have ended."), "success")
    return redirect(url_for(".show"), 303)


@blueprint.post("/sessions/end-one")
@signed_in
def end_session() -> ResponseReturnValue:
    """End one of one's own sessions."""
    with request_work() as work:
        credentials.end_session(work, request.form.get("session", ""))
    flash(gettext("The session has ended."), "success")
    return redirect(url_for(".show"), 303)


@blueprint.post("/tokens")
@signed_in
def create_token() -> ResponseReturnValue:
    """Make an access token and show it once."""
    days = request.form.get("days", "90")
    try:
        with request_work() as work:
            new = access_tokens.create_token(
                work,
                people.own_account(work).id,
                request.form.get("name", ""),
                scopes=request.form.getlist("scopes") or None,
                life=timedelta(days=int(days) if days.isdecimal() and len(days) < 5 else 0),
            )
    except InvalidInputError as error:
        return _profile_page(errors={f"token_{k}": v for k, v in error.errors.items()}), 422
    return _profile_page(new_token=new.text)


@blueprint.post("/tokens/<uuid:token_id>/revoke")
@signed_in
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """Stop one of one's own tokens from working."""
    with request_work() as work:
        access_tokens.revoke_token(work, token_id)
    flash(gettext("The token does not work any more."), "success")
    return redirect(url_for(".show"), 303)


def _change_password() -> User:
    """Check the old password, if there is one, and store the new one."""
    account = find_account()
    assert account is not None  # noqa: S101 - the door let nobody else in
    if account.user.password is not None:
        if reserve_attempt(account.user.name):
            raise _wrong(gettext("Too many attempts. Wait a little and try again."))
        if not password_matches(account, request.form.get("old_password", "")):
            raise _wrong(gettext("This is not your present password."))
        forgive(account.user.name)
    new = read_new_password(request.form.get("password", ""), account)
    with request_work() as work:
        return credentials.set_password(work, account.user.id, new.hash)


def _wrong(message: str) -> InvalidInputError:
    return InvalidInputError(message, errors={"old_password": [message]})


def _profile_page(*, errors: Errors | None = None, new_token: str | None = None) -> str:
    with request_work(read_only=True) as work:
        return render_template(
            "profile/show.html", errors=errors or {}, new_token=new_token, **_facts(work)
        )


def _facts(work: UnitOfWork) -> dict[str, object]:
    user = people.own_account(work)
    return {
        "user": user,
        "sessions": rows.list_sessions_of(work.session, user.id),
        "own_session": current_session_hash(),
        "tokens": rows.list_tokens_of(work.session, user.id),
        "scopes": access_tokens.SCOPES,
        "roles": [r for r in people.role_titles(work).items() if r[0] in work.actor.roles],
        "timezones": sorted(available_timezones()),
        "site_timezone": work.timezone.key,
    }
