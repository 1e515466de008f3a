"""CSV files as offices write them: encodings, delimiters, and what is no CSV."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.errors import InvalidInputError
from ssflow.services.csv_files import MAX_LINES, harmless, read_sheet, write_sheet


def say(message: str, **facts: object) -> str:
    return message % facts


def read(content: bytes | str) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return read_sheet(data, {"name", "amount"}.__contains__, say)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_way_of_writing_gives_the_same_cells(delimiter: str, encoding: str, end: str) -> None:
    text = end.join(["name;amount", 'Bjørn "é";1', "", ";", "Åsa;2"]).replace(";", delimiter)

    sheet = read(text.replace('Bjørn "é"', '"Bjørn ""é"""').encode(encoding))

    assert sheet.names == ["name", "amount"]
    assert [(line.number, list(line.cells)) for line in sheet.lines] == [
        (2, ['Bjørn "é"', "1"]),
        (5, ["Åsa", "2"]),
    ]
    assert sheet.delimiter == delimiter


def test_lines_are_counted_as_they_stand_in_the_file() -> None:
    sheet = read('name;amount\n"two\nlines";1\nnext;2\n')

    assert [(line.number, line.cells[0]) for line in sheet.lines] == [
        (2, "two\nlines"),
        (4, "next"),
    ]


def test_a_line_that_tells_excel_what_parts_cells_is_passed_over() -> None:
    sheet = read("sep=;\r\nname;amount\r\nAnna;1\r\n")

    assert (sheet.names, sheet.lines[0].number) == (["name", "amount"], 3)


def test_a_quotation_mark_without_its_twin_is_told_by_its_line() -> None:
    with pytest.raises(InvalidInputError) as refused:
        read('name;amount\nAnna;1\n"open;2\n')

    assert "quotation marks in line 3" in refused.value.message


def test_where_numbers_have_a_comma_semicolons_part_cells() -> None:
    rows = [["a;b", Decimal("-1234.50"), "1.5", 0.5]]

    lines = list(write_sheet(["name", "amount", "text", "share"], rows, decimal_comma=True))

    assert lines[1] == '"a;b";-1234,50;1.5;0,5\r\n'


def test_a_comma_in_a_name_does_not_part_columns() -> None:
    assert read("name;amount\nBerg, Anna;1\n").lines[0].cells == ["Berg, Anna", "1"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b";;\na;b;c\n",
        "name;amount\n1;2\n".encode("utf-16-le"),
        b"\xff\xfea",
        b"name;amount\n\0;1\n",
        b"name;amount\n\x81;1\n",
        b'name;amount\n"open;1\n',
        b'name;amount\n"a"b;1\n',
        b"name;amount\n\x1b[31m;1\n",
        b"name;amount\n" + b"x" * 20_000 + b";1\n",
        b"name\n" + b"x\n" * (MAX_LINES + 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(content)

    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_text_that_looks_like_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "", "'", 5, -5, None, "1-1"])
def test_what_is_no_formula_stays_as_it_is(value: object) -> None:
    assert harmless(value) == value


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_what_is_written_opens_in_a_spreadsheet_without_formulas(rows: list[list[str]]) -> None:
    text = "".join(write_sheet(["name", "amount"], rows))

    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))

    assert len(found) == len(rows) + 1
    for written, given_row in zip(found[1:], rows, strict=True):
        assert [cell.removeprefix("'") for cell in written] == [
            cell.removeprefix("'") for cell in given_row
        ]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in written)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        sheet = read(content)
    except InvalidInputError:
        return
    assert sheet.names
