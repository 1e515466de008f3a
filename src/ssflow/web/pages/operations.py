"""What keeps cases from going on, and what is still to be done: for whoever runs ssflow."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.domain.identity import ADMIN, AUDITOR
from ssflow.domain.incident import Incident, IncidentKind, IncidentStatus, RetryOutcome
from ssflow.domain.job import JobState
from ssflow.domain.mail import MailState
from ssflow.errors import InvalidInputError
from ssflow.services import incidents, jobs
from ssflow.services.schedules import list_schedules
from ssflow.store import definitions as definition_rows
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import mail as mail_rows
from ssflow.store import messages as message_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import ADMIN_ONLY, needs_role
from ssflow.web.incident_pages import (
    asked_in,
    edited_values,
    incident_kind_title,
    read_edited,
    read_filter,
    typed_values,
)
from ssflow.web.names import Names
from ssflow.web.operation_parts import (
    JOB_KINDS,
    job_kind_title,
    job_state_title,
    operation_tabs,
)
from ssflow.web.pages import operation_lists
from ssflow.web.query import find_choice
from ssflow.web.request_work import request_work

blueprint = Blueprint("operations", __name__, url_prefix="/operations")

PAGE_SIZE = 25
_FOR_OPERATORS = needs_role(ADMIN, AUDITOR)


@blueprint.get("")
@_FOR_OPERATORS
def overview() -> ResponseReturnValue:
    """Show open incidents and waiting jobs."""
    with request_work(read_only=True) as work:
        return render_template("operations/overview.html", **_facts(work))


# --- incidents -----------------------------------------------------------------------------------


@blueprint.get("/incidents")
@_FOR_OPERATORS
def list_incidents() -> ResponseReturnValue:
    """List incidents, open ones unless others are asked for."""
    with request_work(read_only=True) as work:
        return render_template("operations/incidents.html", **_incident_list(work))


@blueprint.get("/incidents/<uuid:incident_id>")
@_FOR_OPERATORS
def show_incident(incident_id: UUID) -> ResponseReturnValue:
    """Show an incident with its place in the diagram, its code and the data at hand."""
    with request_work(read_only=True) as work:
        return _incident_page(work, incident_id)


@blueprint.post("/incidents/<uuid:incident_id>/retry")
@ADMIN_ONLY
def retry(incident_id: UUID) -> ResponseReturnValue:
    """Run a faulty step again, with changed data if given."""
    try:
        with request_work() as work:
            found = incidents.get_visible_incident(work, incident_id)
            changes = read_edited(request.form, incidents.read_faulty_code(work, found))
            reason = request.form.get("reason", "")
            tried = incidents.retry_incident(work, incident_id, changes, reason)
            is_under_way = incidents.is_under_way(work, tried)
    except InvalidInputError as error:
        return _incident_again(incident_id, error), 422
    if tried.status is IncidentStatus.OPEN:
        flash(gettext("It failed again. See what the incident says now."), "danger")
        return redirect(url_for(".show_incident", incident_id=incident_id), 303)
    if is_under_way:
        return redirect(url_for(".show_incident", incident_id=incident_id), 303)
    return _to_case(tried, gettext("It worked: the case goes on."))


@blueprint.post("/incidents/<uuid:incident_id>/resolve")
@ADMIN_ONLY
def resolve(incident_id: UUID) -> ResponseReturnValue:
    """Go on behind a faulty step, whose work was done by hand."""
    try:
        with request_work() as work:
            found = incidents.get_visible_incident(work, incident_id)
            written = read_edited(request.form, incidents.read_faulty_code(work, found))
            reason = request.form.get("reason", "")
            done = incidents.resolve_incident(work, incident_id, written, reason)
    except InvalidInputError as error:
        return _incident_again(incident_id, error), 422
    return _to_case(done, gettext("The step counts as done: the case goes on."))


@blueprint.get("/incidents/retry")
@ADMIN_ONLY
def ask_retry_many() -> ResponseReturnValue:
    """Show what trying everything like that again would take."""
    with request_work(read_only=True) as work:
        return _ask_page(work, asked_in(request.args))


@blueprint.post("/incidents/retry")
@ADMIN_ONLY
def retry_many() -> ResponseReturnValue:
    """Have everything like that tried again."""
    asked = asked_in(request.form)
    try:
        with request_work() as work:
            reason = request.form.get("reason", "")
            started = incidents.retry_many(work, read_filter(asked), reason)
    except InvalidInputError as error:
        with request_work(read_only=True) as work:
            return _ask_page(work, asked, error), 422
    return redirect(url_for(".show_bulk_retry", bulk_retry_id=started.id), 303)


@blueprint.get("/retries/<uuid:bulk_retry_id>")
@_FOR_OPERATORS
def show_bulk_retry(bulk_retry_id: UUID) -> ResponseReturnValue:
    """Show how far a bulk retry is, and what came of each incident."""
    outcome, cursor = find_choice(RetryOutcome, "outcome"), request.args.get("cursor")
    with request_work(read_only=True) as work:
        found = incidents.get_bulk_retry(work, bulk_retry_id)
        items = incident_rows.list_bulk_items(
            work.session, found.id, outcome, cursor=cursor, limit=PAGE_SIZE
        )
        shown = [incident_rows.get_incident(work.session, i.incident_id) for i in items.items]
        asked: dict[str, Any] = {"bulk_retry_id": found.id, "outcome": outcome}
        return render_template(
            "operations/bulk_retry.html",
            progress=incidents.progress_of(work, found),
            outcome=outcome,
            rows=list(zip(items.items, shown, strict=True)),
            cases=_cases_of(work, shown),
            next_url=items.next_cursor
            and url_for(".show_bulk_retry", **asked, cursor=items.next_cursor),
            names=Names(work),
        )


# --- what pages show -----------------------------------------------------------------------------


def _to_case(incident: Incident, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("instances.show", instance_id=incident.instance_id), 303)


def _incident_again(incident_id: UUID, error: InvalidInputError) -> str:
    with request_work(read_only=True) as work:
        return _incident_page(work, incident_id, error)


def _incident_page(
    work: UnitOfWork, incident_id: UUID, error: InvalidInputError | None = None
) -> str:
    incident = incidents.get_visible_incident(work, incident_id)
    code = incidents.read_faulty_code(work, incident)
    names = Names(work)
    return render_template(
        "operations/incident.html",
        incident=incident,
        case=instance_rows.get_instance(work.session, incident.instance_id),
        code=code,
        values=edited_values(code) if error is None else typed_values(request.form),
        typed=request.form,
        error=error,
        is_under_way=incidents.is_under_way(work, incident),
        may_resolve=incident.status is IncidentStatus.OPEN
        and incidents.may_resolve(work, incident),
        kind_title=incident_kind_title,
        names=names,
        labels=names.labels(dict(incident.variables)),
        faults=[
            (datetime.fromisoformat(fault["at"]), fault["message"])
            for fault in incident.faults or []
        ],
    )


def _ask_page(
    work: UnitOfWork, asked: dict[str, Any], error: InvalidInputError | None = None
) -> str:
    wanted = read_filter(asked)
    return render_template(
        "operations/retry_many.html",
        asked=asked,
        wanted=wanted,
        count=incidents.count_for_bulk_retry(work, wanted),
        most=incidents.MAX_AT_ONCE,
        error=error,
        kind_title=incident_kind_title,
        names=Names(work),
    )


def _incident_list(work: UnitOfWork) -> dict[str, Any]:
    wanted = read_filter(request.args)
    asked = asked_in(request.args)
    cursor = request.args.get("cursor")
    page = incident_rows.list_incidents(
        work.session, work.actor, wanted, cursor=cursor, limit=PAGE_SIZE
    )
    names = Names(work)
    next_url = page.next_cursor and url_for(".list_incidents", **asked, cursor=page.next_cursor)
    return {
        "tabs": operation_tabs(work, "operations.list_incidents"),
        "incidents": page.items,
        "wanted": wanted,
        "asked": asked,
        "cursor": cursor,
        "next_url": next_url,
        "count": incident_rows.count_incidents(work.session, work.actor, wanted),
        "cases": _cases_of(work, page.items),
        "processes": [
            (d.key, names.process(d.key)) for d in definition_rows.list_latest(work.session)
        ],
        "kinds": [(str(kind), incident_kind_title(kind)) for kind in IncidentKind],
        "kind_title": incident_kind_title,
        "names": names,
    }


def _cases_of(work: UnitOfWork, found: Any) -> dict[UUID, Any]:
    ids = {incident.instance_id for incident in found}
    return {i: instance_rows.get_instance(work.session, i) for i in ids}


def _facts(work: UnitOfWork) -> dict[str, Any]:
    found = jobs.overview(work)
    return {
        "tabs": operation_tabs(work, "operations.overview"),
        "places": incident_rows.open_incidents_by_place(work.session, work.actor),
        "bulk_retries": [
            incidents.progress_of(work, each)
            for each in incident_rows.newest_bulk_retries(work.session, limit=5)
        ],
        "jobs": found,
        "kinds": [kind for kind in JOB_KINDS if kind in found.counts],
        "states": list(JobState),
        "has_failed": any(JobState.FAILED in counts for counts in found.counts.values()),
        "schedules": list_schedules(work),
        "mails": mail_rows.count_mails(work.session),
        "buffered": message_rows.count_buffered(work.session, work.now),
        "MailState": MailState,
        "kind_title": incident_kind_title,
        "job_kind_title": job_kind_title,
        "job_state_title": job_state_title,
        "names": Names(work),
    }


blueprint.register_blueprint(operation_lists.blueprint)
