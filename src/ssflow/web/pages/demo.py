"""The demonstration only: be another person of the sample organisation."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.errors import NotFoundError
from ssflow.services import people
from ssflow.services.demo import STAGED_DUE, stage_late_task
from ssflow.store import people as rows
from ssflow.store.user_tasks import find_task_to_escalate
from ssflow.web.access import signed_in
from ssflow.web.clock import reader_clock
from ssflow.web.names import Names
from ssflow.web.request_work import request_work
from ssflow.web.sign_in import begin_session

WATCHED = timedelta(minutes=15)
"""How long after it was due the page still tells of a task to watch."""

blueprint = Blueprint("demo", __name__, url_prefix="/demo")


@blueprint.get("/people")
@signed_in
def choose() -> ResponseReturnValue:
    """List the people of the sample organisation."""
    with request_work(read_only=True) as work:
        found = [user for user in rows.list_users(work.session, limit=200).items if user.is_demo]
        roles = {user.id: people.actor_of(work, user).roles for user in found}
        now = reader_clock().now
        return render_template(
            "demo/people.html",
            people=found,
            roles=roles,
            watched=find_task_to_escalate(work.session, (now - WATCHED, now + STAGED_DUE)),
            names=Names(work),
        )


@blueprint.post("/late-task")
@signed_in
def make_late() -> ResponseReturnValue:
    """Let a task be reminded of in a minute, and be late in two."""
    with request_work() as work:
        task = stage_late_task(work)
    if task is None:
        flash(gettext("There is no open task left that somebody else may do once it is late."))
    return redirect(url_for(".choose"), 303)


@blueprint.post("/people/<uuid:user_id>")
@signed_in
def become(user_id: UUID) -> ResponseReturnValue:
    """Go on as another person of the sample organisation."""
    with request_work(read_only=True) as work:
        user = rows.get_user(work.session, user_id)
        if not user.is_demo:
            raise NotFoundError("There is no such person in the sample organisation.")
    begin_session(user, "demo")
    return redirect(url_for("tasks.inbox"), 303)
