"""Whether ssflow lives, and whether it can work; for whoever watches over it."""

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ssflow.domain.identity import SYSTEM
from ssflow.services.jobs import ALIVE_FOR
from ssflow.store import jobs as job_rows
from ssflow.store.database import DatabaseAwayError, schema_is_current
from ssflow.web.access import public
from ssflow.web.errors import RETRY_AFTER_SECONDS
from ssflow.web.site import current_site

blueprint = Blueprint("health", __name__)

_OK = "ok"


@blueprint.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """Say that the process answers."""
    return {"status": _OK}


@blueprint.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Say whether the database can be used, has the tables of this version, and jobs are done."""
    checks = _check()
    if all(told == _OK for told in checks.values()):
        return {"status": _OK, "checks": checks}
    answer = {"status": "not ready", "checks": checks}
    retry_after = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return answer, HTTPStatus.SERVICE_UNAVAILABLE, retry_after


def _check() -> dict[str, str]:
    """Look at one thing after the other; what lies behind a fault cannot be known."""
    checks = dict.fromkeys(("database", "schema", "worker"), "unknown")
    try:
        is_current = schema_is_current(current_site().database)
        checks |= {"database": _OK, "schema": _OK if is_current else "of another version"}
        if is_current:
            checks["worker"] = _OK if _has_worker() else "none is alive"
    except DatabaseAwayError:
        checks["database"] = "away"
    return checks


def _has_worker() -> bool:
    with current_site().open_work(SYSTEM, read_only=True) as work:
        return bool(job_rows.list_heartbeats(work.session, seen_since=work.now - ALIVE_FOR))
