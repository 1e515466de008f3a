"""`document.render`: a document as HTML and as PDF, from a template of ours and a case's data."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fpdf.errors import FPDFException
from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError
from marshmallow import fields
from marshmallow.validate import Length, OneOf

from ssflow.domain.base import JsonValue
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.registers.portfolio import Document
from ssflow.operations.operation import OperationContext
from ssflow.operations.outside import CallFailedError, OutsideContext, outside_operation
from ssflow.operations.printing import print_document
from ssflow.operations.recipients import find_recipients
from ssflow.operations.record_changes import add_record
from ssflow.sentences import Sentence

_FOLDER = "templates/documents"
_LANGUAGE = re.compile(r'<html lang="(\w+)"')
_BLANK_LINES = re.compile(r"\n\s*\n")
_WORDS = {
    "en": {"made": "Made on", "case": "Case", "demo": "Demonstration: no real data"},
    "nl": {"made": "Gemaakt op", "case": "Zaak", "demo": "Demonstratie: geen echte gegevens"},
    "sv": {"made": "Skapat", "case": "Ärende", "demo": "Demonstration: inga verkliga uppgifter"},
}
LANGUAGES = tuple(_WORDS)


@dataclass(frozen=True)
class Rendered:
    """One document in its two forms."""

    html: str
    pdf: bytes


def print_kept(document: Document, language: str, timezone: ZoneInfo) -> bytes:
    """Print a document that was kept as a page, in its own language, else in the reader's."""
    html = document.content.decode()
    found = _LANGUAGE.search(html)
    language = found[1] if found else language
    words = _WORDS.get(language, _WORDS["en"])
    made_at = document.created_at.astimezone(timezone)
    return print_document(
        html,
        title=document.title,
        language=language,
        made_at=made_at,
        made_on=format_date(made_at, "long", locale=language),
        mark=words["demo"] if document.is_demo else "",
    )


def render_document(
    template: str,
    data: Mapping[str, Any],
    language: str,
    *,
    title: str,
    at: datetime,
    timezone: ZoneInfo,
    is_demo: bool = False,
) -> Rendered:
    """Fill a template of `templates/documents` in and print it; texts of people stay plain text.

    Templates extend `_layout.html`; headings, paragraphs, lists and tables are what is printed.

    Raises:
        CallFailedError: there is no such template, or the data does not fit it.
    """
    words = _WORDS.get(language, _WORDS["en"])
    made_on = format_date(at.astimezone(timezone), "long", locale=language)
    given = {"title": title, "language": language, "made_on": made_on, "words": words}
    try:
        html = _TEMPLATES.get_template(f"{template}.html").render(
            {"case": "", **data, **given, "is_demo": is_demo}
        )
        pdf = print_document(
            html,
            title=title,
            language=language,
            made_at=at,
            made_on=made_on,
            mark=words["demo"] if is_demo else "",
        )
    except (TemplateError, FPDFException, TypeError, AttributeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CallFailedError(
            Sentence("The document cannot be made (%(reason)s).", reason=reason),
            code="document",
            is_temporary=False,
        ) from error
    return Rendered(html, pdf)


def document_templates() -> list[str]:
    """List the documents that there are."""
    folder = resources.files("ssflow.operations").joinpath(_FOLDER)
    names = (file.name.removesuffix(".html") for file in folder.iterdir())
    return sorted(name for name in names if not name.startswith("_"))


def _paragraphs(text: Any) -> list[str]:
    return [part.strip() for part in _BLANK_LINES.split(str(text)) if part.strip()]


_TEMPLATES = Environment(
    loader=PackageLoader("ssflow.operations", _FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["paragraphs"] = _paragraphs


def _prepare(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Read what the document says about its case."""
    case = context.session.get_one(ProcessInstance, context.instance_id)
    language = given["language"]
    if language is None and context.initiator is not None:
        today = context.calendar.local_date(context.now)
        found = find_recipients(context.session, [context.initiator], today).found
        language = found[0].language if found else None
    return {
        **given,
        "language": language if language in LANGUAGES else "en",
        "case": case.business_key or "",
        "timezone": context.calendar.timezone,
        "is_demo": case.is_demo,
    }


def _reach(context: OutsideContext, prepared: Any) -> JsonValue:
    rendered = render_document(
        prepared["template"],
        {"case": prepared["case"], **prepared["data"]},
        prepared["language"],
        title=prepared["title"],
        at=context.now,
        timezone=prepared["timezone"],
        is_demo=prepared["is_demo"],
    )
    return {"html": rendered.html, "pdf": base64.b64encode(rendered.pdf).decode()}


def _keep(context: OperationContext, given: dict[str, Any], answer: JsonValue) -> JsonValue:
    is_demo = context.session.get_one(ProcessInstance, context.instance_id).is_demo
    given = {**given, "is_demo": is_demo}
    html = _store(context, given, "text/html; charset=utf-8", answer["html"].encode())
    pdf = _store(context, given, "application/pdf", base64.b64decode(answer["pdf"]))
    return {"html": str(html.id), "pdf": str(pdf.id), "sha256": pdf.sha256}


def _store(
    context: OperationContext, given: dict[str, Any], media_type: str, content: bytes
) -> Document:
    return add_record(
        context,
        Document(
            owner_type=given["owner_type"] or "ProcessInstance",
            owner_id=given["owner"] or context.instance_id,
            kind=given["template"],
            title=given["title"],
            media_type=media_type,
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            instance_id=context.instance_id,
            is_demo=given["is_demo"],
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )


DOCUMENT_RENDER = outside_operation(
    "document.render",
    "Make a document",
    prepare=_prepare,
    reach=_reach,
    keep=_keep,
    parameters={
        "template": fields.String(required=True, validate=OneOf(document_templates())),
        "title": fields.String(required=True, validate=Length(1, 200)),
        "data": fields.Dict(keys=fields.String(), required=True),
        "language": fields.String(
            load_default=None, allow_none=True, validate=OneOf((*LANGUAGES, None))
        ),
        "owner_type": fields.String(load_default=None, allow_none=True),
        "owner": fields.UUID(load_default=None, allow_none=True),
    },
)
"""Makes a document that is kept with the case, as HTML and as PDF."""
