"""The catalogs of translated texts, read as people write them: no compiled copy can go stale."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"
TRANSLATED = ("nl", "sv")
_FOLDER = Path(__file__).parent / "web" / "translations"
"""Beside the pages, which say most of the texts; documents are translated by the same catalogs."""


@cache
def translations_of(language: str) -> NullTranslations:
    """Give the texts of a language; English, and what is not translated, stays as it is."""
    if language not in TRANSLATED:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _read(language))
    compiled.seek(0)
    return Translations(compiled)


def known_texts() -> list[str]:
    """List the English texts that are translated, but those with a plural."""
    return [message.id for message in _read(TRANSLATED[0]) if isinstance(message.id, str)]


def _read(language: str) -> Catalog:
    with (_FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=Locale(language))
