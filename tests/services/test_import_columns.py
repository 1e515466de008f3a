"""How cells of an imported file become values."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.registers.budget import CostCategory
from ssflow.services.import_columns import (
    CellError,
    Column,
    Known,
    a_choice,
    a_day,
    a_month,
    a_percentage,
    a_text,
    a_whole_number,
    a_word,
    an_amount,
    some_words,
)

NOTHING = Known({})


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234\u202f567", "1234567"),
        ("1'234.56", "1234.56"),
        ("1.234", "1234"),
        ("1,234,567", "1234567"),
        ("-12,50", "-12.50"),
        ("\u221212", "-12"),
        ("0,05", "0.05"),
        ("0", "0"),
    ],
)
def test_money_is_read_with_point_or_comma(cell: str, amount: str) -> None:
    assert an_amount(cell, NOTHING) == Decimal(amount)


@pytest.mark.parametrize(
    "cell",
    ["", "x", "1.2.3", "1,2345", "0,125", "1.23,456", "1e5", "--1", "1-", "NaN", "9" * 13, "١"],
)
def test_what_is_no_money_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        an_amount(cell, NOTHING)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_every_amount_is_read_as_dutch_swedish_and_english_offices_write_it(
    amount: Decimal,
) -> None:
    english = f"{amount:,.2f}"
    dutch = english.translate({ord(","): ".", ord("."): ","})

    for written in (english, dutch, dutch.replace(".", " "), str(amount)):
        assert an_amount(written, NOTHING) == amount


@pytest.mark.parametrize("cell", ["2026-11-30", "30-11-2026", "30.11.2026", "30/11/2026"])
def test_a_day_is_read_year_first_or_day_first(cell: str) -> None:
    assert a_day(cell, NOTHING) == date(2026, 11, 30)


@pytest.mark.parametrize("cell", ["11/30/2026", "2026-02-30", "26-11-30", "1899-01-01", "20261130"])
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        a_day(cell, NOTHING)


@pytest.mark.parametrize(
    ("read", "good", "value", "bad"),
    [
        (a_month, "2026-11", "2026-11", "2026-13"),
        (a_whole_number, "12", 12, "1.5"),
        (a_choice(CostCategory), "Software", CostCategory.SOFTWARE, "soft"),
        (a_word("a", "b"), "B", "b", "c"),
        (some_words("a", "b"), "a, b | a", ["a", "b"], "a c"),
        (a_text(3), "abc", "abc", "abcd"),
    ],
)
def test_other_cells(read: Any, good: str, value: object, bad: str) -> None:
    assert read(good, NOTHING) == value
    with pytest.raises(CellError):
        read(bad, NOTHING)


def test_a_column_goes_by_several_names_however_they_are_written() -> None:
    column = Column("document_no", a_text(), also=("Boekstuk",))

    assert all(
        column.is_called(n) for n in ("Document no", "DOCUMENT-NO", "document_no", "boekstuk")
    )
    assert not column.is_called("document")


def test_a_percentage_lies_between_nothing_and_all() -> None:
    known = Known({})

    assert a_percentage("99,5", known) == Decimal("99.5")
    for cell in ("-1", "100.01", "1000", "much"):
        with pytest.raises(CellError):
            a_percentage(cell, known)
