"""What was attached to a case, and the documents that processes made."""

from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from ssflow.domain.registers.portfolio import Document
from ssflow.errors import NotFoundError
from ssflow.services.attachments import read_attachment
from ssflow.services.registers import read_record
from ssflow.web.access import signed_in
from ssflow.web.request_work import request_work

_PDF = "application/pdf"
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
        found = read_record(work, "Document", str(document_id))
        if not isinstance(found, Document):
            raise NotFoundError("There is no such document.")
        response = Response(found.content, content_type=found.media_type)
    if found.media_type == _PDF:
        name = f"{found.title}.pdf"
        return send_file(
            BytesIO(found.content), mimetype=_PDF, as_attachment=True, download_name=name, max_age=0
        )
    response.headers["Content-Security-Policy"] = _ALONE
    return response
