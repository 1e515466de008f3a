"""What keeps cases from going on, and what is still to be done: for whoever runs ssflow."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ssflow.domain.incident import IncidentStatus
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store.incidents import IncidentFilter
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import ADMIN_ONLY
from ssflow.web.clock import reader_clock
from ssflow.web.names import Names
from ssflow.web.request_work import request_work

blueprint = Blueprint("operations", __name__, url_prefix="/operations")

PAGE_SIZE = 50


@blueprint.get("")
@ADMIN_ONLY
def overview() -> ResponseReturnValue:
    """Show open incidents and waiting jobs."""
    with request_work(read_only=True) as work:
        return render_template("operations/overview.html", **_facts(work))


def _facts(work: UnitOfWork) -> dict[str, Any]:
    incidents = incident_rows.list_incidents(
        work.session,
        work.actor,
        IncidentFilter(status=IncidentStatus.OPEN),
        cursor=request.args.get("incidents"),
        limit=PAGE_SIZE,
    )
    jobs = job_rows.list_jobs(work.session, cursor=request.args.get("jobs"), limit=PAGE_SIZE)
    ids = {incident.instance_id for incident in incidents.items}
    ids |= {job.instance_id for job in jobs.items if job.instance_id}
    return {
        "incidents": incidents.items,
        "next_incidents": incidents.next_cursor
        and url_for(".overview", incidents=incidents.next_cursor),
        "jobs": jobs.items,
        "next_jobs": jobs.next_cursor and url_for(".overview", jobs=jobs.next_cursor),
        "cases": {i: instance_rows.get_instance(work.session, i) for i in ids},
        "names": Names(work),
        "clock": reader_clock(),
    }
