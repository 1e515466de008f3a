"""Sentences with values in them: filled in in English, and ready to be said in another language."""

from decimal import Decimal
from typing import Any


def N_(message: str) -> str:  # noqa: N802 - the name by which Babel finds texts to translate
    """Mark a text for translation without translating it yet."""
    return message


class Sentence(str):
    """An English sentence that remembers its template and the values that fill its gaps.

    It is kept and sent as the text that it is; whoever shows it to a reader fills in the
    translated template instead. Every template stands in the catalogs.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: object) -> "Sentence":
        """Fill `values` into the gaps of a template such as `Budget %(number)s has ended`."""
        told = {name: _in_english(value) for name, value in values.items()}
        made = super().__new__(cls, template % told if told else template)
        made.template, made.values = template, values
        return made


def _in_english(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_in_english, value))
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
