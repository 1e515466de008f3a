"""Import a register from a CSV file (upload, look, take all or nothing), and export it."""

from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.errors import InvalidInputError
from ssflow.services import imports
from ssflow.web.access import signed_in
from ssflow.web.record_filters import Asked, read_asked
from ssflow.web.record_words import column_label
from ssflow.web.register_export import export_register, require_exportable
from ssflow.web.request_work import request_work
from ssflow.web.sentences import tell

blueprint = Blueprint("imports", __name__, url_prefix="/registers")

LINES_AT_ONCE = 200
"""Of an export, sent in one piece."""


@blueprint.get("/<kind>/import")
@signed_in
def choose(kind: str) -> ResponseReturnValue:
    """Show how a file must look, and take one."""
    return _upload_page(kind)


@blueprint.post("/<kind>/import")
@signed_in
def upload(kind: str) -> ResponseReturnValue:
    """Keep an uploaded file and go on to its preview."""
    sent = request.files.get("file")
    try:
        with request_work() as work:
            name, content = (sent.filename or "", sent.read()) if sent else ("", b"")
            file = imports.keep_upload(work, kind, name, content)
            work.session.flush()
            return redirect(url_for(".preview", kind=kind, file_id=file.id), 303)
    except InvalidInputError as error:
        problems = [tell(text) for texts in error.errors.values() for text in texts]
        return _upload_page(kind, problems or [tell(error.message)]), 422


@blueprint.get("/<kind>/import/<uuid:file_id>")
@signed_in
def preview(kind: str, file_id: UUID) -> ResponseReturnValue:
    """Show what the import would do."""
    try:
        return _preview_page(kind, file_id)
    except imports.ImportTakenError as error:
        return _taken(kind, error)


@blueprint.post("/<kind>/import/<uuid:file_id>")
@signed_in
def take(kind: str, file_id: UUID) -> ResponseReturnValue:
    """Take all lines of the file."""
    try:
        with request_work() as work:
            done = imports.import_upload(work, kind, file_id)
    except imports.ImportTakenError as error:
        return _taken(kind, error)
    except imports.ImportRefusedError:
        return _preview_page(kind, file_id), 422
    flash(gettext("%(count)d added.", count=done.added), "success")
    return redirect(_home(kind), 303)


@blueprint.get("/<kind>/import/template")
@signed_in
def template(kind: str) -> ResponseReturnValue:
    """Hand out an empty file with the names of all columns."""
    with request_work(read_only=True) as work:
        return _csv(imports.template_of(work, kind), f"{kind}-template.csv")


@blueprint.get("/<kind>/export")
@signed_in
def export(kind: str) -> ResponseReturnValue:
    """Hand out the records of a list as it was asked for, as far as the reader may see them."""
    with request_work(read_only=True) as work:
        asked = read_asked(work, kind)
        require_exportable(work, kind, asked)
    return _csv(stream_with_context(_lines(kind, asked)), f"{kind}.csv")


def _lines(kind: str, asked: Asked) -> Iterator[str]:
    with request_work(read_only=True) as work:
        lines = export_register(work, kind, asked)
        while some := "".join(islice(lines, LINES_AT_ONCE)):
            yield some


def _upload_page(kind: str, problems: list[str] | None = None) -> str:
    with request_work(read_only=True) as work:
        columns = imports.columns_of_import(work, kind)
    return render_template(
        "imports/upload.html",
        kind=kind,
        columns=columns,
        problems=problems or [],
        column_label=column_label,
        home=_home(kind),
    )


def _preview_page(kind: str, file_id: UUID) -> str:
    with request_work(read_only=True) as work:
        found = imports.preview_upload(work, kind, file_id)
    return render_template(
        "imports/preview.html", kind=kind, found=found, column_label=column_label, home=_home(kind)
    )


def _taken(kind: str, error: imports.ImportTakenError) -> ResponseReturnValue:
    """Go on to what a second click, or a step back, would have brought twice."""
    flash(tell(error.message), "info")
    return redirect(_home(kind), 303)


def _home(kind: str) -> str:
    return url_for("admin.users") if kind == "User" else url_for("registers.browse", kind=kind)


def _csv(text: str | Iterator[str], name: str) -> Response:
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
