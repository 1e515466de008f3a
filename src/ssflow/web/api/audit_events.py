"""The audit trail over REST."""

from typing import Any

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.services.trail_path import details_of
from ssflow.store import audit as rows
from ssflow.store.paging import Page
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import rest_blueprint
from ssflow.web.api.schemas.events import AuditEventSchema, EventQuerySchema
from ssflow.web.api.schemas.paging import page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("audit_events", "What happened, and who did it")


@blueprint.get("/audit-events")
@bearer("read")
@blueprint.arguments(EventQuerySchema, location="query")
@blueprint.response(200, page_of(AuditEventSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List events that the token's owner may see, newest first."""
    with request_work(read_only=True) as work:
        page = rows.list_events(
            work.session,
            work.actor,
            instance_id=query["instance"],
            actor_key=query["actor"],
            action=AuditAction(query["action"]) if query["action"] else None,
            from_=query["from_"],
            to=query["to"],
            cursor=query["cursor"],
            limit=query["limit"],
        )
        return shape_events(page)


def shape_events(page: Page[AuditEvent]) -> dict[str, Any]:
    """Shape a page of events as programs see them."""
    return {"items": [_shape(event) for event in page.items], "next_cursor": page.next_cursor}


def _shape(event: AuditEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "stream": event.stream,
        "at": event.at,
        "actor": event.actor,
        "on_behalf_of": None,
        "action": str(event.action),
        "instance_id": event.instance_id,
        "activity_id": event.activity_id,
        "details": details_of(event),
        "hash": event.hash.hex(),
    }
