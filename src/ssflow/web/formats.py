"""How values read on a page: moments, days, amounts, people, states."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale, gettext
from markdown_it import MarkdownIt
from markupsafe import Markup
from nh3 import clean

from ssflow.domain.audit import AuditAction
from ssflow.web.i18n import page_timezone
from ssflow.web.site import current_site
from ssflow.web.texts import (
    action_title,
    phase_title,
    register_title,
    role_choices,
    role_title,
    state_title,
)

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "blockquote", "hr"),
    *("ul", "ol", "li", "h3", "h4", "h5", "h6", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def init_formats(app: Flask) -> None:
    """Give the formats to the templates of `app`."""
    app.jinja_env.filters.update(
        moment=moment,
        since=since,
        due=due,
        day=day,
        markdown=markdown,
        amount=amount,
        figure=figure,
        money=money,
        filesize=filesize,
        plain=plain,
        told=told,
        tojson_pretty=pretty_json,
    )
    app.jinja_env.globals.update(
        role_title=role_title,
        action_title=action_title,
        state_title=state_title,
        register_title=register_title,
        phase_title=phase_title,
        role_choices=role_choices,
        event_look=event_look,
    )


def moment(at: datetime | None) -> Markup:
    """Say when, exactly: 24 Nov 2026, 14:05."""
    if at is None:
        return Markup("–")
    return _time_tag(at, _short(at))


def since(at: datetime | None) -> Markup:
    """Say how long ago, or in how long: 3 hours ago; the exact moment is in the title."""
    if at is None:
        return Markup("–")
    distance = at - current_site().clock()
    text = format_timedelta(distance, add_direction=True, locale=get_locale())
    return _time_tag(at, text)


def due(at: datetime | None) -> Markup:
    """Say until when, as people do: today, tomorrow, Tuesday 24 Nov."""
    if at is None:
        return Markup("–")
    return _time_tag(at, _due_text(at))


def day(value: date | datetime | str | None) -> str:
    """Say a day: 24 Nov 2026."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(page_timezone()).date()
    return format_date(value, "medium", locale=get_locale())


def markdown(text: str | None) -> Markup:
    """Render Markdown that a designer or a person wrote; no HTML of theirs gets through."""
    html = _MARKDOWN.render(text or "")
    html = html.replace("<h1>", "<h3>").replace("</h1>", "</h3>")
    html = html.replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    safe = clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"})
    return Markup(safe)  # noqa: S704 - cleaned in the line above


def amount(value: Any) -> str:
    """Write an amount the reader's way, with two places where there are cents."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    pattern = "#,##0" if number == number.to_integral_value() else "#,##0.00"
    return format_decimal(number, format=pattern, locale=get_locale())


def figure(value: Any) -> str:
    """Write a figure of a table the reader's way, with at most one place."""
    return format_decimal(value, format="#,##0.#", locale=get_locale())


def money(value: Any) -> str:
    """Write an amount of money in whole euros the reader's way."""
    return f"EUR\N{NO-BREAK SPACE}{format_decimal(value, format='#,##0', locale=get_locale())}"


def exact_money(value: Any) -> str:
    """Write an amount of money the reader's way, with its cents where there are any."""
    return f"EUR\N{NO-BREAK SPACE}{amount(value)}"


def filesize(size_bytes: int) -> str:
    """Say how big a file is."""
    if size_bytes < 1024:
        return str(gettext("%(count)s bytes", count=size_bytes))
    if size_bytes < 1024 * 1024:
        return f"{amount(size_bytes // 1024)} kB"
    return f"{format_decimal(size_bytes / 1024 / 1024, format='#,##0.0', locale=get_locale())} MB"


def plain(value: Any) -> str:
    """Show a value of a case as a person would write it; nothing is a dash."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if isinstance(value, int | float | Decimal):
        return amount(value)
    if isinstance(value, datetime):
        return _exact(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(plain(item) for item in value)
    return str(value)


def told(value: Any, labels: Mapping[str, str] | None = None) -> Markup | str:
    """Show a value of a case, however deep: lists of objects become a table.

    `labels` names what stands there by its id.
    """
    if isinstance(value, Mapping):
        rows = ((_humane(key), told(inner, labels)) for key, inner in value.items())
        return Markup('<dl class="facts">{}</dl>').format(
            Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*row) for row in rows)
        )
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return _table(value, labels)
    return _named(value, labels)


def pretty_json(value: Any) -> str:
    """Write JSON for people who read JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str)


@dataclass(frozen=True)
class Look:
    """How an event stands in a timeline."""

    icon: str
    tone: str = ""


def event_look(action: AuditAction) -> Look:
    """Choose how an event stands in a timeline."""
    return _LOOKS.get(action) or _LOOKS_OF_KINDS.get(action.partition(".")[0], Look("circle"))


_LOOKS = {
    AuditAction.TASK_COMPLETED: Look("check", "ok"),
    AuditAction.INSTANCE_STARTED: Look("player-play"),
    AuditAction.INSTANCE_ENDED: Look("circle-check", "ok"),
    AuditAction.INSTANCE_CANCELLED: Look("x", "bad"),
    AuditAction.INSTANCE_SUSPENDED: Look("player-pause"),
    AuditAction.INCIDENT_OPENED: Look("alert-triangle", "bad"),
    AuditAction.ATTEMPT_REFUSED: Look("lock", "bad"),
    AuditAction.SEPARATION_OF_DUTIES_BLOCKED: Look("lock", "bad"),
    AuditAction.SIGN_IN_FAILED: Look("lock", "bad"),
    AuditAction.JOB_FAILED: Look("alert-triangle", "bad"),
    AuditAction.TASK_OVERDUE: Look("clock", "bad"),
}
_LOOKS_OF_KINDS = {
    "task": Look("inbox"),
    "instance": Look("briefcase"),
    "incident": Look("refresh"),
    "timer": Look("clock"),
    "message": Look("mail"),
    "operation": Look("bolt"),
    "record": Look("database"),
    "comment": Look("message"),
    "file": Look("paperclip"),
    "notice": Look("mail"),
    "deployment": Look("sitemap"),
    "draft": Look("pencil"),
    "user": Look("user"),
    "role": Look("users"),
    "token": Look("key"),
    "session": Look("user"),
    "password": Look("key"),
}


def _table(rows: list[Mapping[str, Any]], labels: Mapping[str, str] | None) -> Markup:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(_humane(n)) for n in names)
    body = Markup("").join(_table_row(names, row, labels) for row in rows)
    return Markup(
        '<table class="table table-sm table-cards mb-0"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(head, body)


def _table_row(
    names: list[str], row: Mapping[str, Any], labels: Mapping[str, str] | None
) -> Markup:
    cells = (
        Markup('<td data-label="{}"><span>{}</span></td>').format(
            _humane(name), _named(row.get(name), labels)
        )
        for name in names
    )
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _named(value: Any, labels: Mapping[str, str] | None) -> str:
    if isinstance(value, list):
        return ", ".join(_named(item, labels) for item in value) or plain(value)
    if isinstance(value, str) and labels is not None:
        return labels.get(value) or _day_or_text(value)
    return plain(value)


def _day_or_text(text: str) -> str:
    if _DAY.fullmatch(text):
        try:
            return day(text)
        except ValueError:
            return text
    return plain(text)


def _humane(name: Any) -> str:
    return str(name).replace("_", " ")


def _time_tag(at: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), _exact(at), text
    )


def _short(at: datetime) -> str:
    zone, locale = page_timezone(), get_locale()
    clock = format_time(at, "short", tzinfo=zone, locale=locale)
    return f"{day(at)}, {clock}"


def _exact(at: datetime) -> str:
    return format_datetime(at, "full", tzinfo=page_timezone(), locale=get_locale())


def _due_text(at: datetime) -> str:
    zone, locale = page_timezone(), get_locale()
    local, now = at.astimezone(zone), current_site().clock().astimezone(zone)
    days = (local.date() - now.date()).days
    name = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}.get(days)
    if name is None:
        skeleton = "MMMEd" if local.year == now.year else "yMMMEd"
        name = format_date(local.date(), _pattern(skeleton), locale=locale)
    if abs(days) > 1 or local.time() >= time(23, 59):
        return name
    clock = format_time(local, "short", tzinfo=zone, locale=locale)
    return str(gettext("%(day)s at %(time)s", day=name, time=clock))


def _pattern(skeleton: str) -> str:
    return str(get_locale().datetime_skeletons[skeleton].pattern)
