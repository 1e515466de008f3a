"""Business records: lists, single ones, and the forms of those that administrators maintain."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.forms.submission import FormError
from ssflow.services import imports, registers
from ssflow.services.form_view import FormView
from ssflow.services.record_trail import cases_of_record, trail_of_record
from ssflow.services.register_forms import maintained_kinds
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import ADMIN_ONLY, signed_in
from ssflow.web.forms import draw, in_reader_language, read_typed
from ssflow.web.names import Names
from ssflow.web.record_filters import list_asked, orders_of, read_asked, sorted_by
from ssflow.web.record_words import column_label
from ssflow.web.records import (
    columns_of,
    facts_of,
    facts_of_all,
    label_of,
    reference_of,
    tell_changes,
    url_of,
)
from ssflow.web.request_work import request_work
from ssflow.web.texts import register_title
from ssflow.web.trail import tell_events

blueprint = Blueprint("registers", __name__, url_prefix="/registers")

PAGE_SIZE = 50


@blueprint.get("")
@signed_in
def choose() -> ResponseReturnValue:
    """List the registers."""
    with request_work(read_only=True) as work:
        kinds = sorted(
            registers.readable_kinds(work), key=lambda kind: register_title(kind).lower()
        )
        return render_template("registers/choose.html", kinds=kinds, maintained=maintained_kinds())


@blueprint.get("/<kind>")
@signed_in
def browse(kind: str) -> ResponseReturnValue:
    """List the records of one register."""
    cursor = request.args.get("cursor")
    with request_work(read_only=True) as work:
        asked = read_asked(work, kind)
        page = list_asked(work, kind, asked, cursor=cursor, limit=PAGE_SIZE)
        columns = columns_of(kind)
        facts = facts_of_all(work, page.items, columns)
        return render_template(
            "registers/browse.html",
            kind=kind,
            asked=asked,
            cursor=cursor,
            columns=columns,
            orders=orders_of(kind),
            rows=list(zip(page.items, facts, strict=True)),
            amounts={one.name for told in facts for one in told if one.is_amount},
            next_url=page.next_cursor
            and url_for(".browse", kind=kind, **asked.query, cursor=page.next_cursor),
            is_maintained=work.actor.is_admin and kind in maintained_kinds(),
            may_import=kind in imports.importable_kinds(work),
            column_label=column_label,
            sorted_by=sorted_by(kind),
            url_of=url_of,
        )


@blueprint.get("/<kind>/<reference>")
@signed_in
def show(kind: str, reference: str) -> ResponseReturnValue:
    """Show one record."""
    with request_work(read_only=True) as work:
        record = registers.read_record(work, kind, reference)
        names = Names(work)
        events = tell_events(names, trail_of_record(work, record))
        return render_template(
            "registers/show.html",
            kind=kind,
            record=record,
            label=label_of(record),
            facts=facts_of(work, record),
            cases=cases_of_record(work, record),
            events=events,
            changes=[tell_changes(work, type(record), event.changes) for event in events],
            reference_of=reference_of,
            is_maintained=work.actor.is_admin and kind in maintained_kinds(),
            names=names,
        )


@blueprint.get("/<kind>/add")
@ADMIN_ONLY
def add(kind: str) -> ResponseReturnValue:
    """Show the form for a new record."""
    with request_work(read_only=True) as work:
        return _form_page(kind, None, registers.record_form(work, kind))


@blueprint.post("/<kind>/add")
@ADMIN_ONLY
def create(kind: str) -> ResponseReturnValue:
    """Add a record."""
    with request_work() as work:
        form = registers.record_form(work, kind)
        return _save(work, kind, None, form)


@blueprint.get("/<kind>/<reference>/change")
@ADMIN_ONLY
def edit(kind: str, reference: str) -> ResponseReturnValue:
    """Show the form of a record."""
    with request_work(read_only=True) as work:
        return _form_page(kind, reference, registers.record_form(work, kind, reference))


@blueprint.post("/<kind>/<reference>/change")
@ADMIN_ONLY
def change(kind: str, reference: str) -> ResponseReturnValue:
    """Change a record."""
    with request_work() as work:
        return _save(work, kind, reference, registers.record_form(work, kind, reference))


def _save(
    work: UnitOfWork, kind: str, reference: str | None, form: FormView
) -> ResponseReturnValue:
    typed = read_typed(work, form)
    try:
        if reference is None:
            registers.add_record(work, kind, typed.answers)
        else:
            registers.change_record(work, kind, reference, typed.answers)
    except FormError as error:
        return _form_page(kind, reference, form, typed.answers, error.errors), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".browse", kind=kind), 303)


def _form_page(
    kind: str,
    reference: str | None,
    form: FormView,
    answers: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> str:
    drawn = in_reader_language(draw(form, answers, errors))
    return render_template("registers/form.html", kind=kind, reference=reference, form=drawn)
