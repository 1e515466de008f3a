"""Cases: the list, and one with its diagram, history, data, tasks, incidents, talk and files."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.errors import InvalidInputError
from ssflow.services import attachments, audit, instances, messages, process_links
from ssflow.services.definitions import find_named
from ssflow.services.record_trail import records_of_case
from ssflow.store import definitions as definition_rows
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as rows
from ssflow.store import notes as note_rows
from ssflow.store.incidents import IncidentFilter
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import ADMIN_ONLY, signed_in
from ssflow.web.case_data import tell_data
from ssflow.web.clock import reader_clock
from ssflow.web.documents import documents_of
from ssflow.web.history import tell_history
from ssflow.web.i18n import page_language
from ssflow.web.incident_pages import incident_kind_title
from ssflow.web.names import Names
from ssflow.web.page import Tab
from ssflow.web.query import find_choice, read_choice, read_search
from ssflow.web.records import came_of, label_of, url_of
from ssflow.web.request_work import request_work
from ssflow.web.sentences import tell
from ssflow.web.texts import all_role_titles, register_title, role_title

blueprint = Blueprint("instances", __name__, url_prefix="/instances")

PAGE_SIZE = 25


class View(StrEnum):
    """What one sees of a case."""

    DIAGRAM = "diagram"
    HISTORY = "history"
    DATA = "data"
    TASKS = "tasks"
    INCIDENTS = "incidents"
    TALK = "talk"


@blueprint.get("")
@signed_in
def browse() -> ResponseReturnValue:
    """List the cases that the reader may see."""
    with request_work(read_only=True) as work:
        return render_template("instances/browse.html", **_list_facts(work))


@blueprint.get("/<uuid:instance_id>")
@signed_in
def show(instance_id: UUID) -> ResponseReturnValue:
    """Show one case."""
    view = read_choice(View, "view", View.DIAGRAM)
    with request_work(read_only=True) as work:
        instance = instances.get_visible_instance(work, instance_id)
        facts = _case_facts(work, instance, view) | _FACTS[view](work, instance)
        return render_template(f"instances/{view}.html", **facts)


@blueprint.get("/<uuid:instance_id>/diagram.bpmn")
@signed_in
def diagram(instance_id: UUID) -> ResponseReturnValue:
    """Give the diagram of the version that the case runs on."""
    with request_work(read_only=True) as work:
        return Response(instances.diagram_of(work, instance_id), mimetype="application/xml")


@blueprint.get("/<uuid:instance_id>/trace.json")
@signed_in
def trace(instance_id: UUID) -> ResponseReturnValue:
    """Give the way the case took and where it waits, as the viewer draws it."""
    with request_work(read_only=True) as work:
        instance = instances.get_visible_instance(work, instance_id)
        return _trace_json(work, instance.key, instances.trace_of(work, instance_id))


@blueprint.post("/<uuid:instance_id>/comments")
@signed_in
def comment(instance_id: UUID) -> ResponseReturnValue:
    """Say something about the case."""
    with request_work() as work:
        instances.add_comment(work, instance_id, request.form.get("text", ""))
    return redirect(url_for(".show", instance_id=instance_id, view=View.TALK), 303)


@blueprint.post("/<uuid:instance_id>/files")
@signed_in
def add_file(instance_id: UUID) -> ResponseReturnValue:
    """Attach a file to the case."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise InvalidInputError("Choose a file first.")
    with request_work() as work:
        attachments.store_attachment(
            work, upload.filename, upload.mimetype, upload.read(), instance_id=instance_id
        )
    return redirect(url_for(".show", instance_id=instance_id, view=View.TALK), 303)


@blueprint.post("/<uuid:instance_id>/messages/<uuid:subscription_id>")
@signed_in
def send_message(instance_id: UUID, subscription_id: UUID) -> ResponseReturnValue:
    """Send the case a message that it waits for, such as a withdrawal."""
    with request_work() as work:
        reason = request.form.get("reason", "")
        messages.send_by_hand(work, instance_id, subscription_id, reason)
    return _back(instance_id, gettext("The case took the other way."))


@blueprint.post("/<uuid:instance_id>/suspend")
@ADMIN_ONLY
def suspend(instance_id: UUID) -> ResponseReturnValue:
    """Hold the case."""
    with request_work() as work:
        instances.suspend_instance(work, instance_id, request.form.get("reason", ""))
    return _back(instance_id, gettext("The case is suspended."))


@blueprint.post("/<uuid:instance_id>/resume")
@ADMIN_ONLY
def resume(instance_id: UUID) -> ResponseReturnValue:
    """Let the case go on."""
    with request_work() as work:
        instances.resume_instance(work, instance_id, request.form.get("reason", ""))
    return _back(instance_id, gettext("The case goes on."))


@blueprint.post("/<uuid:instance_id>/cancel")
@ADMIN_ONLY
def cancel(instance_id: UUID) -> ResponseReturnValue:
    """End the case without finishing it."""
    with request_work() as work:
        instances.cancel_instance(work, instance_id, request.form.get("reason", ""))
    return _back(instance_id, gettext("The case is cancelled."))


@blueprint.post("/<uuid:instance_id>/verify")
@signed_in
def verify(instance_id: UUID) -> ResponseReturnValue:
    """Check that nobody changed the case's history."""
    with request_work(read_only=True) as work:
        instances.get_visible_instance(work, instance_id)
        found = audit.verify_stream(work, str(instance_id))
    if found.is_ok:
        flash(
            gettext("All %(count)s events are as they were written.", count=found.events), "success"
        )
    else:
        flash(gettext("The history was changed. %(problem)s", problem=found.problem), "danger")
    return redirect(url_for(".show", instance_id=instance_id, view=View.HISTORY), 303)


def _back(instance_id: UUID, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for(".show", instance_id=instance_id), 303)


# --- what pages show -----------------------------------------------------------------------------


def _list_facts(work: UnitOfWork) -> dict[str, Any]:
    status, key, q = find_choice(InstanceStatus, "status"), request.args.get("key"), read_search()
    cursor = request.args.get("cursor")
    started_by = work.actor.key if request.args.get("mine") else None
    found = rows.list_instances(
        work.session,
        work.actor,
        status=status,
        key=key or None,
        q=q or None,
        named=find_named(work.session, q, page_language()),
        started_by=started_by,
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    asked: dict[str, Any] = {
        "status": status,
        "key": key or None,
        "q": q or None,
        "mine": request.args.get("mine"),
    }
    names = Names(work)
    names.load_people(instance.started_by for instance in found.items)
    return {
        "found": found.items,
        "asked": asked,
        "cursor": cursor,
        "next_url": found.next_cursor and url_for(".browse", **asked, cursor=found.next_cursor),
        "processes": [
            (d.key, names.process(d.key)) for d in definition_rows.list_latest(work.session)
        ],
        "names": names,
    }


def _case_facts(work: UnitOfWork, instance: ProcessInstance, view: View) -> dict[str, Any]:
    names = Names(work)
    return {
        "instance": instance,
        "name": instance.title or names.process(instance.key),
        "names": names,
        "clock": reader_clock(),
        "view": view,
        "tabs": _tabs(instance, view),
    }


def _tabs(instance: ProcessInstance, view: View) -> list[Tab]:
    labels = {
        View.DIAGRAM: gettext("Diagram"),
        View.HISTORY: gettext("History"),
        View.DATA: gettext("Data"),
        View.TASKS: gettext("Tasks"),
        View.INCIDENTS: gettext("Incidents"),
        View.TALK: gettext("Comments and files"),
    }
    counts = {View.INCIDENTS: instance.open_incidents or None}
    return [
        Tab(
            url_for(".show", instance_id=instance.id, view=each),
            label,
            each is view,
            counts.get(each),
        )
        for each, label in labels.items()
        if each is not View.INCIDENTS or instance.open_incidents or view is View.INCIDENTS
    ]


def _diagram_facts(work: UnitOfWork, instance: ProcessInstance) -> dict[str, Any]:
    tasks = instances.tasks_of(work, instance.id)
    return {
        "open_tasks": [task for task in tasks if task.is_open],
        "done_tasks": [task for task in tasks if task.completed_at],
        "incidents": incident_rows.open_incidents_of(work.session, instance.id),
        "other_ways": messages.messages_for_starter(work, instance.id),
        "origin": process_links.origin_of(work, instance.id),
        "started_cases": process_links.started_by_case(work, instance.id),
        "records": [
            (register_title(type(found).__name__), label_of(found), url_of(found), came_of(found))
            for found in records_of_case(work, instance.id)
        ],
    }


def _history_facts(work: UnitOfWork, instance: ProcessInstance) -> dict[str, Any]:
    events, labels = tell_history(Names(work), reversed(instances.events_of(work, instance.id)))
    return {"events": events, "labels": labels}


def _data_facts(work: UnitOfWork, instance: ProcessInstance) -> dict[str, Any]:
    variables = dict(sorted(instances.variables_of(work, instance.id).items()))
    return {"variables": variables, "sections": tell_data(work, instance, variables, Names(work))}


def _tasks_facts(work: UnitOfWork, instance: ProcessInstance) -> dict[str, Any]:
    return {"tasks": instances.tasks_of(work, instance.id)}


def _incidents_facts(work: UnitOfWork, instance: ProcessInstance) -> dict[str, Any]:
    wanted = IncidentFilter(instance_id=instance.id)
    page = incident_rows.list_incidents(work.session, work.actor, wanted, limit=100)
    return {"incidents": page.items, "kind_title": incident_kind_title}


def _talk_facts(work: UnitOfWork, instance: ProcessInstance) -> dict[str, Any]:
    return {
        "comments": instances.comments_of(work, instance.id),
        "documents": documents_of(work, instance.id),
        "attachments": note_rows.attachments_of(work.session, instance.id),
    }


_FACTS = {
    View.DIAGRAM: _diagram_facts,
    View.HISTORY: _history_facts,
    View.DATA: _data_facts,
    View.TASKS: _tasks_facts,
    View.INCIDENTS: _incidents_facts,
    View.TALK: _talk_facts,
}


def _trace_json(work: UnitOfWork, key: str, found: instances.InstanceTrace) -> dict[str, Any]:
    names = Names(work)
    return {
        "names": names.elements(key),
        "roles": all_role_titles(),
        "path": list(found.passed),
        "visits": dict(found.passed),
        "active": [
            *(
                {
                    "element_id": a.activity_id,
                    "kind": "user_task",
                    "label": _holder(names, a.waits_for),
                }
                for a in found.active
            ),
            *(
                {"element_id": i.activity_id, "kind": "incident", "label": tell(i.message)[:120]}
                for i in found.incidents
            ),
        ],
    }


def _holder(names: Names, waits_for: str) -> str:
    """Name who is waited for: a person by id, else a role."""
    try:
        return names.person(UUID(waits_for))
    except ValueError:
        return role_title(waits_for)
