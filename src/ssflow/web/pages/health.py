"""Whether ssflow lives, and whether it can work; for whoever watches over it."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ssflow.store.database import DatabaseAwayError, schema_is_current
from ssflow.web.access import public
from ssflow.web.site import current_site

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """Say that the process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Say whether the database can be used and has the tables of this version."""
    if not schema_is_current(current_site().database):
        raise DatabaseAwayError("The tables are those of another version: run ssflow db upgrade.")
    return {"status": "ok"}
