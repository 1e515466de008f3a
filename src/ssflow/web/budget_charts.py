"""The charts about a budget and what was spent."""

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date
from flask import url_for
from flask_babel import get_locale, gettext

from ssflow.services.budget_dashboard import BudgetFigures, MonthFigures, Step
from ssflow.store.budget import CostShare
from ssflow.web.charts import Chart, ChartKind, Column, DrawnAs, Row, Unit
from ssflow.web.formats import exact_money
from ssflow.web.texts import state_title


def budget_charts(figures: BudgetFigures) -> list[Chart]:
    """Draw a year: by month, from amendment to amendment, its lines, its costs."""
    return [
        _months_chart(figures),
        _waterfall(figures.steps),
        _lines_chart(figures),
        _share_chart("categories", gettext("Costs by category"), _by_category(figures.shares)),
        _share_chart("classes", gettext("Costs by budget class"), _by_class(figures.shares)),
    ]


def _months_chart(figures: BudgetFigures) -> Chart:
    year = figures.budget.fiscal_year if figures.budget else 0
    money = Unit.MONEY
    return Chart(
        id="months",
        kind=ChartKind.BARS,
        title=gettext("Budget, actual costs and outlook"),
        first=gettext("Month"),
        columns=(
            Column(gettext("Budget"), DrawnAs.BAR, money, "quiet"),
            Column(gettext("Actual"), DrawnAs.BAR, money, "good"),
            Column(gettext("Outlook"), DrawnAs.BAR, money, "warn"),
            Column(gettext("Budget since January"), DrawnAs.LINE, money, "quiet"),
            Column(gettext("Outlook since January"), DrawnAs.LINE, money, "warn"),
        ),
        rows=[_month_row(year, one) for one in figures.months],
        hint=_hint_of_months(figures),
    )


def _hint_of_months(figures: BudgetFigures) -> str:
    told = str(gettext("The outlook goes on at the rate that each line had so far."))
    if figures.loose:
        amount = exact_money(figures.loose)
        loose = gettext("Costs of %(amount)s belong to no line yet: not in it.", amount=amount)
        told = f"{told} {loose}"
    return told


def _month_row(year: int, one: MonthFigures) -> Row:
    label = format_date(date(year, one.month, 1), "MMM", locale=get_locale())
    outlook = None if one.is_over else one.outlook
    return Row(label, (one.planned, one.actual, outlook, one.planned_so_far, one.outlook_so_far))


def _waterfall(steps: Sequence[Step]) -> Chart:
    return Chart(
        id="amendments",
        kind=ChartKind.WATERFALL,
        title=gettext("From the first budget to this one"),
        first=gettext("Amendment"),
        columns=(Column(gettext("Added or taken off"), DrawnAs.BAR, Unit.MONEY),),
        rows=[
            Row(step.label or gettext("First budget"), (step.change,), _amendment_url(step))
            for step in steps
        ]
        if len(steps) > 1
        else [],
        hint=gettext("Money that moves between lines changes nothing; frozen money is taken off."),
    )


def _amendment_url(step: Step) -> str | None:
    if step.amendment is None:
        return None
    return url_for("registers.show", kind="BudgetAmendment", reference=step.amendment.number)


def _lines_chart(figures: BudgetFigures) -> Chart:
    return Chart(
        id="lines",
        kind=ChartKind.ACROSS,
        title=gettext("Lines that deviate"),
        first=gettext("Budget line"),
        columns=(
            Column(gettext("Deviation"), DrawnAs.BAR, Unit.MONEY, "bad"),
            Column(gettext("Colour"), DrawnAs.NOT, Unit.TEXT),
            Column(gettext("Outlook of the year"), DrawnAs.NOT, Unit.MONEY),
            Column(gettext("Budget"), DrawnAs.NOT, Unit.MONEY),
        ),
        rows=[
            Row(
                line.name,
                (note.variance, state_title(note.rag), note.outlook_year, line.amount),
                url_for("registers.show", kind="BudgetLine", reference=str(line.id)),
            )
            for note, line in figures.deviating
        ],
        hint=gettext("Red and amber lines of the last month that was explained."),
    )


def _by_category(shares: Sequence[CostShare]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for one in shares:
        sums[one.category] = sums.get(one.category, 0.0) + float(one.amount)
    return sums


def _by_class(shares: Sequence[CostShare]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for one in shares:
        sums[one.budget_class] = sums.get(one.budget_class, 0.0) + float(one.amount)
    return sums


def _share_chart(chart_id: str, title: str, sums: dict[str, float]) -> Chart:
    return Chart(
        id=chart_id,
        kind=ChartKind.DOUGHNUT,
        title=title,
        first=gettext("Part"),
        columns=(Column(gettext("Costs"), DrawnAs.BAR, Unit.MONEY),),
        rows=[Row(str(state_title(name)), (amount,)) for name, amount in sums.items()],
    )
