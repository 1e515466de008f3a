from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.forms.numbers import (
    parse_number,
    read_number,
    round_to_cents,
    show_number,
    show_typed_number,
    to_json_number,
)


@pytest.mark.parametrize(
    ("typed", "language", "number"),
    [
        ("1234.5", "en", "1234.5"),
        ("1,234.50", "en", "1234.50"),
        ("1234.5", "nl", "1234.5"),
        ("1.234,50", "nl", "1234.50"),
        ("1.234", "nl", "1234"),
        ("1.5", "nl", "1.5"),
        ("1234,5", "nl-NL", "1234.5"),
        ("1 234,50", "sv", "1234.50"),
        ("1\N{NO-BREAK SPACE}234,50", "sv_SE", "1234.50"),
        ("1.234,50", "sv", "1234.50"),
        ("€ 12", "en", "12"),
        ("12 %", "nl", "12"),
        ("\N{MINUS SIGN}3", "en", "-3"),
        ("0", "en", "0"),
    ],
)
def test_a_number_is_read_as_the_language_writes_it(typed: str, language: str, number: str) -> None:
    assert parse_number(typed, language) == Decimal(number)


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        *(("", "en"), ("abc", "en"), ("1,5", "en"), ("1,23,456", "en"), ("1.2.3", "en")),
        *(("1e5", "en"), ("NaN", "en"), ("Infinity", "en"), ("--1", "en"), ("1.234.5", "nl")),
        *(("٣", "en"), ("1_000", "en"), ("9" * 41, "en"), ("1,2,3", "nl")),
    ],
)
def test_what_is_no_number_is_not_guessed_at(typed: str, language: str) -> None:
    assert parse_number(typed, language) is None


@given(
    number=st.decimals(-(10**12), 10**12, allow_nan=False, places=3),
    language=st.sampled_from(["en", "nl", "sv"]),
)
def test_a_number_shown_in_a_field_is_read_back_the_same(number: Decimal, language: str) -> None:
    assert parse_number(show_typed_number(number, language), language) == number


@given(number=st.decimals(-(10**12), 10**12, allow_nan=False, places=2))
@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_a_number_shown_for_reading_is_read_back_the_same(number: Decimal, language: str) -> None:
    assert parse_number(show_number(number, language, decimals=2), language) == number


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "1,234,567.50"), ("nl", "1.234.567,50"), ("sv", "1\xa0234\xa0567,50")],
)
def test_a_number_is_grouped_for_reading(language: str, shown: str) -> None:
    assert show_number(Decimal("1234567.5"), language, decimals=2) == shown


@pytest.mark.parametrize(
    "value", [True, None, [], {}, "x", "1,5", float("nan"), float("inf"), b"1"]
)
def test_other_json_is_no_number(value: object) -> None:
    assert read_number(value) is None


def test_money_is_rounded_half_up() -> None:
    assert round_to_cents(Decimal("1.005")) == Decimal("1.01")


@pytest.mark.parametrize(("number", "value"), [("5.00", 5), ("5.5", 5.5), ("-0.0", 0)])
def test_a_whole_number_becomes_an_integer(number: str, value: float) -> None:
    found = to_json_number(Decimal(number))

    assert (found, type(found)) == (value, type(value))
