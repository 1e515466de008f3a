"""Print a document: from the blocks of its HTML to pages of PDF."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from importlib import resources

from fontTools.ttLib import TTFont
from fpdf import FPDF, FontFace
from fpdf.enums import MethodReturnValue, XPos, YPos

FONT = "Roboto"
_FILES = {"": "Roboto-Regular.ttf", "B": "Roboto-Bold.ttf", "I": "Roboto-Italic.ttf"}
_HEADINGS = {"h1": 20.0, "h2": 14.0, "h3": 12.0}
_TEXT_SIZE, _SMALL_SIZE = 10.5, 8.5
_LINE_HEIGHT = 1.45
_POINT_MM = 0.3528
_HEADING_MM = 15
_ROW_MM, _PADDING_MM = _SMALL_SIZE * _POINT_MM * _LINE_HEIGHT * 1.1, 1
"""Of a table: how high a line is, and how much stays free around a cell."""
_MARGIN_MM = 20
_MANY_COLUMNS = 6
_TEXTS = frozenset({"p", "li", "dt", "dd", "caption", *_HEADINGS})
_MISSING = "?"
_FEWEST_SIGNS, _MOST_SIGNS = 9, 32
"""How narrow and how wide a column may be beside columns of numbers."""
_SIGN_MM, _LINES_IN_ROW = 2.2, 20
"""Of a cell: how wide its letters are at most, and how many lines fit on any page."""


@dataclass
class Block:
    """A piece of a document: `kind` is an element of HTML; a table has rows of cells."""

    kind: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    heading_rows: int = 0
    numbers: set[int] = field(default_factory=set)
    """Columns of a table whose cells are of class `number`: they stand to the right."""


def print_document(
    html: str, *, title: str, language: str, made_at: datetime, made_on: str, mark: str = ""
) -> bytes:
    """Print a document; each page has its number, the day `made_on`, and a `mark` if given."""
    blocks = read_blocks(html)
    is_wide = any(len(row) > _MANY_COLUMNS for block in blocks for row in block.rows)
    paper = _Paper(made_on, mark, is_wide=is_wide)
    paper.set_title(_printable(title))
    paper.set_lang(language)
    paper.set_creation_date(made_at)
    paper.set_creator("ssflow")
    paper.add_page()
    for number, block in enumerate(blocks, 1):
        paper.put(block, blocks[number : number + len(_HEADINGS)])
    return bytes(paper.output())


def read_blocks(html: str) -> list[Block]:
    """Read headings, paragraphs, lists and tables; everything else is passed over."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [block for block in reader.blocks if block.text or block.rows]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._text: list[str] | None = None
        self._table: Block | None = None
        self._cells: list[str] = []
        self._has_only_headings = True
        self._cell_kind = "td"

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._table = Block("table")
        elif tag == "tr":
            self._cells, self._has_only_headings = [], True
        elif tag in _TEXTS or tag in ("td", "th"):
            self._text = []
            if self._table is not None and dict(attrs).get("class") == "number":
                self._table.numbers.add(len(self._cells))
            self._has_only_headings &= tag != "td"
        elif tag == "br" and self._text is not None:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._table is not None:
            self.blocks.append(self._table)
            self._table = None
        elif tag == "tr" and self._table is not None and self._cells:
            if self._has_only_headings and self._table.heading_rows == len(self._table.rows):
                self._table.heading_rows += 1
            self._table.rows.append(self._cells)
        elif tag in ("td", "th") and self._text is not None:
            self._cells.append(self._take())
        elif tag in _TEXTS and self._text is not None:
            self.blocks.append(Block(tag, self._take()))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(" ".join(data.split()) if not data.isspace() else " ")
            if data[-1:].isspace() and not data.isspace():
                self._text.append(" ")

    def _take(self) -> str:
        lines = "".join(self._text or ()).split("\n")
        self._text = None
        return "\n".join(" ".join(line.split()) for line in lines).strip()


class _Paper(FPDF):
    def __init__(self, made_on: str, mark: str, *, is_wide: bool) -> None:
        super().__init__(orientation="landscape" if is_wide else "portrait", format="A4")
        self._made_on, self._mark = _printable(made_on), _printable(mark)
        for style, name in _FILES.items():
            with resources.as_file(resources.files("font_roboto").joinpath("files", name)) as file:
                self.add_font(FONT, style, file)
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=_MARGIN_MM)
        self.set_font(FONT, size=_TEXT_SIZE)

    def header(self) -> None:
        """Mark every page of what is no real document."""
        if self._mark:
            self.set_font(FONT, "B", _SMALL_SIZE)
            self.cell(text=self._mark, w=0, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Date and number every page."""
        self.set_y(-15)
        self.set_font(FONT, size=_SMALL_SIZE)
        self.cell(text=self._made_on, w=self.epw / 2)
        self.cell(text=f"{self.page_no()} / {{nb}}", w=0, align="R")

    def put(self, block: Block, following: Sequence[Block] = ()) -> None:
        """Print one block; a heading stays with the beginning of what follows."""
        if block.rows:
            self._put_table(block)
        elif block.kind in _HEADINGS:
            self._put_heading(block, following)
        else:
            is_point, is_name = block.kind == "li", block.kind in ("dt", "caption")
            text = f"•  {block.text}" if is_point else block.text
            indent = 5 if block.kind in ("li", "dd") else 0
            self._write(text, "B" if is_name else "", _TEXT_SIZE, indent)
            self.ln(0.5 if is_name else 2)

    def _put_heading(self, block: Block, following: Sequence[Block]) -> None:
        self.ln(3)
        height: float = _HEADING_MM
        for one in following:
            height += self._beginning_of(one)
            if one.kind not in _HEADINGS:
                break
        if self.will_page_break(min(height, self.eph - _HEADING_MM)):
            self.add_page()
        level = list(_HEADINGS).index(block.kind)
        self.start_section(_printable(block.text), level=level, strict=False)
        self._write(block.text, "B", _HEADINGS[block.kind], 0)
        self.ln(2)

    def _beginning_of(self, block: Block) -> float:
        """Tell how high the heading, the first line or the first row of a block is, in mm."""
        if not block.rows:
            return _HEADING_MM if block.kind in _HEADINGS else _HEADING_MM / 2
        shares = _column_shares(block, max(len(row) for row in block.rows))
        self.set_font(FONT, "B", _SMALL_SIZE)
        return sum(self._row_height(row, shares) for row in block.rows[: block.heading_rows + 1])

    def _row_height(self, row: Sequence[str], shares: Sequence[float]) -> float:
        lines = [
            self.multi_cell(
                share * self.epw - 2 * (_PADDING_MM + self.c_margin),
                text=_printable(cell),
                align="L",
                dry_run=True,
                output=MethodReturnValue.LINES,
            )
            for cell, share in zip(row, shares, strict=False)
        ]
        most = max(len(found) for found in lines if isinstance(found, list))
        return max(most, 1) * _ROW_MM + 2 * _PADDING_MM

    def _put_table(self, block: Block) -> None:
        self.set_font(FONT, size=_SMALL_SIZE)
        widest = max(len(row) for row in block.rows)
        shares = _column_shares(block, widest)
        most = [max(int(self.epw * part / _SIGN_MM), 1) * _LINES_IN_ROW for part in shares]
        with self.table(
            first_row_as_headings=block.heading_rows > 0,
            num_heading_rows=max(block.heading_rows, 1),
            headings_style=FontFace(emphasis="BOLD", fill_color=(235, 238, 242)),
            line_height=_ROW_MM,
            padding=_PADDING_MM,
            text_align=tuple("RIGHT" if n in block.numbers else "LEFT" for n in range(widest)),
            col_widths=tuple(shares),
        ) as table:
            for row in block.rows:
                printed = table.row()
                cells = [*row, *[""] * (widest - len(row))]
                for cell, signs in zip(cells, most, strict=True):
                    printed.cell(_printable(_shorten(cell, signs)))
        self.set_font(FONT, size=_TEXT_SIZE)
        self.ln(3)

    def _write(self, text: str, style: str, size: float, indent_mm: float) -> None:
        self.set_font(FONT, style, size)
        self.set_x(self.l_margin + indent_mm)
        height = size * _POINT_MM * _LINE_HEIGHT
        self.multi_cell(0, height, _printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _column_shares(block: Block, columns: int) -> list[float]:
    """Share the width out: evenly, but where there are numbers by what columns hold."""
    if not block.numbers:
        return [1 / columns] * columns
    longest = [
        max((len(row[n]) for row in block.rows if n < len(row)), default=0) for n in range(columns)
    ]
    weights = [min(max(length, _FEWEST_SIGNS), _MOST_SIGNS) for length in longest]
    return [weight / sum(weights) for weight in weights]


def _shorten(text: str, most: int) -> str:
    """Cut what would make a row higher than a page; the HTML has it whole."""
    return text if len(text) <= most else f"{text[:most]} …"


def _printable(text: str) -> str:
    """Replace signs that the font cannot print."""
    return "".join(sign if sign == "\n" or ord(sign) in _signs() else _MISSING for sign in text)


@cache
def _signs() -> frozenset[int]:
    with resources.as_file(resources.files("font_roboto").joinpath("files", _FILES[""])) as file:
        return frozenset(TTFont(file).getBestCmap())
