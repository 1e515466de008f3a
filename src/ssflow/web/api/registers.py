"""Business records over REST; only processes and administrators write them."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from ssflow.domain.registers.record import Record, record_as_json
from ssflow.services import registers
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import reads_query, rest_blueprint
from ssflow.web.api.rest import read_query
from ssflow.web.api.schemas.paging import PageQuerySchema
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("registers", "Business records")


@blueprint.get("/registers/<kind>")
@bearer("read")
@reads_query
@blueprint.doc(responses={"200": {"description": "A page of records"}})
def list_records(kind: str) -> ResponseReturnValue:
    """List the records of a kind, `sort` by a field (`-`: descending); others filter by field."""
    asked = request.args.to_dict()
    paging: dict[str, str] = {n: asked.pop(n) for n in ("cursor", "limit") if n in asked}
    query = read_query(PageQuerySchema, paging)
    q, sort = asked.pop("q", None), asked.pop("sort", None)
    with request_work(read_only=True) as work:
        page = registers.list_register(work, kind, filters=asked, q=q, sort=sort, **query)
        return {"items": [_shape(r) for r in page.items], "next_cursor": page.next_cursor}


@blueprint.get("/registers/<kind>/<reference>")
@bearer("read")
@blueprint.doc(responses={"200": {"description": "The record"}})
def show(kind: str, reference: str) -> ResponseReturnValue:
    """Get a record by its id or number."""
    with request_work(read_only=True) as work:
        return _shape(registers.read_record(work, kind, reference))


def _shape(record: Record) -> dict[str, Any]:
    return {"id": str(record.id), "kind": type(record).__name__, **record_as_json(record)}
