"""Deploy bundles, and check them."""

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from ssflow.errors import InvalidInputError
from ssflow.services import deployment
from ssflow.services.deployment import DeploymentOutcome
from ssflow.store import definitions as rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.definitions import (
    DeploymentOutcomeSchema,
    DeploymentSchema,
    ProblemsSchema,
)
from ssflow.web.api.schemas.paging import PageQuerySchema, page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("deployments", "Files published together")
UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                    },
                    "area": {"type": "string"},
                },
            }
        }
    },
}
"""How files are sent, as the document tells it."""


@blueprint.post("/deployments")
@bearer("deploy")
@repeatable
@blueprint.doc(
    summary="Deploy files",
    requestBody=UPLOAD,
    responses={"200": {"description": "Deployed already"}, "201": {"description": "Deployed"}},
)
def deploy() -> ResponseReturnValue:
    """Deploy the uploaded files (`files`, repeated); the same files again change nothing."""
    files = _uploaded()
    area = request.form.get("area", "")

    def do(work: UnitOfWork) -> DeploymentOutcome:
        return deployment.deploy_files(work, files, area=area)

    response: Response = answer_once(
        DeploymentOutcomeSchema, do, status=lambda outcome: 201 if outcome.is_new else 200
    )
    return response


@blueprint.post("/lint")
@bearer("read")
@blueprint.doc(requestBody=UPLOAD)
@blueprint.response(200, ProblemsSchema)
def lint() -> Any:
    """Check the uploaded files as a deployment would; nothing is stored."""
    files = _uploaded()
    with request_work(read_only=True) as work:
        return {"problems": deployment.lint_files(work, files)}


@blueprint.get("/deployments")
@bearer("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(DeploymentSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List deployments, newest first."""
    with request_work(read_only=True) as work:
        return rows.list_deployments(work.session, **query)


def _uploaded() -> dict[str, bytes]:
    uploads = request.files.getlist("files")
    if not uploads:
        problem = ["Send at least one file, as multipart field `files`."]
        raise InvalidInputError("There are no files.", errors={"files": problem})
    files = {upload.filename or "": upload.read() for upload in uploads}
    for upload in uploads:
        upload.stream.seek(0)
    if len(files) < len(uploads):
        problem = ["Two files have the same name."]
        raise InvalidInputError("Two files have the same name.", errors={"files": problem})
    return files
