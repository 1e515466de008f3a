"""A process's form on a page: read what was typed, keep its files, draw it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage, MultiDict

from ssflow.errors import InvalidInputError
from ssflow.forms.drawing import build_form_view
from ssflow.forms.html_form import asks_for_redraw, read_html_form, read_wrong_fields
from ssflow.forms.submission import FormError, find_errors
from ssflow.forms.views import FieldView
from ssflow.forms.views import FormView as DrawnForm
from ssflow.ids import read_id
from ssflow.services.attachments import store_attachment
from ssflow.services.form_view import FormView
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.sentences import tell

OWN_FIELDS = frozenset({"csrf_token", "idempotency_key"})
"""Fields of ssflow's own that stand in the same HTML form; no form of a process may use them."""


@dataclass(frozen=True)
class TypedForm:
    """What came from a form's page; `is_redraw` when a button only asks for another drawing.

    `wrong` names the fields that were handed in wrongly before.
    """

    answers: Mapping[str, Any]
    is_redraw: bool = False
    wrong: tuple[str, ...] = ()
    file_errors: Mapping[str, list[str]] = field(default_factory=dict)

    def require_files_stored(self) -> None:
        """Refuse the form when one of its files was not accepted.

        Raises:
            FormError: says which and why.
        """
        if self.file_errors:
            raise FormError("A file was not accepted.", errors=self.file_errors)


def read_typed(
    work: UnitOfWork,
    form: FormView | None,
    *,
    task_id: UUID | None = None,
    with_files: bool = True,
) -> TypedForm:
    """Read the fields of the request; uploaded files are stored and stand there by their ids."""
    if form is None:
        return TypedForm({})
    fields = MultiDict(
        (name, text) for name, text in request.form.items(multi=True) if name not in OWN_FIELDS
    )
    errors: dict[str, list[str]] = {}
    if with_files:
        for name, upload in request.files.items(multi=True):
            _read_file(work, name, upload, task_id, fields, errors)
    answers = read_html_form(form.layout, fields, form.context)
    return TypedForm(answers, asks_for_redraw(fields), read_wrong_fields(fields), errors)


def draw(
    form: FormView,
    answers: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> DrawnForm:
    """Draw a form with its draft or first values, or with `answers` that were typed."""
    if answers is None:
        answers = form.draft if form.draft is not None else form.values
    return build_form_view(form.layout, answers, form.context, errors)


def draw_page(
    form: FormView,
    typed: TypedForm | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> DrawnForm:
    """Draw a form for its page: before anything is typed, with the `errors` it has, or anew.

    Drawn anew, a field that was handed in wrongly and still is keeps its sentences.
    """
    if typed is None:
        return draw(form)
    if errors is not None:
        return draw(form, typed.answers, errors)
    found = find_errors(form.layout, typed.answers, form.context) if typed.wrong else {}
    still = {path: found[path] for path in typed.wrong if path in found} | dict(typed.file_errors)
    wrong = tuple(dict.fromkeys((*typed.wrong, *typed.file_errors)))
    return replace(draw(form, typed.answers, still), wrong=wrong, is_redrawn=True)


def in_reader_language(form: DrawnForm) -> DrawnForm:
    """Translate the labels of one of ssflow's own forms; what people named stays as it is."""
    return replace(
        form,
        title=gettext(form.title),
        components=tuple(
            _translated(view) if isinstance(view, FieldView) else view for view in form.components
        ),
        errors=tuple(replace(each, label=gettext(each.label)) for each in form.errors),
    )


def _translated(view: FieldView) -> FieldView:
    options = tuple(
        option if read_id(option.value) else replace(option, label=gettext(option.label))
        for option in view.options
    )
    return replace(view, label=gettext(view.label), options=options)


def _read_file(
    work: UnitOfWork,
    name: str,
    upload: FileStorage,
    task_id: UUID | None,
    fields: MultiDict[str, str],
    errors: dict[str, list[str]],
) -> None:
    if not upload.filename:
        return
    try:
        stored = store_attachment(
            work, upload.filename, upload.mimetype, upload.read(), task_id=task_id, field=name[:100]
        )
    except InvalidInputError as error:
        errors.setdefault(name, []).append(tell(error.message))
        return
    work.session.flush()
    fields.add(name, str(stored.id))
