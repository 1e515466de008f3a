"""Incidents: instances that cannot go on without an operator."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from ssflow.domain.identity import ADMIN, AUDITOR
from ssflow.services import incidents
from ssflow.store import incidents as rows
from ssflow.store.incidents import IncidentFilter
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.events import (
    BulkItemQuerySchema,
    BulkItemSchema,
    BulkRetrySchema,
    IncidentDetailSchema,
    IncidentQuerySchema,
    IncidentSchema,
    ProgressSchema,
    ResolveSchema,
    RetrySchema,
)
from ssflow.web.api.schemas.paging import page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("incidents", "Instances that cannot go on without an operator")

_OK, _ACCEPTED = 200, 202


@blueprint.get("/incidents")
@bearer("read")
@blueprint.arguments(IncidentQuerySchema, location="query")
@blueprint.response(200, page_of(IncidentSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List incidents of the instances that the token's owner may see, newest first."""
    part = {name: query.pop(name) for name in ("cursor", "limit")}
    with request_work(read_only=True) as work:
        return rows.list_incidents(work.session, work.actor, IncidentFilter(**query), **part)


@blueprint.get("/incidents/<uuid:incident_id>")
@bearer("read")
@blueprint.response(200, IncidentDetailSchema)
def show(incident_id: UUID) -> Any:
    """Get an incident with the data at hand."""
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


@blueprint.post("/incidents/<uuid:incident_id>/resolve")
@bearer("admin")
@repeatable
@blueprint.arguments(ResolveSchema)
@blueprint.response(200, IncidentSchema)
def resolve(body: dict[str, Any], incident_id: UUID) -> ResponseReturnValue:
    """Go on behind the faulty element, whose work was done by hand."""
    return answer_once(
        IncidentSchema,
        lambda work: incidents.resolve_incident(
            work, incident_id, body["variables"], body["reason"]
        ),
    )


@blueprint.post("/incidents/bulk-retry")
@bearer("admin", ADMIN)
@repeatable
@blueprint.arguments(BulkRetrySchema)
@blueprint.response(202, ProgressSchema)
@blueprint.alt_response(200, schema=ProgressSchema, description="The count of a preview")
def bulk_retry(body: dict[str, Any]) -> ResponseReturnValue:
    """Try many incidents again, each as a step of its own; with `preview` only count them."""
    wanted = IncidentFilter(**body["filter"])

    def do(work: UnitOfWork) -> dict[str, Any]:
        if body["preview"]:
            return {"id": None, "total": incidents.count_for_bulk_retry(work, wanted)}
        return _shape(work, incidents.retry_many(work, wanted, body["reason"]).id)

    return answer_once(ProgressSchema, do, status=_OK if body["preview"] else _ACCEPTED)


@blueprint.get("/incidents/bulk-retries/<uuid:bulk_retry_id>")
@bearer("read", ADMIN, AUDITOR)
@blueprint.response(200, ProgressSchema)
def progress(bulk_retry_id: UUID) -> Any:
    """Tell how far a bulk retry is."""
    with request_work(read_only=True) as work:
        return _shape(work, bulk_retry_id)


@blueprint.get("/incidents/bulk-retries/<uuid:bulk_retry_id>/items")
@bearer("read", ADMIN, AUDITOR)
@blueprint.arguments(BulkItemQuerySchema, location="query")
@blueprint.response(200, page_of(BulkItemSchema))
def items(query: dict[str, Any], bulk_retry_id: UUID) -> Any:
    """List what came of each incident of a bulk retry."""
    outcome = query.pop("outcome")
    with request_work(read_only=True) as work:
        retry = incidents.get_bulk_retry(work, bulk_retry_id)
        return rows.list_bulk_items(work.session, retry.id, outcome, **query)


def _shape(work: UnitOfWork, bulk_retry_id: UUID) -> dict[str, Any]:
    found = incidents.progress_of(work, incidents.get_bulk_retry(work, bulk_retry_id))
    counts = ("waiting", "settled", "failed_again", "skipped", "given_up")
    told = {name: getattr(found, name) for name in counts}
    return {"id": found.retry.id, "total": found.retry.total, **told}
