"""What mails say: a subject and paragraphs out of templates of ours, in the reader's language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, Template, pass_context
from jinja2.runtime import Context

from ssflow.errors import InvalidInputError
from ssflow.ids import read_id
from ssflow.sentences import Sentence

ENGLISH = "en"
MAX_SUBJECT_CHARACTERS = 200
ANY = "notice"
"""The template for what has none of its own: it tells the facts as they are."""
_FOLDER = "templates/mail"
_TEMPLATE = re.compile(r"[a-z][a-z0-9_]*")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_SPACES_AND_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e]+")


class UnknownTemplateError(InvalidInputError):
    """There is no mail of this name."""


@dataclass(frozen=True)
class Reader:
    """Whom a mail is for, and how they read: language and time zone."""

    name: str
    language: str
    timezone: ZoneInfo


@dataclass(frozen=True)
class Letter:
    """What a mail says, as plain text and as HTML."""

    subject: str
    text: str
    html: str


def compose(template: str, reader: Reader, facts: Mapping[str, Any], link: str | None) -> Letter:
    """Write a letter; what people typed appears in it as plain text only.

    Raises:
        UnknownTemplateError: there is no template of this name.
    """
    language = reader.language if has_template(template, reader.language) else ENGLISH
    if not has_template(template, language):
        raise UnknownTemplateError(Sentence("There is no mail template %(name)s.", name=template))
    told = {**facts, "facts": _plain_facts(facts), "reader": reader, "language": language}
    subject, body = (part.render(told) for part in _parts(template, language))
    subject = one_line(subject) or one_line(str(facts.get("case") or "ssflow"))
    paragraphs = [p.strip() for p in _BLANK_LINES.split(body) if p.strip()]
    given = {
        **told,
        "subject": subject,
        "paragraphs": paragraphs,
        "link": link,
        "words": _WORDS[language],
    }
    return Letter(
        subject,
        _PLAIN.get_template("_layout.txt").render(given).strip() + "\n",
        _HTML.get_template("_layout.html").render(given),
    )


def has_template(template: str, language: str = ENGLISH) -> bool:
    """Tell whether there is a mail of this name in a language."""
    return (template, language) in _templates()


def template_names() -> frozenset[str]:
    """List the mails that there are."""
    return frozenset(name for name, _ in _templates())


def one_line(text: str) -> str:
    """Make of any text one short line, as a header needs it."""
    line = _SPACES_AND_CONTROLS.sub(" ", text).strip()
    return line if len(line) <= MAX_SUBJECT_CHARACTERS else f"{line[: MAX_SUBJECT_CHARACTERS - 1]}…"


@cache
def _templates() -> frozenset[tuple[str, str]]:
    folder = resources.files("ssflow.operations").joinpath(_FOLDER)
    names = (file.name.split(".") for file in folder.iterdir() if file.name.endswith(".txt"))
    return frozenset(
        (parts[0], parts[1]) for parts in names if len(parts) == 3 and _TEMPLATE.fullmatch(parts[0])
    )


@cache
def _parts(template: str, language: str) -> tuple[Template, Template]:
    """Read a template: its first line is the subject, the rest the body."""
    name = f"{template}.{language}.txt"
    source = resources.files("ssflow.operations").joinpath(_FOLDER, name)
    subject, _, body = source.read_text(encoding="utf-8").partition("\n")
    return _PLAIN.from_string(subject), _PLAIN.from_string(body)


def _plain_facts(facts: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.replace("_", " "): str(value)
        for name, value in facts.items()
        if isinstance(value, str | int | float) and value != "" and not read_id(value)
    }


@pass_context
def _day(context: Context, value: Any) -> str:
    """Write a day as the reader does; what is no day stays as it is."""
    moment = _read_moment(value)
    if moment is None:
        return str(value)
    local = (
        moment.astimezone(context["reader"].timezone) if isinstance(moment, datetime) else moment
    )
    return format_date(local, "full", locale=context["language"])


@pass_context
def _money(context: Context, value: Any) -> str:
    """Write an amount as the reader does: 1.234,50; what is no amount stays as it is."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return format_decimal(amount, "#,##0.00", locale=context["language"])


@pass_context
def _moment(context: Context, value: Any) -> str:
    """Write a moment as the reader's clock shows it."""
    moment = _read_moment(value)
    if not isinstance(moment, datetime):
        return _day(context, value)
    local = moment.astimezone(context["reader"].timezone)
    pattern = f"EEEE d MMMM y '{_WORDS[context['language']]['at']}' HH:mm"
    return format_datetime(local, pattern, locale=context["language"])


def _read_moment(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        if len(text) == len("2026-01-01"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _environment(*, is_html: bool) -> Environment:
    made = Environment(
        loader=PackageLoader("ssflow.operations", _FOLDER),
        autoescape=is_html,  # noqa: S701 - the other environment writes plain text
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"day": _day, "moment": _moment, "money": _money}
    return made


_PLAIN = _environment(is_html=False)
"""For text/plain and subjects, where signs of HTML mean nothing."""
_HTML = _environment(is_html=True)
_WORDS = {
    "en": {
        "at": "at",
        "dear": "Dear {name},",
        "open": "Open it",
        "automatic": "This mail was sent by ssflow, which does not read answers.",
    },
    "nl": {
        "at": "om",
        "dear": "Beste {name},",
        "open": "Openen",
        "automatic": "Deze mail is verstuurd door ssflow, dat geen antwoorden leest.",
    },
    "sv": {
        "at": "kl.",
        "dear": "Hej {name},",
        "open": "Öppna",
        "automatic": "Det här brevet skickades av ssflow, som inte läser svar.",
    },
}
