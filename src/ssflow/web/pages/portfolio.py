"""The service portfolio as a board: pipeline, catalogue, retired services."""

from collections.abc import Sequence

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.services.portfolio_board import Milestone, portfolio_board
from ssflow.web.access import signed_in
from ssflow.web.charts import Chart, ChartKind, Column, DrawnAs, Row, Unit
from ssflow.web.names import Names
from ssflow.web.record_words import option_title
from ssflow.web.request_work import request_work

blueprint = Blueprint("portfolio", __name__)

MAX_NAME_CHARACTERS = 20


@blueprint.get("/portfolio")
@signed_in
def board() -> ResponseReturnValue:
    """Lay the services out by phase and state."""
    with request_work(read_only=True) as work:
        found = portfolio_board(work)
        columns = [column for phase in found.phases for column in phase.columns]
        names = Names(work)
        names.load_people(card.service.owner for column in columns for card in column.cards)
        return render_template(
            "portfolio/board.html",
            board=found,
            names=names,
            timeline=_timeline(found.milestones) if found.milestones else None,
            option_title=option_title,
        )


def _timeline(milestones: Sequence[Milestone]) -> Chart:
    return Chart(
        id="milestones",
        kind=ChartKind.GANTT,
        title=gettext("Milestones"),
        first=gettext("Stage"),
        columns=(
            Column(gettext("From"), DrawnAs.START, Unit.DAY),
            Column(gettext("Due"), DrawnAs.END, Unit.DAY),
        ),
        rows=[
            Row(f"{_short(m)}: {option_title('stage', m.stage)}", (m.start, m.due), _url(m))
            for m in milestones
        ],
        hint=gettext("What is being delivered, by the charters in force."),
    )


def _short(milestone: Milestone) -> str:
    """Name the service in few letters: the drawing has little room beside the bars."""
    name = milestone.service.name
    return name if len(name) <= MAX_NAME_CHARACTERS else f"{name[: MAX_NAME_CHARACTERS - 1]}…"


def _url(milestone: Milestone) -> str:
    return url_for("registers.show", kind="Service", reference=milestone.service.number)
