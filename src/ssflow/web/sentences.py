"""Say sentences of ssflow in the reader's language: those just made, and those that were kept."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from flask import Flask
from flask_babel import gettext

from ssflow.catalogs import known_texts
from ssflow.sentences import Sentence
from ssflow.web.formats import amount, day
from ssflow.web.record_words import WORDED, column_label, option_title
from ssflow.web.texts import register_title, role_title, state_title

_GAP = re.compile(r"%\((\w+)\)[sd]")
_NUMBER = re.compile(r"(%\(\w+\))d")
_AMOUNT = re.compile(r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})\.[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FEWEST_LETTERS = 13
"""A template with fewer of its own would fit too much of what people write."""
_MOST_CHARACTERS = 600
"""What is longer was written by people; trying every split of it could take minutes."""


@dataclass(frozen=True)
class _Known:
    template: str
    longest: str
    """Its longest piece between gaps, which is sought first: most texts fail there."""
    pattern: re.Pattern[str]


def init_sentences(app: Flask) -> None:
    """Let templates of `app` say what was kept."""
    app.jinja_env.filters["tell"] = tell


def tell(text: str | None) -> str:
    """Say a sentence of ssflow in the reader's language; what is none of ours stays as it is."""
    if not text:
        return ""
    if isinstance(text, Sentence):
        return _fill(text.template, text.values)
    translated = str(gettext(text))
    return translated if translated != text or _GAP.search(text) else _retell(text)


def tell_all(errors: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Say what is wrong with each field."""
    return {name: [tell(text) for text in texts] for name, texts in errors.items()}


def _retell(text: str) -> str:
    """Find the template that a kept text was made of, and fill it in anew."""
    if len(text) > _MOST_CHARACTERS:
        return text
    for known in _known_sentences():
        if known.longest in text and (found := known.pattern.fullmatch(text)):
            return _fill(known.template, found.groupdict())
    return text


def _fill(template: str, values: Mapping[str, Any]) -> str:
    told = _NUMBER.sub(r"\1s", str(gettext(template)))  # every value is a text by now
    return told % {name: _say(name, value) for name, value in values.items()} if values else told


def _say(name: str, value: Any) -> str:
    """Say a value: codes in words, days and money the reader's way."""
    if isinstance(value, list | tuple):
        return ", ".join(_say(name.removesuffix("s"), each) for each in value)
    if isinstance(value, Decimal | date):
        return amount(value) if isinstance(value, Decimal) else day(value)
    text = tell(value) if isinstance(value, Sentence) else str(value)
    if name in _CODES:
        return ", ".join(_CODES[name](part) for part in text.split(", "))
    if name in WORDED:
        return option_title(name, text)
    if _AMOUNT.fullmatch(text):
        return amount(text.replace(",", ""))
    return _say_day(text) if _DAY.fullmatch(text) else text


def _say_day(text: str) -> str:
    """Say a day; what only looks like one, as somebody sent it, stays as it is."""
    try:
        return day(text)
    except ValueError:
        return text


_CODES: dict[str, Callable[[str], str]] = {
    "role": role_title,
    "roles": role_title,
    "register": register_title,
    "missing": column_label,
    "state": state_title,
    "next_state": state_title,
}
"""Gaps that hold codes, several of them parted by commas."""


@cache
def _known_sentences() -> tuple[_Known, ...]:
    known = (_read(text) for text in known_texts() if _GAP.search(text))
    telling = (one for one in known if _own_letters(one) >= _FEWEST_LETTERS)
    return tuple(sorted(telling, key=_own_letters, reverse=True))


def _own_letters(known: _Known) -> int:
    return len(_GAP.sub("", known.template))


def _read(template: str) -> _Known:
    pieces = _GAP.split(template)
    texts = [piece.replace("%%", "%") for piece in pieces[::2]]
    pattern, seen = re.escape(texts[0]), set[str]()
    for name, text in zip(pieces[1::2], texts[1:], strict=True):
        pattern += (f"(?P={name})" if name in seen else f"(?P<{name}>.+?)") + re.escape(text)
        seen.add(name)
    return _Known(template, max(texts, key=len), re.compile(pattern, re.DOTALL))
