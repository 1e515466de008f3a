"""Incidents: instances that cannot go on without an operator."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from ssflow.domain.incident import IncidentStatus
from ssflow.services import incidents
from ssflow.store import incidents as rows
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.events import IncidentQuerySchema, IncidentSchema, RetrySchema
from ssflow.web.api.schemas.paging import page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("incidents", "Instances that cannot go on without an operator")


@blueprint.get("/incidents")
@bearer("read")
@blueprint.arguments(IncidentQuerySchema, location="query")
@blueprint.response(200, page_of(IncidentSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List incidents of the instances that the token's owner may see, newest first."""
    query["status"] = IncidentStatus(query["status"])
    with request_work(read_only=True) as work:
        return rows.list_incidents(work.session, work.actor, **query)


@blueprint.get("/incidents/<uuid:incident_id>")
@bearer("read")
@blueprint.response(200, IncidentSchema)
def show(incident_id: UUID) -> Any:
    """Get an incident."""
    with request_work(read_only=True) as work:
        return incidents.get_visible_incident(work, incident_id)


@blueprint.post("/incidents/<uuid:incident_id>/retry")
@bearer("admin")
@repeatable
@blueprint.arguments(RetrySchema)
@blueprint.response(200, IncidentSchema)
def retry(body: dict[str, Any], incident_id: UUID) -> ResponseReturnValue:
    """Run the faulty element again, with changed variables if given."""
    return answer_once(
        IncidentSchema,
        lambda work: incidents.retry_incident(work, incident_id, body["variables"], body["reason"]),
    )
