"""What was attached to a case, and the documents that processes made."""

from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from ssflow.services import documents
from ssflow.services.attachments import read_attachment
from ssflow.web.access import signed_in
from ssflow.web.request_work import request_work

_ALONE = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

blueprint = Blueprint("files", __name__, url_prefix="/files")


@blueprint.get("/<uuid:attachment_id>")
@signed_in
def download(attachment_id: UUID) -> ResponseReturnValue:
    """Hand out a file to be stored; it is never shown here, whatever it claims to be."""
    with request_work(read_only=True) as work:
        attachment = read_attachment(work, attachment_id)
        return send_file(
            BytesIO(attachment.content),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=attachment.name,
            max_age=0,
        )


@blueprint.get("/documents/<uuid:document_id>")
@signed_in
def document(document_id: UUID) -> ResponseReturnValue:
    """Show a document in a world of its own: it runs nothing and reaches nothing."""
    with request_work(read_only=True) as work:
        found = documents.read_document(work, document_id)
        if found.media_type == documents.PDF:
            return _hand_out(documents.print_stored(work, document_id))
        response = Response(found.content, content_type=found.media_type)
    response.headers["Content-Security-Policy"] = _ALONE
    return response


@blueprint.get("/documents/<uuid:document_id>/print")
@signed_in
def printed(document_id: UUID) -> ResponseReturnValue:
    """Hand out a document as PDF."""
    with request_work(read_only=True) as work:
        return _hand_out(documents.print_stored(work, document_id))


def _hand_out(paper: documents.Printed) -> Response:
    return send_file(
        BytesIO(paper.pdf),
        mimetype=documents.PDF,
        as_attachment=True,
        download_name=paper.name,
        max_age=0,
    )
