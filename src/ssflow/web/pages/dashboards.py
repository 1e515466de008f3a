"""Dashboards: the same figures as tables and as pictures."""

from collections.abc import Sequence

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ssflow.domain.registers.strategy import StrategicObjective
from ssflow.services import analysis
from ssflow.services.budget_dashboard import budget_figures
from ssflow.services.complaint_figures import complaint_figures
from ssflow.store.analysis import ReviewedService
from ssflow.web.access import signed_in
from ssflow.web.budget_charts import budget_charts
from ssflow.web.charts import Chart, ChartKind, Column, DrawnAs, Row, Unit
from ssflow.web.complaint_charts import complaint_charts
from ssflow.web.names import Names
from ssflow.web.page import Tab
from ssflow.web.query import find_number
from ssflow.web.request_work import request_work
from ssflow.web.texts import role_title, state_title

blueprint = Blueprint("dashboards", __name__, url_prefix="/dashboards")

_FUNNEL = ("proposed", "defined", "analysed", "approved", "chartered", "live")


@blueprint.get("/work")
@signed_in
def work() -> ResponseReturnValue:
    """Show how the work of everybody stands."""
    with request_work(read_only=True) as opened:
        figures = analysis.work_figures(opened)
        names = Names(opened)
        charts = [
            _due_chart(figures),
            _load_chart(figures),
            _times_chart(figures, names),
            _ends_chart(figures, names),
        ]
        return _page(gettext("Work"), ".work", charts)


@blueprint.get("/portfolio")
@signed_in
def portfolio() -> ResponseReturnValue:
    """Show what the portfolio is worth and what it is made of."""
    with request_work(read_only=True) as opened:
        reviewed = analysis.portfolio_value(opened)
        charts = [
            _funnel_chart(analysis.proposal_funnel(opened)),
            _value_chart(reviewed),
            _mix_chart(reviewed),
            _benefit_chart(reviewed),
        ]
        return _page(gettext("Portfolio value"), ".portfolio", charts)


@blueprint.get("/complaints")
@signed_in
def complaints() -> ResponseReturnValue:
    """Show how complaints stand, come in, and are answered."""
    with request_work(read_only=True) as opened:
        charts = complaint_charts(complaint_figures(opened))
        return _page(gettext("Complaints"), ".complaints", charts)


@blueprint.get("/budget")
@signed_in
def budget() -> ResponseReturnValue:
    """Show the budget of a year against what was spent."""
    with request_work(read_only=True) as opened:
        figures = budget_figures(opened, find_number("year"))
        return render_template(
            "dashboards/budget.html",
            title=gettext("Budget against actual"),
            tabs=_tabs(".budget"),
            figures=figures,
            charts=budget_charts(figures),
        )


@blueprint.get("/strategy")
@signed_in
def strategy() -> ResponseReturnValue:
    """Show how the strategy stands: its parts, its objectives, its initiatives."""
    with request_work(read_only=True) as opened:
        figures = analysis.strategy_figures(opened)
        names = Names(opened)
        names.load_people(one.owner for one in figures.initiatives)
        return render_template(
            "dashboards/strategy.html",
            title=gettext("Strategy"),
            tabs=_tabs(".strategy"),
            figures=figures,
            charts=[_objectives_chart(figures.objectives)],
            names=names,
        )


@blueprint.get("/services-and-objectives")
@signed_in
def matrix() -> ResponseReturnValue:
    """Show which service helps to reach which objective."""
    with request_work(read_only=True) as opened:
        return render_template(
            "dashboards/matrix.html",
            title=gettext("Services and objectives"),
            tabs=_tabs(".matrix"),
            matrix=analysis.objectives_matrix(opened),
        )


def _page(title: str, endpoint: str, charts: Sequence[Chart]) -> str:
    return render_template(
        "dashboards/charts.html", title=title, tabs=_tabs(endpoint), charts=charts
    )


def _tabs(current: str) -> list[Tab]:
    places = (
        (".work", gettext("Work")),
        (".portfolio", gettext("Portfolio value")),
        (".complaints", gettext("Complaints")),
        (".budget", gettext("Budget against actual")),
        (".strategy", gettext("Strategy")),
        (".matrix", gettext("Services and objectives")),
    )
    return [Tab(url_for(place), label, place == current) for place, label in places]


# --- work ----------------------------------------------------------------------------------------


def _due_chart(figures: analysis.Work) -> Chart:
    due, mine = figures.due, figures.mine
    rows = (
        (gettext("Overdue"), due.overdue, mine.overdue),
        (gettext("Today"), due.today, mine.today),
        (gettext("Within a week"), due.this_week, mine.this_week),
        (gettext("Later"), due.later, mine.later),
        (gettext("No due date"), due.no_date, mine.no_date),
    )
    return Chart(
        id="due",
        kind=ChartKind.BARS,
        title=gettext("Open tasks by due date"),
        first=gettext("Due"),
        columns=(Column(gettext("Open tasks")), Column(gettext("Mine"), colour="good")),
        rows=[Row(row[0], row[1:]) for row in rows] if any(row[1] for row in rows) else [],
    )


def _load_chart(figures: analysis.Work) -> Chart:
    return Chart(
        id="load",
        kind=ChartKind.ACROSS,
        title=gettext("Load of each group"),
        first=gettext("Group"),
        columns=(
            Column(gettext("Nobody's yet")),
            Column(gettext("Held by somebody"), colour="quiet"),
            Column(gettext("Overdue"), colour="bad"),
        ),
        rows=[
            Row(role_title(role), (free, held, late)) for role, free, held, late in figures.roles
        ],
    )


def _times_chart(figures: analysis.Work, names: Names) -> Chart:
    labels = (
        gettext("Least"),
        gettext("First quarter"),
        gettext("Middle"),
        gettext("Third quarter"),
        gettext("Most"),
    )
    return Chart(
        id="times",
        kind=ChartKind.QUARTILES,
        title=gettext("Days that each step takes"),
        first=gettext("Step"),
        columns=(
            *(Column(label, unit=Unit.NUMBER) for label in labels),
            Column(gettext("How often"), DrawnAs.NOT),
        ),
        rows=[
            Row(names.activity(s.key, s.activity_id, s.name), (*s.days, s.count))
            for s in figures.steps
        ],
        hint=gettext("From when a task opens to when it is completed; the steps done most often."),
    )


def _ends_chart(figures: analysis.Work, names: Names) -> Chart:
    return Chart(
        id="ends",
        kind=ChartKind.ACROSS,
        title=gettext("How cases ended"),
        first=gettext("End"),
        columns=(Column(gettext("Cases")),),
        rows=[Row(_end_label(one.key, one.end_event, names), (one.count,)) for one in figures.ends],
    )


def _end_label(key: str, end_event: str | None, names: Names) -> str:
    end = names.activity(key, end_event) if end_event else gettext("cancelled")
    return f"{names.process(key)}: {end}"


# --- portfolio -----------------------------------------------------------------------------------


def _funnel_chart(counts: dict[str, int]) -> Chart:
    """Show how many proposals have come at least as far as each state."""
    reached = [sum(counts.get(state, 0) for state in _FUNNEL[at:]) for at in range(len(_FUNNEL))]
    rows = [
        Row(state_title(state), (count,)) for state, count in zip(_FUNNEL, reached, strict=True)
    ]
    return Chart(
        id="funnel",
        kind=ChartKind.ACROSS,
        title=gettext("From proposal to live service"),
        first=gettext("State"),
        columns=(Column(gettext("Proposals that came so far")),),
        rows=rows if reached[0] else [],
        hint=gettext("Without those that were rejected, declined, withdrawn or deferred."),
    )


def _value_chart(reviewed: Sequence[ReviewedService]) -> Chart:
    return Chart(
        id="value",
        kind=ChartKind.BUBBLES,
        title=gettext("Value and technical quality"),
        first=gettext("Service"),
        columns=(
            Column(gettext("Technical quality"), DrawnAs.X, Unit.NUMBER),
            Column(gettext("Value"), DrawnAs.Y, Unit.NUMBER),
            Column(gettext("Yearly cost"), DrawnAs.SIZE, Unit.MONEY),
            Column(gettext("What becomes of it"), DrawnAs.GROUP, Unit.TEXT),
        ),
        rows=[
            Row(
                one.service.name,
                (
                    one.review.tech_score,
                    one.review.value_score,
                    one.review.yearly_cost,
                    disposition_title(one.review.disposition),
                ),
                _service_url(one),
            )
            for one in reviewed
        ],
        hint=gettext("The larger the bubble, the higher the yearly cost. From the latest reviews."),
    )


def _mix_chart(reviewed: Sequence[ReviewedService]) -> Chart:
    kinds = {
        "run": gettext("Run"),
        "grow": gettext("Grow"),
        "transform": gettext("Transform"),
        None: gettext("Not said"),
    }
    audiences = {"internal": gettext("Internal"), "external": gettext("External")}

    def cost(audience: str, kind: str | None) -> float:
        return sum(
            float(one.review.yearly_cost)
            for one in reviewed
            if one.service.audience == audience and one.review.investment == kind
        )

    return Chart(
        id="mix",
        kind=ChartKind.STACKED,
        title=gettext("Run, grow, transform"),
        first=gettext("For whom"),
        columns=tuple(Column(label, unit=Unit.MONEY) for label in kinds.values()),
        rows=[
            Row(label, tuple(cost(audience, kind) for kind in kinds))
            for audience, label in audiences.items()
        ]
        if reviewed
        else [],
        hint=gettext("Yearly cost by what the money is for."),
    )


def _benefit_chart(reviewed: Sequence[ReviewedService]) -> Chart:
    return Chart(
        id="benefit",
        kind=ChartKind.ACROSS,
        title=gettext("Cost against benefit"),
        first=gettext("Service"),
        columns=(
            Column(gettext("Yearly cost"), unit=Unit.MONEY, colour="quiet"),
            Column(gettext("Yearly benefit"), unit=Unit.MONEY, colour="good"),
            Column(gettext("Benefit realised"), DrawnAs.NOT, Unit.PCT),
        ),
        rows=[
            Row(
                one.service.name,
                (
                    one.review.yearly_cost,
                    one.review.known_benefit,
                    one.review.benefit_realised_pct,
                ),
                _service_url(one),
            )
            for one in reviewed
        ],
    )


def _service_url(one: ReviewedService) -> str:
    return url_for("registers.show", kind="Service", reference=one.service.number)


def disposition_title(disposition: str) -> str:
    """Name what becomes of a service."""
    titles = {
        "retain": gettext("Retain"),
        "replace": gettext("Replace"),
        "rationalise": gettext("Rationalise"),
        "refactor": gettext("Refactor"),
        "renew": gettext("Renew"),
        "retire": gettext("Retire"),
    }
    return str(titles.get(disposition, disposition))


# --- strategy ------------------------------------------------------------------------------------


def _objectives_chart(objectives: Sequence[StrategicObjective]) -> Chart:
    """Show how far each objective has come from its baseline to its target, in percent."""
    return Chart(
        id="objectives",
        kind=ChartKind.ACROSS,
        title=gettext("Objectives: how far they have come"),
        first=gettext("Objective"),
        columns=(
            Column(gettext("Reached of the way"), unit=Unit.PCT, colour="good"),
            Column(gettext("Measure"), DrawnAs.NOT, Unit.TEXT),
            Column(gettext("Baseline"), DrawnAs.NOT, Unit.TEXT),
            Column(gettext("Now"), DrawnAs.NOT, Unit.TEXT),
            Column(gettext("Target"), DrawnAs.NOT, Unit.TEXT),
            Column(gettext("By"), DrawnAs.NOT, Unit.DAY),
        ),
        rows=[
            Row(
                one.text,
                (_reached(one), one.kpi, one.baseline, one.actual, one.target, one.by),
                url_for("registers.show", kind="StrategicObjective", reference=one.id),
            )
            for one in objectives
        ],
        hint=gettext("0 % is the baseline, 100 % the target."),
    )


def _reached(objective: StrategicObjective) -> float | None:
    """Give 100 × (actual − baseline) / (target − baseline); None where these are no numbers."""
    try:
        baseline, target, actual = (
            float(text) for text in (objective.baseline, objective.target, objective.actual or "")
        )
    except ValueError:
        return None
    return round(100 * (actual - baseline) / (target - baseline), 1) if target != baseline else None
