"""Start a process by hand."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from ssflow.domain.instance import ProcessInstance
from ssflow.forms.submission import FormError
from ssflow.services import instances
from ssflow.services.form_view import FormView
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import signed_in
from ssflow.web.forms import TypedForm, draw_page, read_typed
from ssflow.web.names import Names
from ssflow.web.once import new_key, once
from ssflow.web.request_work import request_work
from ssflow.web.sentences import tell

blueprint = Blueprint("start", __name__, url_prefix="/start")


@blueprint.get("")
@signed_in
def choose() -> ResponseReturnValue:
    """List what the reader may start."""
    with request_work(read_only=True) as work:
        definitions = instances.startable_processes(work)
        return render_template("start/choose.html", definitions=definitions, names=Names(work))


@blueprint.get("/<key>")
@signed_in
def show(key: str) -> ResponseReturnValue:
    """Show the start form of a process, or just its button."""
    with request_work(read_only=True) as work:
        return _start_page(work, key, instances.start_form(work, key))


@blueprint.post("/<key>")
@signed_in
def begin(key: str) -> ResponseReturnValue:
    """Start the process; a wrong form comes back with its errors."""
    try:
        return _try_to_begin(key)
    except instances.StartRefusedError as error:
        return _refused_page(key, tell(error.message)), 409


def _try_to_begin(key: str) -> ResponseReturnValue:
    with request_work() as work:
        form = instances.start_form(work, key)
        typed = read_typed(work, form)
        if typed.is_redraw:
            return _start_page(work, key, form, typed)
        try:
            typed.require_files_stored()
            return redirect(once(work, lambda: _begin(work, key, typed.answers)), 303)
        except FormError as error:
            return _start_page(work, key, form, typed, error.errors), 422


@blueprint.post("/<key>/fields")
@signed_in
def fields(key: str) -> ResponseReturnValue:
    """Draw the start form's fields again for the answers so far; stores nothing."""
    with request_work(read_only=True) as work:
        form = instances.start_form(work, key)
        if form is None:
            return ""
        drawn = draw_page(form, read_typed(work, form, with_files=False))
        redraw_url = url_for(".fields", key=key)
        return render_template("tasks/_fields.html", form=drawn, redraw_url=redraw_url)


def _begin(work: UnitOfWork, key: str, answers: Mapping[str, Any]) -> str:
    started = instances.start_by_hand(work, key, answers)
    flash(_told(work, started), "info" if started.ended_at else "success")
    own = _first_task(work, started)
    if own is not None:
        return url_for("tasks.show", task_id=own)
    return url_for("instances.show", instance_id=started.id)


def _first_task(work: UnitOfWork, started: ProcessInstance) -> Any:
    """Find what whoever started the case can do in it right away."""
    work.session.flush()
    tasks = task_rows.find_open_tasks_of_instance(work.session, started.id)
    return next((task.id for task in tasks if task.is_offered_to(work.actor)), None)


def _told(work: UnitOfWork, started: ProcessInstance) -> Markup:
    address = url_for("instances.show", instance_id=started.id)
    name = started.business_key or Names(work).process(started.key)
    said = gettext("The case is started.")
    if started.ended_at:
        end = Names(work).activity(started.key, started.end_event)
        said = gettext("The case began, and has ended already: “%(end)s”.", end=end)
    return Markup('{} <a href="{}">{}</a>').format(said, address, name)


def _refused_page(key: str, refusal: str) -> str:
    """Show the form as it was filled in, with why the process cannot be started with it."""
    with request_work(read_only=True) as work:
        form = instances.start_form(work, key)
        typed = read_typed(work, form, with_files=False)
        return _start_page(work, key, form, typed, refusal=refusal)


def _start_page(
    work: UnitOfWork,
    key: str,
    form: FormView | None,
    typed: TypedForm | None = None,
    errors: Mapping[str, list[str]] | None = None,
    *,
    refusal: str = "",
) -> str:
    names = Names(work)
    return render_template(
        "start/show.html",
        key=key,
        name=names.process(key),
        about=names.about(key),
        form=draw_page(form, typed, errors) if form else None,
        refusal=refusal,
        idempotency_key=new_key(),
    )
