"""The service portfolio as a board: pipeline, catalogue, retired services."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ssflow.services import registers
from ssflow.web.access import signed_in
from ssflow.web.names import Names
from ssflow.web.request_work import request_work

blueprint = Blueprint("portfolio", __name__)


@blueprint.get("/portfolio")
@signed_in
def board() -> ResponseReturnValue:
    """Lay the services out by phase."""
    with request_work(read_only=True) as work:
        columns = registers.portfolio_board(work)
        names = Names(work)
        names.load_people(card.service.owner for column in columns for card in column.cards)
        return render_template(
            "portfolio/board.html",
            columns=columns,
            names=names,
            kinds=registers.readable_kinds(work),
        )
