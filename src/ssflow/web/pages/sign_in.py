"""Sign in, by password or by one-time link; sign out; make the first administrator."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import NOBODY, SYSTEM
from ssflow.errors import InvalidInputError
from ssflow.services import credentials
from ssflow.services.audit import record
from ssflow.store import people as people_rows
from ssflow.web.access import public, signed_in
from ssflow.web.sentences import tell
from ssflow.web.sign_in import (
    begin_session,
    current_actor,
    end_session,
    find_by_password,
    read_new_password,
)
from ssflow.web.site import current_site
from ssflow.web.throttle import forgive, reserve_attempt

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/login")
@public
def login() -> ResponseReturnValue:
    """Ask for name and password; on a fresh installation, lead to the first-run page."""
    if current_actor().user_id is not None:
        return redirect(url_for("tasks.inbox"))
    if _is_first_run():
        return redirect(url_for(".first_run"))
    return _login_page(name="", way_on=request.args.get("next", ""))


@blueprint.post("/login")
@public
def try_login() -> ResponseReturnValue:
    """Sign in with name and password; tells no stranger whether the name exists."""
    name, way_on = request.form.get("name", "").strip(), request.form.get("next", "")
    if wait := reserve_attempt(name):
        return _login_page(name, way_on, problem=_please_wait(wait), status=429)
    account = find_by_password(name, request.form.get("password", ""))
    if account is None:
        _note_failure(name)
        problem = gettext("Name or password is wrong. Check both and try again.")
        return _login_page(name, way_on, problem=problem, status=401)
    forgive(name)
    begin_session(account.user, "password")
    return redirect(safe_path(way_on), 303)


@blueprint.post("/logout")
@signed_in
def logout() -> ResponseReturnValue:
    """Sign out."""
    end_session()
    flash(gettext("You have signed out."), "success")
    return redirect(url_for(".login"), 303)


@blueprint.get("/sign-in-link")
@public
def link() -> ResponseReturnValue:
    """Read the code behind the # of a one-time link, or ask for it."""
    return render_template("sign_in/link.html", problem=None)


@blueprint.post("/sign-in-link")
@public
def use_link() -> ResponseReturnValue:
    """Sign in with the code of a one-time link; it works once."""
    if wait := reserve_attempt():
        return render_template("sign_in/link.html", problem=_please_wait(wait)), 429
    try:
        with current_site().open_work(NOBODY) as work:
            user = credentials.use_sign_in_link(work, request.form.get("token", ""))
    except credentials.LinkNotValidError as error:
        return render_template("sign_in/link.html", problem=tell(error.message)), 403
    forgive()
    begin_session(user, "link")
    if user.password is None:
        flash(gettext("You can choose a password below, or ask for a new link next time."), "info")
        return redirect(url_for("profile.show"), 303)
    return redirect(url_for("tasks.inbox"), 303)


@blueprint.get("/first-run")
@public
def first_run() -> ResponseReturnValue:
    """Ask for the first administrator; only while there is no user at all."""
    if not _is_first_run():
        return redirect(url_for(".login"))
    return _first_run_page()


@blueprint.post("/first-run")
@public
def make_first_admin() -> ResponseReturnValue:
    """Make the first administrator and sign in."""
    if wait := reserve_attempt():
        return _first_run_page(problem=_please_wait(wait)), 429
    asked = {name: request.form.get(name, "").strip() for name in ("name", "full_name")}
    try:
        password = read_new_password(request.form.get("password", ""), None, *asked.values())
        with current_site().open_work(NOBODY) as work:
            secret = request.form.get("token", "")
            user = credentials.use_first_run_link(
                work, secret, **asked, password_hash=password.hash
            )
    except credentials.LinkNotValidError as error:
        return _first_run_page(problem=tell(error.message), has_code=False), 403
    except InvalidInputError as error:
        return _first_run_page(errors=error.errors), 422
    begin_session(user, "first run")
    return redirect(url_for("admin.welcome"), 303)


def safe_path(target: str) -> str:
    """Give a path of this site to go on to; anything else becomes the inbox."""
    parts = urlsplit(target)
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    if parts.scheme or parts.netloc or not is_path or not target.isprintable() or "\\" in target:
        return url_for("tasks.inbox")
    return target


def _login_page(
    name: str, way_on: str, *, problem: str | None = None, status: int = 200
) -> ResponseReturnValue:
    page = render_template("sign_in/login.html", name=name, way_on=way_on, problem=problem)
    return page, status


def _first_run_page(
    *,
    problem: str | None = None,
    errors: dict[str, list[str]] | None = None,
    has_code: bool = True,
) -> str:
    """Draw the page with what was typed; the code too, since the link's address is gone by then."""
    values = {name: request.form.get(name, "") for name in ("name", "full_name", "token")}
    if not has_code:
        values["token"] = ""
    return render_template(
        "sign_in/first_run.html", problem=problem, errors=errors or {}, values=values
    )


def _is_first_run() -> bool:
    with current_site().open_work(SYSTEM, read_only=True) as work:
        return not people_rows.any_user_exists(work.session)


def _note_failure(name: str) -> None:
    with current_site().open_work(NOBODY) as work:
        record(work, AuditAction.SIGN_IN_FAILED, name=name[:64])


def _please_wait(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return str(gettext("Too many attempts. Try again in %(seconds)s seconds.", seconds=seconds))
