"""Numbers as people write them in their language, and as JSON holds them."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

MAX_NUMBER = 2**53
MAX_MONEY = Decimal("999999999999.99")
"""What a record can keep."""
MAX_TYPED_MONEY = Decimal("99999999999.99")
"""A tenth of it, so that what a process adds up can be kept too."""
_MAX_TYPED_LENGTH = 40
_CENT = Decimal("0.01")
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_GROUPED = {
    ",": re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})*(,[0-9]+)?|-?[0-9]+,[0-9]+"),
    ".": re.compile(r"-?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?"),
}
_DECIMAL_COMMA = frozenset({"nl", "sv"})
_GROUP_SIGN = {"nl": ".", "sv": "\N{NO-BREAK SPACE}"}
_SPACES = str.maketrans("", "", " \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}'\N{EURO SIGN}%")


def parse_number(text: str, language: str) -> Decimal | None:
    """Read what a person typed: in the notation of the language, or plain with a point."""
    if len(text) > _MAX_TYPED_LENGTH:
        return None
    bare = text.translate(_SPACES).replace("\N{MINUS SIGN}", "-")
    sign = _decimal_sign(language)
    if _GROUPED[sign].fullmatch(bare):
        group = "." if sign == "," else ","
        return Decimal(bare.replace(group, "").replace(sign, "."))
    return Decimal(bare) if _PLAIN.fullmatch(bare) else None


def read_number(value: Any) -> Decimal | None:
    """Read a JSON number, or plain text of one; None for anything else, NaN and infinity too."""
    if isinstance(value, str):
        is_plain = len(value) <= _MAX_TYPED_LENGTH and _PLAIN.fullmatch(value.strip())
        return Decimal(value.strip()) if is_plain else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


def is_in_bounds(number: Decimal) -> bool:
    """Say whether every reader of JSON gives the number back as it was."""
    return -MAX_NUMBER <= number <= MAX_NUMBER


def count_decimals(number: Decimal) -> int:
    """Count the digits behind the decimal point that are not idle zeros."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def round_to_cents(number: Decimal) -> Decimal:
    """Round an amount of money half up."""
    try:
        return number.quantize(_CENT, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return number


def to_json_number(number: Decimal) -> int | float:
    """Give the number as an integer when it is whole, else as the nearest float."""
    return int(number) if number == number.to_integral_value() else float(number)


def show_number(number: Decimal, language: str, *, decimals: int | None = None) -> str:
    """Write a number for reading: grouped, with `decimals` digits or as many as it has."""
    places = count_decimals(number) if decimals is None else decimals
    text = f"{number:,.{places}f}"
    group = _GROUP_SIGN.get(_base(language), ",")
    return text.translate({ord(","): group, ord("."): _decimal_sign(language)})


def show_typed_number(number: Decimal, language: str, *, decimals: int | None = None) -> str:
    """Write a number as one would type it: without groups, so that it reads back the same."""
    places = count_decimals(number) if decimals is None else decimals
    return f"{number:.{places}f}".replace(".", _decimal_sign(language))


def _decimal_sign(language: str) -> str:
    return "," if _base(language) in _DECIMAL_COMMA else "."


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
