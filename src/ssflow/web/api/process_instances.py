"""Process instances: look at them, hold them, end them."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.typing import ResponseReturnValue

from ssflow.domain.instance import InstanceStatus
from ssflow.services import instances
from ssflow.store import audit as audit_rows
from ssflow.store import instances as rows
from ssflow.web.access import bearer
from ssflow.web.api.audit_events import shape_events
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.events import AuditEventSchema
from ssflow.web.api.schemas.instances import InstanceQuerySchema, InstanceSchema, ReasonSchema
from ssflow.web.api.schemas.paging import PageQuerySchema, page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("process_instances", "Runs of processes")


@blueprint.get("/process-instances")
@bearer("read")
@blueprint.arguments(InstanceQuerySchema, location="query")
@blueprint.response(200, page_of(InstanceSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List the instances that the token's owner may see, newest first."""
    status = InstanceStatus(query.pop("status")) if query["status"] else None
    query.pop("status", None)
    with request_work(read_only=True) as work:
        return rows.list_instances(work.session, work.actor, status=status, **query)


@blueprint.get("/process-instances/<uuid:instance_id>")
@bearer("read")
@blueprint.response(200, InstanceSchema)
def show(instance_id: UUID) -> Any:
    """Get an instance."""
    with request_work(read_only=True) as work:
        return instances.get_visible_instance(work, instance_id)


@blueprint.get("/process-instances/<uuid:instance_id>/variables")
@bearer("read")
@blueprint.doc(responses={"200": {"description": "The variables, one JSON object"}})
def variables(instance_id: UUID) -> ResponseReturnValue:
    """Get the data of an instance."""
    with request_work(read_only=True) as work:
        return instances.variables_of(work, instance_id)


@blueprint.get("/process-instances/<uuid:instance_id>/audit-events")
@bearer("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(AuditEventSchema))
def events(query: dict[str, Any], instance_id: UUID) -> Any:
    """List what happened in an instance, newest first."""
    with request_work(read_only=True) as work:
        instances.get_visible_instance(work, instance_id)
        page = audit_rows.list_events(work.session, work.actor, instance_id=instance_id, **query)
        return shape_events(page)


@blueprint.get("/process-instances/<uuid:instance_id>/diagram")
@bearer("read")
@blueprint.doc(responses={"200": {"description": "BPMN 2.0 XML"}})
def diagram(instance_id: UUID) -> ResponseReturnValue:
    """Get the diagram of the version that an instance runs on."""
    with request_work(read_only=True) as work:
        return Response(instances.diagram_of(work, instance_id), mimetype="application/xml")


@blueprint.post("/process-instances/<uuid:instance_id>/suspend")
@bearer("admin")
@repeatable
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, InstanceSchema)
def suspend(body: dict[str, Any], instance_id: UUID) -> ResponseReturnValue:
    """Hold an instance."""
    return answer_once(
        InstanceSchema,
        lambda work: instances.suspend_instance(work, instance_id, body["reason"]),
    )


@blueprint.post("/process-instances/<uuid:instance_id>/resume")
@bearer("admin")
@repeatable
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, InstanceSchema)
def resume(body: dict[str, Any], instance_id: UUID) -> ResponseReturnValue:
    """Let an instance go on."""
    return answer_once(
        InstanceSchema, lambda work: instances.resume_instance(work, instance_id, body["reason"])
    )


@blueprint.post("/process-instances/<uuid:instance_id>/cancel")
@bearer("admin")
@repeatable
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, InstanceSchema)
def cancel(body: dict[str, Any], instance_id: UUID) -> ResponseReturnValue:
    """End an instance without finishing it."""
    return answer_once(
        InstanceSchema, lambda work: instances.cancel_instance(work, instance_id, body["reason"])
    )
