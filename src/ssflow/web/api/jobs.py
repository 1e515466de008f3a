"""Jobs: work that is due later or elsewhere."""

from typing import Any

from ssflow.domain.identity import ADMIN, AUDITOR
from ssflow.domain.job import JobKind
from ssflow.store import jobs as rows
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import rest_blueprint
from ssflow.web.api.schemas.events import JobQuerySchema, JobSchema
from ssflow.web.api.schemas.paging import page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("jobs", "Work that is due later or elsewhere")


@blueprint.get("/jobs")
@bearer("read", ADMIN, AUDITOR)
@blueprint.arguments(JobQuerySchema, location="query")
@blueprint.response(200, page_of(JobSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List waiting jobs, newest first."""
    query["kind"] = JobKind(query["kind"]) if query["kind"] else None
    with request_work(read_only=True) as work:
        return rows.list_jobs(work.session, **query)
