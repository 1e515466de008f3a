"""The charts about complaints and compliments."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import accumulate

from babel.dates import format_date
from flask import url_for
from flask_babel import get_locale, gettext, lazy_gettext

from ssflow.services.complaint_figures import TARGET_PCT, ComplaintFigures, in_time_pct
from ssflow.store.feedback import MonthCount
from ssflow.web.charts import Chart, ChartKind, Column, DrawnAs, Row, Unit

_HALF_A_MONTH = timedelta(days=14)
CATEGORIES = {
    "service_quality": lazy_gettext("Quality of a service"),
    "availability": lazy_gettext("Availability"),
    "billing": lazy_gettext("Billing"),
    "contract_sla": lazy_gettext("Agreement on service levels"),
    "request_delay": lazy_gettext("A request takes too long"),
    "project_delivery": lazy_gettext("Delivery of a project"),
    "security_privacy": lazy_gettext("Security or privacy"),
    "staff_conduct": lazy_gettext("Conduct of a person"),
    "other": lazy_gettext("Something else"),
}
ROOT_CAUSES = {
    "process": lazy_gettext("Process"),
    "people": lazy_gettext("People"),
    "technology": lazy_gettext("Technology"),
    "supplier": lazy_gettext("Supplier"),
    "communication": lazy_gettext("Communication"),
    "expectation": lazy_gettext("Expectation"),
    "unknown": lazy_gettext("Unknown"),
}


def complaint_charts(figures: ComplaintFigures) -> list[Chart]:
    """Draw how complaints stand, come in, and are answered."""
    return [
        _open_chart(figures),
        _in_time_chart(figures.months),
        _pareto("categories", gettext("What complaints are about"), figures.categories, CATEGORIES),
        _pareto("causes", gettext("What complaints come from"), figures.root_causes, ROOT_CAUSES),
        _heat_chart(figures),
        _compliments_chart(figures.months),
    ]


def _open_chart(figures: ComplaintFigures) -> Chart:
    return Chart(
        id="open",
        kind=ChartKind.STACKED,
        title=gettext("Complaints without a reply, by priority and day due"),
        first=gettext("Priority"),
        columns=(
            Column(gettext("Overdue"), colour="bad"),
            Column(gettext("Today"), colour="warn"),
            Column(gettext("Within a week")),
            Column(gettext("Later"), colour="quiet"),
            Column(gettext("No date yet")),
        ),
        rows=[Row(one.priority or gettext("Not set"), one.by_due) for one in figures.open],
    )


def _in_time_chart(months: Sequence[MonthCount]) -> Chart:
    return Chart(
        id="in-time",
        kind=ChartKind.BARS,
        title=gettext("Answered in time"),
        first=gettext("Month"),
        columns=(
            Column(gettext("First contact in time"), DrawnAs.LINE, Unit.PCT),
            Column(gettext("Reply in time"), DrawnAs.LINE, Unit.PCT, "good"),
            Column(gettext("Complaints"), DrawnAs.NOT),
        ),
        rows=[
            Row(
                _month(one),
                (
                    in_time_pct(one.contacted_in_time, one.promised),
                    in_time_pct(one.replied_in_time, one.promised),
                    one.complaints,
                ),
            )
            for one in months
        ]
        if any(one.promised for one in months)
        else [],
        hint=gettext("Of the complaints that came in during the month; the target is 95 %."),
        target=TARGET_PCT,
    )


def _pareto(
    chart_id: str, title: str, counts: Sequence[tuple[str, int]], labels: Mapping[str, object]
) -> Chart:
    """Show the most frequent first, with the share that they make up together."""
    whole = sum(count for _, count in counts)
    together = accumulate(count for _, count in counts)
    return Chart(
        id=chart_id,
        kind=ChartKind.BARS,
        title=title,
        first=gettext("Cause") if chart_id == "causes" else gettext("Category"),
        columns=(
            Column(gettext("Complaints")),
            Column(gettext("Together"), DrawnAs.LINE, Unit.PCT, "quiet"),
        ),
        rows=[
            Row(str(labels.get(name, name)), (count, in_time_pct(so_far, whole)))
            for (name, count), so_far in zip(counts, together, strict=True)
        ],
        hint=gettext("The last twelve months, most frequent first."),
    )


def _heat_chart(figures: ComplaintFigures) -> Chart:
    counts: dict[tuple[str, str], list[int]] = {}
    for one in figures.services:
        counts.setdefault((one.number, one.name), []).append(one.count)
    return Chart(
        id="services",
        kind=ChartKind.HEAT,
        title=gettext("Complaints by service and month"),
        first=gettext("Service"),
        columns=tuple(Column(_month(one)) for one in figures.months),
        rows=[
            Row(name, tuple(row), url_for("registers.show", kind="Service", reference=number))
            for (number, name), row in counts.items()
        ],
    )


def _compliments_chart(months: Sequence[MonthCount]) -> Chart:
    return Chart(
        id="compliments",
        kind=ChartKind.BARS,
        title=gettext("Complaints and compliments"),
        first=gettext("Month"),
        columns=(
            Column(gettext("Complaints"), colour="quiet"),
            Column(gettext("Compliments"), DrawnAs.LINE, colour="good"),
        ),
        rows=[Row(_month(one), (one.complaints, one.compliments)) for one in months]
        if any(one.complaints or one.compliments for one in months)
        else [],
    )


def _month(one: MonthCount) -> str:
    """Name the month of the organisation; its middle is in it, wherever the reader lives."""
    return format_date(one.month + _HALF_A_MONTH, "MMM yyyy", locale=get_locale())
