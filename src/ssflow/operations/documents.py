"""Make documents (HTML) out of templates of ours and keep them as records.

A document is in the language of who started its case, else of who acts.
"""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from ssflow.catalogs import ENGLISH, TRANSLATED, translations_of
from ssflow.domain.identity import User
from ssflow.domain.registers.portfolio import Document
from ssflow.domain.words import word_of
from ssflow.operations.operation import OperationContext
from ssflow.operations.record_changes import add_record
from ssflow.sentences import Sentence

_LOCALES = {ENGLISH: "en_GB", "nl": "nl_NL", "sv": "sv_SE"}


def make_document(
    context: OperationContext, owner: tuple[str, UUID], kind: str, title: Sentence, **facts: Any
) -> Document:
    """Render the template of this kind and keep the result; `title` becomes its title."""
    language = _language_of(context)
    told = translations_of(language).ugettext(title.template) % title.values
    made_at = context.now.astimezone(context.calendar.timezone)
    template = _templates(language).get_template(f"{kind}.html")
    content = template.render(title=told, made_at=made_at, **facts).encode()
    return add_record(
        context,
        Document(
            owner_type=owner[0],
            owner_id=owner[1],
            kind=kind,
            title=told,
            media_type="text/html; charset=utf-8",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )


def _language_of(context: OperationContext) -> str:
    starter = context.session.get(User, context.initiator) if context.initiator else None
    language = starter.language if starter else context.actor.language
    return language if language in TRANSLATED else ENGLISH


@cache
def _templates(language: str) -> Environment:
    """Give the templates as they speak one language: texts, words of codes, figures and days."""
    locale, catalog = _LOCALES[language], translations_of(language)
    made = Environment(
        loader=PackageLoader("ssflow.operations", "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(catalog.ugettext, catalog.ungettext, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    made.globals["language"] = language

    def number(value: Any, places: str) -> str:
        return format_decimal(Decimal(str(value or 0)), f"#,##0{places}", locale=locale)

    @pass_context
    def day(context: Context, value: Any) -> str:
        if not value:
            return "–"
        if isinstance(value, datetime):
            value = value.astimezone(context["made_at"].tzinfo)
        try:
            found = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        except ValueError:
            return str(value)
        return format_date(found, "medium", locale=locale)

    made.filters |= {
        "money": lambda value: number(value, ".00"),
        "percent": lambda value: number(value, ".0"),
        "figure": lambda value: number(value, ".#"),
        "day": day,
        "moment": lambda at: _moment(at, locale),
        "word": lambda value, name="": catalog.ugettext(word_of(name, str(value))),
        "uuid": UUID,
    }
    return made


def _moment(at: datetime, locale: str) -> str:
    return format_datetime(at, "medium", locale=locale)
