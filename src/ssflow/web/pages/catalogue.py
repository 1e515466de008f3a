"""The service catalogue as customers and orderers see it: live services only."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ssflow.services import analysis
from ssflow.store.analysis import MOST_SERVICES
from ssflow.web.access import signed_in
from ssflow.web.names import Names
from ssflow.web.query import read_search
from ssflow.web.request_work import request_work

blueprint = Blueprint("catalogue", __name__)


@blueprint.get("/catalogue")
@signed_in
def browse() -> ResponseReturnValue:
    """List what is on offer, with conditions, service level, cost, risk and owner."""
    q = read_search()
    with request_work(read_only=True) as work:
        entries = analysis.catalogue(work, q)
        names = Names(work)
        names.load_people(entry.service.owner for entry in entries)
        return render_template(
            "catalogue.html", entries=entries, names=names, q=q, most=MOST_SERVICES
        )
