"""Process definitions: list them, get their diagrams, start instances."""

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from ssflow.domain.definition import ProcessDefinition
from ssflow.errors import NotFoundError
from ssflow.sentences import Sentence
from ssflow.services import instances
from ssflow.store import definitions as rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.definitions import DefinitionSchema
from ssflow.web.api.schemas.instances import InstanceSchema, StartSchema
from ssflow.web.api.schemas.paging import PageQuerySchema, page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("process_definitions", "Deployed processes and their versions")


@blueprint.get("/process-definitions")
@bearer("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(DefinitionSchema))
def list_latest(query: dict[str, Any]) -> Any:
    """List the newest version of every process, by key."""
    with request_work(read_only=True) as work:
        return rows.page_latest(work.session, **query)


@blueprint.get("/process-definitions/<key>")
@bearer("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(DefinitionSchema))
def list_versions(query: dict[str, Any], key: str) -> Any:
    """List the versions of a process, newest first."""
    with request_work(read_only=True) as work:
        page = rows.page_versions(work.session, key, **query)
        if not page.items and rows.find_latest(work.session, key) is None:
            raise NotFoundError(Sentence("There is no process %(key)s.", key=key))
        return page


@blueprint.get("/process-definitions/<key>/versions/<int(max=2147483647):version>")
@bearer("read")
@blueprint.response(200, DefinitionSchema)
def show_version(key: str, version: int) -> Any:
    """Get one version of a process."""
    with request_work(read_only=True) as work:
        return _version(work, key, version)


@blueprint.get("/process-definitions/<key>/versions/<int(max=2147483647):version>/diagram")
@bearer("read")
@blueprint.doc(responses={"200": {"description": "BPMN 2.0 XML"}})
def diagram(key: str, version: int) -> ResponseReturnValue:
    """Get the diagram of one version as BPMN 2.0."""
    with request_work(read_only=True) as work:
        found = _version(work, key, version)
        content = rows.get_file(work.session, found.deployment_id, found.file)
    return Response(content, mimetype="application/xml")


@blueprint.post("/process-definitions/<key>/instances")
@bearer("work")
@repeatable
@blueprint.arguments(StartSchema)
@blueprint.response(201, InstanceSchema)
def start(body: dict[str, Any], key: str) -> ResponseReturnValue:
    """Start an instance; a start form checks the variables."""
    version, business_key = body["version"], body["business_key"]
    return answer_once(
        InstanceSchema,
        lambda work: instances.start_by_hand(
            work, key, body["variables"], business_key=business_key, version=version
        ),
        status=201,
    )


def _version(work: UnitOfWork, key: str, version: int) -> ProcessDefinition:
    found = rows.find_version(work.session, key, version)
    if found is None:
        told = "There is no process %(key)s in version %(version)s."
        raise NotFoundError(Sentence(told, key=key, version=version))
    return found
