"""Decide many cases of the same kind on one page, each with its own reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from ssflow.errors import ConflictError, SsflowError
from ssflow.forms.html_form import read_html_form
from ssflow.forms.views import FieldView, FormView, GroupView, OptionView, View, Widget
from ssflow.ids import read_id
from ssflow.services import bulk, user_tasks
from ssflow.services.bulk import DECISION, LikeDecision
from ssflow.store.user_tasks import InboxRow
from ssflow.web.access import signed_in
from ssflow.web.clock import reader_clock
from ssflow.web.errors import problem_of
from ssflow.web.forms import draw
from ssflow.web.names import Names
from ssflow.web.request_work import request_work

blueprint = Blueprint("bulk", __name__)


@dataclass(frozen=True)
class Refused:
    """Why one of the decisions was not taken."""

    message: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """What was sent: for each task its answers, those without a decision left out."""

    answers: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    refused: Mapping[UUID, Refused] = field(default_factory=dict)


@dataclass(frozen=True)
class DecisionRow:
    """One case on the page: what is known of it, and the fields of its decision."""

    row: InboxRow
    facts: tuple[View, ...]
    fields: tuple[FieldView, ...]
    message: str


@blueprint.get("/tasks/alike/<key>/<activity_id>")
@signed_in
def show(key: str, activity_id: str) -> ResponseReturnValue:
    """List the reader's open decisions of one kind."""
    return _page(key, activity_id, Typed())


@blueprint.post("/tasks/alike/<key>/<activity_id>")
@signed_in
def decide(key: str, activity_id: str) -> ResponseReturnValue:
    """Take every decision that was made, each as a piece of work of its own."""
    answers = _read_answers(key, activity_id)
    outcomes = {task_id: _decide(task_id, given) for task_id, given in answers.items()}
    refused = {task_id: outcome for task_id, outcome in outcomes.items() if outcome is not None}
    done = len(outcomes) - len(refused)
    if done:
        told = ngettext("%(num)s decision is taken.", "%(num)s decisions are taken.", done)
        flash(told, "success")
    if refused:
        return _page(key, activity_id, Typed(answers, refused)), 422
    if not done:
        flash(gettext("Nothing was decided: every case stood at “Not now”."), "warning")
        return redirect(url_for(".show", key=key, activity_id=activity_id), 303)
    return redirect(url_for("tasks.inbox"), 303)


def _decide(task_id: UUID, answers: Mapping[str, Any]) -> Refused | None:
    try:
        with request_work() as work:
            user_tasks.complete_task(work, task_id, answers)
    except SsflowError as error:
        if isinstance(error, ConflictError) and _is_done_by_reader(task_id):
            return None  # the button was pressed twice
        problem = problem_of(error)
        return Refused(problem.message, problem.errors)
    return None


def _is_done_by_reader(task_id: UUID) -> bool:
    with request_work(read_only=True) as work:
        task = user_tasks.get_visible_task(work, task_id)
        return task.completed_by is not None and task.completed_by == work.actor.user_id


def _read_answers(key: str, activity_id: str) -> dict[UUID, Mapping[str, Any]]:
    """Read what was typed for each decided task; completing one that is gone tells so."""
    with request_work(read_only=True) as work:
        found = {one.row.task.id: one for one in bulk.decisions_alike(work, key, activity_id)}
        return {
            task_id: _answers_of(found[task_id]) if task_id in found else {}
            for task_id in _decided_ids()
        }


def _answers_of(one: LikeDecision) -> Mapping[str, Any]:
    prefix = _prefix(one.row.task.id)
    fields = MultiDict(
        (name.removeprefix(prefix), text)
        for name, text in request.form.items(multi=True)
        if name.startswith(prefix)
    )
    return read_html_form(one.form.layout, fields, one.form.context)


def _decided_ids() -> list[UUID]:
    """Name the tasks for which a decision was sent, in the order of the page."""
    ids: dict[UUID, None] = {}
    for name, text in request.form.items(multi=True):  # of each, an empty one comes first
        task_id, _, key = name.partition(":")
        if key == DECISION and text and (found := read_id(task_id)):
            ids[found] = None
    return list(ids)


def _page(key: str, activity_id: str, typed: Typed) -> str:
    with request_work(read_only=True) as work:
        found = bulk.decisions_alike(work, key, activity_id)
        return render_template(
            "tasks/alike.html",
            rows=[_row(one, typed) for one in found],
            key=key,
            activity_id=activity_id,
            refused=_refused_elsewhere(found, typed),
            clock=reader_clock(),
            names=Names(work),
        )


def _refused_elsewhere(found: Sequence[LikeDecision], typed: Typed) -> list[str]:
    """Give what is to be told of tasks that are no longer on the page."""
    shown = {one.row.task.id for one in found}
    return [told.message for task_id, told in typed.refused.items() if task_id not in shown]


def _row(one: LikeDecision, typed: Typed) -> DecisionRow:
    task_id = one.row.task.id
    refused = typed.refused.get(task_id)
    errors = refused.errors if refused else None
    drawn = draw(one.form, typed.answers.get(task_id), errors)
    views = tuple(_flat(drawn.components))
    fields = tuple(_own(view, _prefix(task_id)) for view in views if isinstance(view, FieldView))
    facts = tuple(view for view in views if not isinstance(view, FieldView))
    return DecisionRow(one.row, facts, fields, _summary(refused, drawn))


def _summary(refused: Refused | None, drawn: FormView) -> str:
    """Say what is wrong with a row, but for what stands at its fields."""
    if refused is None:
        return ""
    return "" if any(error.target for error in drawn.errors) else refused.message


def _flat(views: Iterable[View]) -> Iterator[View]:
    for view in views:
        if isinstance(view, GroupView):
            yield from _flat(view.children)
        else:
            yield view


def _own(view: FieldView, prefix: str) -> FieldView:
    """Tell the fields of one case from those of the others; leave the decision open at first."""
    options = [replace(option, id=f"{prefix}{option.id}") for option in view.options]
    if view.name == DECISION:
        none_yet = not any(option.is_selected for option in options)
        later = OptionView(f"{prefix}later", "", gettext("Not now"), none_yet)
        return replace(
            view,
            id=f"{prefix}{view.id}",
            name=f"{prefix}{view.name}",
            widget=Widget.RADIOS,
            is_inline=True,
            is_required=False,
            options=(later, *options),
        )
    return replace(
        view, id=f"{prefix}{view.id}", name=f"{prefix}{view.name}", options=tuple(options)
    )


def _prefix(task_id: UUID) -> str:
    return f"{task_id}:"
