"""Accounts and roles, for administrators."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.errors import ConflictError, InvalidInputError
from ssflow.services import access_tokens, credentials, people, shipped
from ssflow.store import definitions as definition_rows
from ssflow.store import people as rows
from ssflow.store import sign_in as secret_rows
from ssflow.store.unit_of_work import LostRaceError, UnitOfWork
from ssflow.web.access import ADMIN_ONLY
from ssflow.web.query import read_search
from ssflow.web.request_work import request_work
from ssflow.web.sentences import tell_all
from ssflow.web.site import current_site

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

PAGE_SIZE = 50

Errors = dict[str, list[str]]


@blueprint.get("/welcome")
@ADMIN_ONLY
def welcome() -> ResponseReturnValue:
    """Greet the first administrator and offer the shipped processes."""
    with request_work(read_only=True) as work:
        installed = definition_rows.list_latest(work.session)
        return render_template("admin/welcome.html", installed=installed)


@blueprint.post("/install")
@ADMIN_ONLY
def install() -> ResponseReturnValue:
    """Install the shipped roles and processes."""
    with request_work() as work:
        outcomes = shipped.install_shipped(work)
        has_holidays = shipped.has_holidays(work)
    count = sum(len(outcome.definitions) for outcome in outcomes if outcome.is_new)
    flash(gettext("%(count)s processes are installed.", count=count), "success")
    if not has_holidays:
        flash(gettext("Add your public holidays: the time zone does not tell them."), "warning")
    return redirect(url_for("processes.browse"), 303)


@blueprint.get("/users")
@ADMIN_ONLY
def users() -> ResponseReturnValue:
    """List the accounts."""
    return _users_page()


@blueprint.post("/users")
@ADMIN_ONLY
def add_user() -> ResponseReturnValue:
    """Add an account and show the link that lets its owner in."""
    asked = {name: request.form.get(name, "").strip() for name in ("name", "full_name", "email")}
    roles = request.form.getlist("roles")
    try:
        with request_work() as work:
            added = people.create_user(
                work, asked["name"], asked["full_name"], email=asked["email"] or None, roles=roles
            )
            secret = credentials.create_sign_in_link(work, added.id)
    except LostRaceError:
        raise  # the request is run again, and then sees who was first
    except (InvalidInputError, ConflictError) as error:
        return _users_page(errors=_errors_of(error, "name"), asked=asked), error_status(error)
    return _user_page(added.id, link=_address(secret))


@blueprint.get("/users/<uuid:user_id>")
@ADMIN_ONLY
def user(user_id: UUID) -> ResponseReturnValue:
    """Show one account with its roles and tokens."""
    return _user_page(user_id)


@blueprint.post("/users/<uuid:user_id>")
@ADMIN_ONLY
def change_user(user_id: UUID) -> ResponseReturnValue:
    """Correct somebody's name or address."""
    full_name, email = request.form.get("full_name", ""), request.form.get("email", "").strip()
    try:
        with request_work() as work:
            people.change_user(work, user_id, full_name=full_name, email=email or None)
    except InvalidInputError as error:
        return _user_page(user_id, errors=tell_all(error.errors)), 422
    return _back(user_id, gettext("Saved."))


@blueprint.post("/users/<uuid:user_id>/link")
@ADMIN_ONLY
def make_link(user_id: UUID) -> ResponseReturnValue:
    """Make a link that lets the owner in once, and show it."""
    with request_work() as work:
        secret = credentials.create_sign_in_link(work, user_id)
    return _user_page(user_id, link=_address(secret))


@blueprint.post("/users/<uuid:user_id>/disable")
@ADMIN_ONLY
def disable(user_id: UUID) -> ResponseReturnValue:
    """Switch an account off."""
    with request_work() as work:
        people.disable_user(work, user_id)
    return _back(user_id, gettext("The account is switched off; its sessions have ended."))


@blueprint.post("/users/<uuid:user_id>/enable")
@ADMIN_ONLY
def enable(user_id: UUID) -> ResponseReturnValue:
    """Switch an account on again."""
    with request_work() as work:
        people.enable_user(work, user_id)
    return _back(user_id, gettext("The account is switched on."))


@blueprint.post("/users/<uuid:user_id>/sessions/end")
@ADMIN_ONLY
def end_sessions(user_id: UUID) -> ResponseReturnValue:
    """End every session of somebody."""
    with request_work() as work:
        credentials.end_sessions_of(work, user_id)
    return _back(user_id, gettext("All sessions have ended."))


@blueprint.post("/users/<uuid:user_id>/roles")
@ADMIN_ONLY
def grant(user_id: UUID) -> ResponseReturnValue:
    """Give somebody a role."""
    role = request.form.get("role", "")
    try:
        first, last = _read_day("valid_from"), _read_day("valid_to")
        with request_work() as work:
            people.grant_role(work, user_id, role, valid_from=first, valid_to=last)
    except InvalidInputError as error:
        return _user_page(user_id, errors=tell_all(error.errors)), 422
    return _back(user_id, gettext("The role is granted; it counts at once."))


@blueprint.post("/users/<uuid:user_id>/roles/<uuid:grant_id>/revoke")
@ADMIN_ONLY
def revoke(user_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    """Take a role from somebody."""
    with request_work() as work:
        people.revoke_grant(work, user_id, grant_id)
    return _back(user_id, gettext("The role is revoked; that counts at once."))


@blueprint.post("/tokens/<uuid:token_id>/revoke")
@ADMIN_ONLY
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """Stop somebody's token from working."""
    with request_work() as work:
        token = access_tokens.revoke_token(work, token_id)
    return _back(token.user_id, gettext("The token does not work any more."))


@blueprint.get("/roles")
@ADMIN_ONLY
def roles() -> ResponseReturnValue:
    """List the roles with who holds them."""
    with request_work(read_only=True) as work:
        today = work.now.astimezone(work.timezone).date()
        held = [
            (role, rows.users_with_role(work.session, role.key, today))
            for role in rows.list_roles(work.session)
        ]
        return render_template("admin/roles.html", held=held)


@blueprint.get("/tokens")
@ADMIN_ONLY
def tokens() -> ResponseReturnValue:
    """List the access tokens by whose they are."""
    cursor = request.args.get("cursor")
    with request_work(read_only=True) as work:
        page = rows.list_users(work.session, cursor=cursor, limit=PAGE_SIZE)
        held = [(user, secret_rows.list_tokens_of(work.session, user.id)) for user in page.items]
        next_url = page.next_cursor and url_for(".tokens", cursor=page.next_cursor)
        return render_template(
            "admin/tokens.html",
            tokens=[(user, token) for user, own in held for token in own],
            next_url=next_url,
            cursor=cursor,
            now=work.now,
        )


def error_status(error: Exception) -> int:
    """Tell wrong input from a name that is taken."""
    return 409 if isinstance(error, ConflictError) else 422


def _errors_of(error: InvalidInputError | ConflictError, default: str) -> Errors:
    found = error.errors if isinstance(error, InvalidInputError) else {default: [error.message]}
    return tell_all(found)


def _address(secret: str) -> str:
    return f"{current_site().config.base_url}{url_for('sign_in.link')}#{secret}"


def _read_day(name: str) -> date | None:
    """Read a day that may be left out; nonsense must not become a role without an end."""
    typed = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        told = gettext("Write a date.")
        raise InvalidInputError(told, errors={name: [told]}) from error


def _back(user_id: UUID, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for(".user", user_id=user_id), 303)


def _users_page(*, errors: Errors | None = None, asked: dict[str, str] | None = None) -> str:
    q, cursor = read_search(), request.args.get("cursor")
    with request_work(read_only=True) as work:
        page = rows.list_users(work.session, q=q or None, cursor=cursor, limit=PAGE_SIZE)
        return render_template(
            "admin/users.html",
            users=page.items,
            held={user.id: people.roles_held(work, user.id) for user in page.items},
            next_url=page.next_cursor and url_for(".users", q=q or None, cursor=page.next_cursor),
            q=q,
            cursor=cursor,
            roles=rows.list_roles(work.session),
            errors=errors or {},
            asked=asked or {"name": "", "full_name": "", "email": ""},
        )


def _user_page(user_id: UUID, *, errors: Errors | None = None, link: str | None = None) -> str:
    with request_work(read_only=True) as work:
        return render_template(
            "admin/user.html", errors=errors or {}, link=link, **_user_facts(work, user_id)
        )


def _user_facts(work: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    grants = rows.grants_of(work.session, user_id)
    return {
        "user": rows.get_user(work.session, user_id),
        "grants": grants,
        "scopes": {grant.id: people.scope_of(work, grant) for grant in grants},
        "roles": rows.list_roles(work.session),
        "tokens": secret_rows.list_tokens_of(work.session, user_id),
        "sessions": secret_rows.list_sessions_of(work.session, user_id),
    }
