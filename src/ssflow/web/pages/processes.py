"""Processes: which there are, their versions and diagrams, and the editors."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from ssflow.domain.definition import DraftKind, ProcessDefinition
from ssflow.domain.identity import ADMIN, PROCESS_DESIGNER
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.services import instances, modeling, schedules
from ssflow.store import definitions as rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import ADMIN_ONLY, needs_role, signed_in
from ssflow.web.names import Names
from ssflow.web.query import find_number, read_switch
from ssflow.web.request_work import request_work
from ssflow.web.texts import all_role_titles, area_name

blueprint = Blueprint("processes", __name__, url_prefix="/processes")

designers_only = needs_role(PROCESS_DESIGNER, ADMIN)

_EDITORS = {DraftKind.BPMN: "editor", DraftKind.DMN: "dmn", DraftKind.FORM: "formedit"}


@blueprint.get("")
@signed_in
def browse() -> ResponseReturnValue:
    """List the processes in their newest versions."""
    with request_work(read_only=True) as work:
        definitions = rows.list_latest(work.session)
        areas = {d.id: _area_of(work, d) for d in definitions}
        return render_template(
            "processes/browse.html", definitions=definitions, areas=areas, names=Names(work)
        )


@blueprint.get("/<key>")
@signed_in
def show(key: str) -> ResponseReturnValue:
    """Show one process: its diagram, its versions, and for designers its files."""
    with request_work(read_only=True) as work:
        definition = _find(work, key, find_number("version"))
        return render_template("processes/show.html", **_facts(work, definition))


@blueprint.get("/<key>/versions/<int(max=2147483647):version>/diagram.bpmn")
@signed_in
def diagram(key: str, version: int) -> ResponseReturnValue:
    """Give the diagram of one version."""
    with request_work(read_only=True) as work:
        definition = _find(work, key, version)
        content = rows.get_file(work.session, definition.deployment_id, definition.file)
        return Response(content, mimetype="application/xml")


@blueprint.get("/<key>/names.json")
@signed_in
def diagram_names(key: str) -> ResponseReturnValue:
    """Give the names in the reader's language that the viewer writes into the diagram."""
    with request_work(read_only=True) as work:
        return {"names": Names(work).elements(_find(work, key).key), "roles": all_role_titles()}


@blueprint.get("/<key>/edit")
@designers_only
def edit(key: str) -> ResponseReturnValue:
    """Open the diagram in its editor."""
    with request_work(read_only=True) as work:
        return _editor_page(work, key, _find(work, key).file)


@blueprint.get("/<key>/forms/<form_id>")
@designers_only
def edit_form(key: str, form_id: str) -> ResponseReturnValue:
    """Open a form in its editor."""
    with request_work(read_only=True) as work:
        return _editor_page(work, key, f"{form_id}.form.json")


@blueprint.get("/<key>/decisions/<name>")
@designers_only
def edit_decision(key: str, name: str) -> ResponseReturnValue:
    """Open a decision table in its editor."""
    with request_work(read_only=True) as work:
        return _editor_page(work, key, f"{name}.dmn")


@blueprint.get("/<key>/catalog.json")
@designers_only
def catalog(key: str) -> ResponseReturnValue:
    """Give what the editors offer to pick."""
    with request_work(read_only=True) as work:
        return modeling.editor_catalog(work, key)


@blueprint.get("/<key>/files/<file>")
@designers_only
def source(key: str, file: str) -> ResponseReturnValue:
    """Give a file as it is edited now: the draft, else what is deployed."""
    with request_work(read_only=True) as work:
        found = modeling.read_source(work, key, file)
        response = Response(found.content, mimetype="text/plain")
        response.headers["X-Revision"] = str(found.revision)
        response.headers["X-Base"] = found.base
        return response


@blueprint.put("/<key>/files/<file>/draft")
@designers_only
def save_draft(key: str, file: str) -> ResponseReturnValue:
    """Keep a file without deploying it."""
    sent = _read_json()
    opened = _opened(sent)
    with request_work() as work:
        return {"revision": modeling.save_draft(work, key, file, _content(sent), *opened)}


@blueprint.delete("/<key>/files/<file>/draft")
@designers_only
def discard_draft(key: str, file: str) -> ResponseReturnValue:
    """Throw a draft away; what is deployed stays, and is what the page shows next."""
    revision, _ = _opened(_read_json())
    with request_work() as work:
        modeling.discard_draft(work, key, file, revision)
    flash(gettext("The draft is discarded. This is what is published."), "success")
    return {"revision": 0}


@blueprint.post("/<key>/files/<file>/check")
@designers_only
def check(key: str, file: str) -> ResponseReturnValue:
    """Check a file with the others it would be deployed with; stores nothing."""
    content = _content(_read_json())
    with request_work(read_only=True) as work:
        problems = modeling.check_draft(work, key, file, content)
        return {"problems": [asdict(problem) for problem in problems]}


@blueprint.post("/<key>/files/<file>/publish")
@ADMIN_ONLY
def publish(key: str, file: str) -> ResponseReturnValue:
    """Deploy a file in place of its former version."""
    sent = _read_json()
    revision, base = _opened(sent)
    with request_work() as work:
        comment = str(sent.get("comment", ""))[:2000]
        outcome = modeling.publish_draft(
            work, key, file, _content(sent), comment, revision=revision, base=base
        )
        latest = _find(work, key)
        return {
            "version": latest.version,
            "url": url_for(".show", key=key),
            "revision": 0,
            "base": modeling.read_source(work, key, file).base,
            "problems": [asdict(problem) for problem in outcome.warnings],
        }


@blueprint.post("/<key>/schedule")
@ADMIN_ONLY
def switch_schedule(key: str) -> ResponseReturnValue:
    """Switch the schedule of a process on or off."""
    try:
        is_on = read_switch("on")
        with request_work() as work:
            schedules.switch_schedule(work, key, is_on, request.form.get("reason", ""))
    except InvalidInputError as error:
        return _page_again(key, error), 422
    flash(gettext("The schedule is on.") if is_on else gettext("The schedule is off."), "success")
    return redirect(url_for(".show", key=key), 303)


@blueprint.post("/<key>/schedule/run")
@ADMIN_ONLY
def run_schedule(key: str) -> ResponseReturnValue:
    """Start at once what the schedule of a process would start next."""
    try:
        with request_work() as work:
            count = schedules.run_now(work, key, request.form.get("reason", ""))
    except InvalidInputError as error:
        return _page_again(key, error), 422
    flash(ngettext("%(num)s case starts.", "%(num)s cases start.", count), "success")
    return redirect(url_for(".show", key=key), 303)


def _page_again(key: str, error: InvalidInputError) -> str:
    with request_work(read_only=True) as work:
        return render_template("processes/show.html", **_facts(work, _find(work, key), error))


def _find(work: UnitOfWork, key: str, version: int | None = None) -> ProcessDefinition:
    if version is None:
        definition = rows.find_latest(work.session, key)
    else:
        definition = rows.find_version(work.session, key, version)
    if definition is None:
        raise NotFoundError("There is no such process.")
    return definition


def _facts(
    work: UnitOfWork, definition: ProcessDefinition, error: InvalidInputError | None = None
) -> dict[str, Any]:
    names = Names(work)
    versions = rows.list_versions(work.session, definition.key)
    is_designer = not work.actor.roles.isdisjoint({PROCESS_DESIGNER, ADMIN})
    return {
        "definition": definition,
        "name": names.process(definition.key, definition.name),
        "about": names.about(definition.key),
        "names": names,
        "versions": [
            (each, rows.get_deployment(work.session, each.deployment_id)) for each in versions
        ],
        "may_start": instances.may_start(work, definition),
        "may_publish": modeling.may_publish(work),
        "files": _editable(work, definition) if is_designer else [],
        **_schedule_facts(work, definition.key, error),
    }


def _schedule_facts(work: UnitOfWork, key: str, error: InvalidInputError | None) -> dict[str, Any]:
    scheduled = schedules.find_schedule(work, key)
    if scheduled is None:
        return {"scheduled": None}
    return {
        "scheduled": scheduled,
        "schedule_error": error,
        "next_ticks": schedules.next_ticks(work, key),
        "runs": schedules.last_runs(work, key) if work.actor.sees_everything else [],
    }


def _editable(work: UnitOfWork, definition: ProcessDefinition) -> list[dict[str, Any]]:
    """List the files of a process with the address of the editor for each, its diagram first."""
    files = modeling.editable_files(work, definition.key)
    return [
        {
            "name": file.name,
            "kind": file.kind,
            "has_draft": file.has_draft,
            "is_own": _is_own(definition, file.name),
            "url": _editor_url(definition.key, file.name, file.kind),
        }
        for file in sorted(files, key=lambda file: file.kind is not DraftKind.BPMN)
    ]


def _is_own(definition: ProcessDefinition, name: str) -> bool:
    """Tell what the process uses itself from what others of its bundle use."""
    forms = (f"{form}.form.json" for form in definition.facts.get("forms", []))
    decisions = (f"{decision}.dmn" for decision in definition.facts.get("decisions", []))
    return name in {definition.file, *forms, *decisions}


def _editor_url(key: str, name: str, kind: DraftKind) -> str:
    if kind is DraftKind.FORM:
        return url_for(".edit_form", key=key, form_id=name.removesuffix(".form.json"))
    if kind is DraftKind.DMN:
        return url_for(".edit_decision", key=key, name=name.removesuffix(".dmn"))
    return url_for(".edit", key=key)


def _area_of(work: UnitOfWork, definition: ProcessDefinition) -> str:
    return area_name(rows.get_deployment(work.session, definition.deployment_id).area)


def _editor_page(work: UnitOfWork, key: str, file: str) -> str:
    found = modeling.read_source(work, key, file)
    return render_template(
        "processes/edit.html",
        key=key,
        name=Names(work).process(key),
        source=found,
        editor=_EDITORS[found.kind],
        may_publish=modeling.may_publish(work),
    )


def _read_json() -> dict[str, Any]:
    sent = request.get_json()
    if not isinstance(sent, dict):
        raise InvalidInputError("Send a JSON object.")
    return sent


def _opened(sent: dict[str, Any]) -> tuple[int, str | None]:
    """Read what was opened: the revision of the draft, and the deployed version it was made from.

    Raises:
        InvalidInputError: they are no number and no text.
    """
    revision, base = sent.get("revision", 0), sent.get("base")
    if not isinstance(revision, int) or not isinstance(base, str | None):
        raise InvalidInputError("The revision is a number.")
    return revision, base


def _content(sent: dict[str, Any]) -> str:
    content = sent.get("content")
    if not isinstance(content, str):
        raise InvalidInputError("The content is missing.")
    return content
