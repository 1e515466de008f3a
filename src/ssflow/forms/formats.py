"""Values written for reading: numbers, money, days, names behind ids, and templates of them."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ssflow.forms import messages
from ssflow.forms.context import ChoiceKind, ChoiceQuery, FormContext
from ssflow.forms.evaluation import evaluate
from ssflow.forms.numbers import read_number, show_number, show_typed_number
from ssflow.forms.templates import Format, FormatKind, Template

NOTHING = "–"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})")
_DATE_FORMATS = {"nl": "%d-%m-%Y", "en": "%-d %b %Y"}
_MAX_SHOWN_LENGTH = 10_000
_NUMBERS = frozenset({FormatKind.MONEY, FormatKind.PCT, FormatKind.NUMBER, FormatKind.YEAR})


def show_template(template: Template, names: Mapping[str, Any], context: FormContext) -> str:
    """Write a text with its expressions filled in."""
    return "".join(
        part
        if isinstance(part, str)
        else show_value(evaluate(part.expression, names, context), part.format, context)
        for part in template.parts
    )


def show_value(value: Any, how: Format, context: FormContext) -> str:
    """Write a JSON value for reading; nothing is a dash."""
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(show_value(item, how, context) for item in value)[:_MAX_SHOWN_LENGTH]
    if how.kind in (FormatKind.USER, FormatKind.REF):
        return _show_name(value, how, context)
    if isinstance(value, bool):
        return context.say(messages.YES if value else messages.NO)
    if isinstance(value, Mapping):
        return _show_object(value, how, context)
    if how.kind in _NUMBERS:
        number = read_number(value)
        return str(value) if number is None else _show_number(number, how.kind, context)
    if isinstance(value, int | float):
        return _show_number(Decimal(repr(value)), FormatKind.NUMBER, context)
    return _show_text(str(value), context)


def show_day(day: date, language: str) -> str:
    """Write a day as the language does."""
    pattern = _DATE_FORMATS.get(language[:2].lower(), "%Y-%m-%d")
    return day.strftime(pattern)


def _show_number(number: Decimal, kind: FormatKind, context: FormContext) -> str:
    if kind is FormatKind.YEAR:
        return show_typed_number(number, context.language)
    decimals = 2 if kind is FormatKind.MONEY else None
    text = show_number(number, context.language, decimals=decimals)
    return f"{text} %" if kind is FormatKind.PCT else text


def _show_text(text: str, context: FormContext) -> str:
    try:
        if _DAY.fullmatch(text):
            return show_day(date.fromisoformat(text), context.language)
        if _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text).astimezone(context.timezone)
            return f"{show_day(moment.date(), context.language)} {moment:%H:%M}"
    except (ValueError, OverflowError):
        return text
    told = context.translate(text) if " " in text else text  # what ssflow itself said in the case
    return told[:_MAX_SHOWN_LENGTH]


def _show_object(value: Mapping[str, Any], how: Format, context: FormContext) -> str:
    parts = (f"{key}: {show_value(item, how, context)}" for key, item in value.items())
    return "; ".join(parts)[:_MAX_SHOWN_LENGTH]


def _show_name(value: Any, how: Format, context: FormContext) -> str:
    kind = ChoiceKind.USER if how.kind is FormatKind.USER else ChoiceKind.RECORD
    wanted = str(value)
    found = context.choices(ChoiceQuery(kind, how.entity, values=(wanted,)))
    return next((choice.label for choice in found if choice.value == wanted), wanted)
