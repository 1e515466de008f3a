"""The inbox, and one task with its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.user_task import UserTask
from ssflow.errors import InvalidInputError
from ssflow.forms.submission import FormError
from ssflow.forms.views import FormView as DrawnForm
from ssflow.services import attachments, bulk, instances, user_tasks
from ssflow.services.definitions import find_named
from ssflow.services.form_view import FormView
from ssflow.services.trail_path import details_of
from ssflow.store import instances as instance_rows
from ssflow.store import notes as note_rows
from ssflow.store import user_tasks as rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.store.user_tasks import InboxSort, InboxView
from ssflow.web.access import signed_in
from ssflow.web.clock import reader_clock
from ssflow.web.documents import documents_of
from ssflow.web.forms import TypedForm, draw, draw_page, read_typed
from ssflow.web.i18n import page_language
from ssflow.web.names import Names
from ssflow.web.once import new_key, once
from ssflow.web.page import Tab
from ssflow.web.query import read_choice, read_search
from ssflow.web.request_work import request_work

blueprint = Blueprint("tasks", __name__)

PAGE_SIZE = 25


@dataclass(frozen=True)
class InboxQuery:
    """What the reader asked the inbox for."""

    view: InboxView
    sort: InboxSort
    q: str
    cursor: str | None

    @classmethod
    def read(cls) -> "InboxQuery":
        """Read the query of the request; anything unknown means the default."""
        return cls(
            view=read_choice(InboxView, "view", InboxView.ALL),
            sort=read_choice(InboxSort, "sort", InboxSort.DUE),
            q=read_search(),
            cursor=request.args.get("cursor"),
        )

    def url(self, **changes: str | None) -> str:
        """Address the same list with something changed; the first page unless `cursor` is given."""
        asked: dict[str, Any] = {"view": self.view, "sort": self.sort, "q": self.q or None}
        return url_for("tasks.inbox", **{**asked, **changes})


@blueprint.get("/")
@signed_in
def home() -> ResponseReturnValue:
    """Begin with the inbox."""
    return redirect(url_for(".inbox"))


@blueprint.get("/tasks")
@signed_in
def inbox() -> ResponseReturnValue:
    """List the tasks that wait for the reader."""
    asked = InboxQuery.read()
    with request_work(read_only=True) as work:
        return render_template("tasks/inbox.html", asked=asked, **_inbox_facts(work, asked))


@blueprint.get("/tasks/<uuid:task_id>")
@signed_in
def show(task_id: UUID) -> ResponseReturnValue:
    """Show a task, with its form when it is the reader's to do."""
    with request_work(read_only=True) as work:
        return _task_page(work, task_id)


@blueprint.post("/tasks/<uuid:task_id>")
@signed_in
def complete(task_id: UUID) -> ResponseReturnValue:
    """Hand in the form and finish the task; a wrong form comes back with its errors."""
    with request_work() as work:
        typed = read_typed(work, user_tasks.task_form(work, task_id), task_id=task_id)
        if typed.is_redraw:
            return _task_page(work, task_id, typed)
        try:
            typed.require_files_stored()
            return redirect(once(work, lambda: _complete(work, task_id, typed.answers)), 303)
        except FormError as error:
            # What was uploaded is kept: its ids stand among the answers.
            return _task_page(work, task_id, typed, error.errors), 422


@blueprint.post("/tasks/<uuid:task_id>/fields")
@signed_in
def fields(task_id: UUID) -> ResponseReturnValue:
    """Draw the fields again for the answers so far; stores nothing."""
    with request_work(read_only=True) as work:
        form = user_tasks.task_form(work, task_id)
        if form is None:
            return ""
        typed = read_typed(work, form, with_files=False)
        redraw_url = url_for(".fields", task_id=task_id)
        return render_template(
            "tasks/_fields.html", form=draw_page(form, typed), redraw_url=redraw_url
        )


@blueprint.post("/tasks/<uuid:task_id>/draft")
@signed_in
def save_draft(task_id: UUID) -> ResponseReturnValue:
    """Keep what was typed so far."""
    with request_work() as work:
        form = user_tasks.task_form(work, task_id)
        if form is not None:
            typed = read_typed(work, form, with_files=False)
            user_tasks.save_draft(work, task_id, typed.answers)
    if "X-CSRFToken" in request.headers:
        return "", 204
    flash(gettext("Your draft is saved."), "success")
    return redirect(url_for(".show", task_id=task_id), 303)


@blueprint.post("/tasks/<uuid:task_id>/claim")
@signed_in
def claim(task_id: UUID) -> ResponseReturnValue:
    """Reserve a task and open it."""
    with request_work() as work:
        user_tasks.claim_task(work, task_id)
    return redirect(url_for(".show", task_id=task_id), 303)


@blueprint.post("/tasks/<uuid:task_id>/release")
@signed_in
def release(task_id: UUID) -> ResponseReturnValue:
    """Give a task back to its role."""
    with request_work() as work:
        task = user_tasks.release_task(work, task_id)
        flash(gettext("“%(task)s” is back with its group.", task=task.name), "success")
    return redirect(url_for(".inbox"), 303)


@blueprint.post("/tasks/<uuid:task_id>/comments")
@signed_in
def comment(task_id: UUID) -> ResponseReturnValue:
    """Say something about the case of a task."""
    with request_work() as work:
        task = user_tasks.get_visible_task(work, task_id)
        instances.add_comment(work, task.instance_id, request.form.get("text", ""))
    return redirect(url_for(".show", task_id=task_id, _anchor="comments"), 303)


@blueprint.post("/tasks/<uuid:task_id>/files")
@signed_in
def add_file(task_id: UUID) -> ResponseReturnValue:
    """Attach a file to the case of a task."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise InvalidInputError("Choose a file first.")
    with request_work() as work:
        instance_id = user_tasks.get_visible_task(work, task_id).instance_id
        attachments.store_attachment(
            work, upload.filename, upload.mimetype, upload.read(), instance_id=instance_id
        )
    return redirect(url_for(".show", task_id=task_id, _anchor="files"), 303)


def _complete(work: UnitOfWork, task_id: UUID, answers: Any) -> str:
    done = user_tasks.complete_task(work, task_id, answers)
    following = user_tasks.next_task_after(work, done)
    flash(_well_done(done, following, goes_on=_goes_on_by_itself(work, done)), "success")
    return url_for(".inbox")


def _goes_on_by_itself(work: UnitOfWork, done: UserTask) -> bool:
    """Whether the case has not ended, yet waits for no person: its next task may open soon."""
    if instance_rows.get_instance(work.session, done.instance_id).has_ended:
        return False
    return not rows.find_open_tasks_of_instance(work.session, done.instance_id)


def _well_done(done: UserTask, following: UserTask | None, *, goes_on: bool) -> Markup:
    said = gettext("“%(task)s” is completed.", task=done.name)
    if goes_on:
        more = gettext("The case goes on by itself; what comes next for you shows here.")
        return Markup("{} {}").format(said, more)
    if following is None:
        return Markup("{} {}").format(said, gettext("Your inbox is empty. Well done!"))
    address = url_for(".show", task_id=following.id)
    offer = gettext("Go on with “%(task)s”", task=following.name)
    return Markup('{} <a href="{}">{}</a>').format(said, address, offer)


def _task_page(
    work: UnitOfWork,
    task_id: UUID,
    typed: TypedForm | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> str:
    task = user_tasks.get_visible_task(work, task_id)
    form = user_tasks.task_form(work, task_id)
    facts = _task_facts(work, task)
    return render_template(
        "tasks/show.html",
        task=task,
        form=draw_page(form, typed, errors) if form and task.is_open else None,
        filled=_filled(form, task, facts["events"]) if form and not task.is_open else None,
        has_draft=form is not None and form.draft is not None and typed is None,
        **facts,
    )


def _filled(form: FormView, task: UserTask, events: Sequence[AuditEvent]) -> DrawnForm | None:
    """Draw the form as it was handed in; the audit trail has it."""
    for event in events:
        details = details_of(event)
        if event.action is AuditAction.TASK_COMPLETED and details.get("task") == str(task.id):
            return draw(form, cast(Mapping[str, Any], details.get("fields") or {}))
    return None


def _task_facts(work: UnitOfWork, task: UserTask) -> dict[str, Any]:
    instance = instance_rows.get_instance(work.session, task.instance_id)
    sees_case = instance_rows.may_see(work.session, work.actor, instance)
    return {
        "instance": instance,
        "sees_case": sees_case,
        "is_mine": task.assignee == work.actor.user_id,
        "is_workable": task.is_offered_to(work.actor) and not instance.has_ended,
        "names": Names(work),
        "clock": reader_clock(),
        "comments": instances.comments_of(work, instance.id) if sees_case else [],
        "events": instances.events_of(work, instance.id) if sees_case and task.completed_at else [],
        "attachments": note_rows.attachments_of(work.session, instance.id) if sees_case else [],
        "documents": documents_of(work, instance.id) if sees_case else [],
        "earlier": _earlier(work, task) if sees_case else [],
        "idempotency_key": new_key(),
    }


def _earlier(work: UnitOfWork, task: UserTask) -> list[UserTask]:
    """List what was done in the case so far, newest first."""
    done = [other for other in instances.tasks_of(work, task.instance_id) if other.completed_at]
    return sorted(done, key=lambda other: other.completed_at or other.created_at, reverse=True)


def _inbox_facts(work: UnitOfWork, asked: InboxQuery) -> dict[str, Any]:
    clock = reader_clock()
    found = rows.list_inbox(
        work.session,
        work.actor,
        view=asked.view,
        sort=asked.sort,
        q=asked.q or None,
        named=find_named(work.session, asked.q, page_language()),
        cursor=asked.cursor,
        limit=PAGE_SIZE,
    )
    counts = rows.count_inbox(work.session, work.actor, now=clock.now, day_end=clock.day_end)
    names = Names(work)
    names.load_people(row.task.assignee for row in found.items)
    return {
        "rows": found.items,
        "next_url": asked.url(cursor=found.next_cursor) if found.next_cursor else None,
        "alike": [] if asked.view is InboxView.DONE else bulk.alike_among(work, found.items),
        "counts": counts,
        "tabs": _tabs(asked, counts),
        "names": names,
        "clock": clock,
    }


def _tabs(asked: InboxQuery, counts: rows.InboxCounts) -> list[Tab]:
    views = (
        (InboxView.ALL, gettext("All"), counts.mine + counts.group),
        (InboxView.MINE, gettext("Mine"), counts.mine),
        (InboxView.GROUP, gettext("My groups"), counts.group),
        (InboxView.DONE, gettext("Done"), None),
    )
    return [
        Tab(asked.url(view=view), label, view is asked.view, count) for view, label, count in views
    ]
