"""Read files with comma-separated values as offices write them, and write such files safely."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ssflow.errors import InvalidInputError
from ssflow.sentences import N_

MAX_LINES = 20_000
MAX_CELL_CHARACTERS = 10_000
DELIMITERS = (";", ",", "\t")
NO_CSV = N_("This is no CSV file; look at the quotation marks in line %(line)d and below.")
NOT_TEXT = N_("The file is no text; save it as CSV with UTF-8 or Windows-1252.")
NO_HEADER = N_("The first line must name the columns.")
TOO_MANY_LINES = N_("The file has more than %(most)d lines; split it.")
UNREADABLE_SIGN = N_("Line %(line)d holds a character that cannot be stored.")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_ENCODINGS = ("utf-8-sig", "cp1252")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How files begin that Excel calls Unicode text."""
_HINT = re.compile(r"sep=.\r?\n", re.IGNORECASE)
"""A line for Excel that says what parts the cells; no line of names."""


@dataclass(frozen=True)
class Line:
    """A line of values with its number in the file; the line of names is 1."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """The names of columns, and the lines below them that are not empty."""

    names: Sequence[str]
    lines: Sequence[Line]
    delimiter: str


def read_sheet(
    content: bytes, is_column: Callable[[str], bool], say: Callable[..., str] = str
) -> Sheet:
    """Read a file in UTF-8, UTF-16 or Windows-1252, parted by the sign that gives most columns.

    Raises:
        InvalidInputError: it is no text, no CSV, too long, or does not name its columns.
    """
    text = _decode(content, say)
    hint = _HINT.match(text)
    text = text[hint.end() :] if hint else text
    delimiter = _delimiter_of(text, is_column)
    rows = _rows(text, delimiter, say, first=2 if hint else 1)
    if not rows or not any(rows[0].cells):
        raise InvalidInputError(say(NO_HEADER))
    names = [name.strip() for name in rows[0].cells]
    lines = [line for line in rows[1:] if any(cell.strip() for cell in line.cells)]
    return Sheet(names, lines, delimiter)


def write_sheet(
    names: Sequence[str], rows: Iterable[Sequence[object]], *, decimal_comma: bool = False
) -> Iterable[str]:
    """Write lines of a CSV file that spreadsheets open without running what cells hold.

    A text that a spreadsheet would take for a formula gets an apostrophe in front. Where numbers
    have a decimal comma, spreadsheets expect semicolons between cells.
    """
    delimiter = ";" if decimal_comma else ","
    yield "\N{BYTE ORDER MARK}" + _line(names, delimiter)
    for row in rows:
        cells = [harmless(value) for value in row]
        yield _line([_with_comma(cell) for cell in cells] if decimal_comma else cells, delimiter)


def harmless(value: object) -> object:
    """Give a text that starts like a formula an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_SIGNS):
        return f"'{value}"
    return value


def as_typed(cell: str) -> str:
    """Give what a cell says without blanks around it and the apostrophe of `harmless`."""
    bare = cell.strip()
    return bare[1:] if bare[:1] == "'" and bare[1:].startswith(_FORMULA_SIGNS) else bare


def _with_comma(value: object) -> object:
    return str(value).replace(".", ",") if isinstance(value, Decimal | float) else value


def _line(values: Sequence[object], delimiter: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerow(values)
    return buffer.getvalue()


def _decode(content: bytes, say: Callable[..., str]) -> str:
    is_wide = content.startswith(_UTF_16)
    if b"\0" in content and not is_wide:
        raise InvalidInputError(say(NOT_TEXT))
    for encoding in ("utf-16",) if is_wide else _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInputError(say(NOT_TEXT))


def _delimiter_of(text: str, is_column: Callable[[str], bool]) -> str:
    """Choose what parts the first line into the most columns that are known."""
    first = text.splitlines()[0] if text.strip() else ""

    def known(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([first], delimiter=delimiter), [])
        return sum(is_column(name.strip()) for name in names), len(names)

    return max(DELIMITERS, key=known)


def _rows(text: str, delimiter: str, say: Callable[..., str], *, first: int) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Line] = []
    start = first
    try:
        for cells in reader:
            if len(rows) > MAX_LINES:
                raise InvalidInputError(say(TOO_MANY_LINES, most=MAX_LINES))
            _check_cells(cells, start, say)
            rows.append(Line(start, cells))
            start = reader.line_num + first
    except csv.Error as error:
        raise InvalidInputError(say(NO_CSV, line=start)) from error
    return rows


def _check_cells(cells: Sequence[str], number: int, say: Callable[..., str]) -> None:
    for cell in cells:
        if len(cell) > MAX_CELL_CHARACTERS or not _can_be_stored(cell):
            raise InvalidInputError(say(UNREADABLE_SIGN, line=number))


def _can_be_stored(cell: str) -> bool:
    return all(sign.isprintable() or sign in "\t\r\n\xa0\u202f" for sign in cell)
