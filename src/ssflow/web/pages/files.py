"""Download what was attached to a case."""

from io import BytesIO
from uuid import UUID

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from ssflow.services.attachments import read_attachment
from ssflow.web.access import signed_in
from ssflow.web.request_work import request_work

blueprint = Blueprint("files", __name__, url_prefix="/files")


@blueprint.get("/<uuid:attachment_id>")
@signed_in
def download(attachment_id: UUID) -> ResponseReturnValue:
    """Hand out a file; never shown in the page's own origin, whatever it claims to be."""
    with request_work(read_only=True) as work:
        attachment = read_attachment(work, attachment_id)
        return send_file(
            BytesIO(attachment.content),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=attachment.name,
            max_age=0,
        )
