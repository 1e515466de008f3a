"""What a template needs to draw a form: plain values, nothing left to work out."""

from dataclasses import dataclass
from enum import StrEnum


class Widget(StrEnum):
    """How a field is drawn."""

    INPUT = "input"
    TEXTAREA = "textarea"
    CHECKBOX = "checkbox"
    RADIOS = "radios"
    CARDS = "cards"
    CHECKS = "checks"
    SELECT = "select"
    FILES = "files"
    OUTPUT = "output"


class ViewKind(StrEnum):
    """Which macro draws a part of a form."""

    FIELD = "field"
    GROUP = "group"
    ROWS = "rows"
    FACTS = "facts"
    TABLE = "table"
    SEPARATOR = "separator"
    SPACER = "spacer"


@dataclass(frozen=True)
class OptionView:
    """An option of a field; of files, one that was added before."""

    id: str
    value: str
    label: str
    is_selected: bool
    description: str = ""


@dataclass(frozen=True)
class FieldView:
    """One field."""

    widget: Widget
    id: str
    name: str
    label: str
    value: str = ""
    hint: str = ""
    errors: tuple[str, ...] = ()
    options: tuple[OptionView, ...] = ()
    input_type: str = "text"
    input_mode: str = ""
    max_length: int | None = None
    prefix: str = ""
    suffix: str = ""
    accept: str = ""
    width: int = 12
    is_required: bool = False
    is_multiple: bool = False
    is_inline: bool = False
    kind: ViewKind = ViewKind.FIELD

    @property
    def described_by(self) -> str:
        """The ids of the elements that explain the field."""
        parts = [f"{self.id}-error"] if self.errors else []
        return " ".join(parts + ([f"{self.id}-hint"] if self.hint else []))


@dataclass(frozen=True)
class ColumnView:
    """The head of a column."""

    label: str
    is_required: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class RowView:
    """A row of an editable table; `name` is what its remove button sends.

    In a table `cells` has one entry a column, None where the field is hidden.
    """

    number: int
    name: str
    cells: tuple["View | None", ...]
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowsView:
    """An editable table, drawn as a table or, where its cells need room, as cards."""

    id: str
    name: str
    label: str
    hint: str
    errors: tuple[str, ...]
    columns: tuple[ColumnView, ...]
    rows: tuple[RowView, ...]
    is_required: bool
    may_add: bool
    may_remove: bool
    has_cards: bool
    width: int = 12
    kind: ViewKind = ViewKind.ROWS

    @property
    def described_by(self) -> str:
        """The ids of the elements that explain the table."""
        parts = [f"{self.id}-error"] if self.errors else []
        return " ".join(parts + ([f"{self.id}-hint"] if self.hint else []))


@dataclass(frozen=True)
class RunView:
    """Part of a line; `starts_line` puts a line break before it."""

    text: str
    is_strong: bool = False
    starts_line: bool = False


@dataclass(frozen=True)
class BlockView:
    """A heading, a paragraph or a list, of lines of runs."""

    block: str
    lines: tuple[tuple[RunView, ...], ...]
    level: int = 0


@dataclass(frozen=True)
class FactsView:
    """Text to read."""

    id: str
    blocks: tuple[BlockView, ...]
    width: int = 12
    kind: ViewKind = ViewKind.FACTS


@dataclass(frozen=True)
class TableView:
    """A table to read."""

    id: str
    label: str
    columns: tuple[ColumnView, ...]
    rows: tuple[tuple[str, ...], ...]
    width: int = 12
    kind: ViewKind = ViewKind.TABLE


@dataclass(frozen=True)
class GroupView:
    """Fields that belong together."""

    id: str
    label: str
    hint: str
    children: tuple["View", ...]
    is_outlined: bool
    width: int = 12
    kind: ViewKind = ViewKind.GROUP


@dataclass(frozen=True)
class GapView:
    """A line or some room between fields."""

    id: str
    kind: ViewKind
    width: int = 12


View = FieldView | RowsView | FactsView | TableView | GroupView | GapView


@dataclass(frozen=True)
class ErrorLink:
    """A line of the error summary: the element to go to (or empty), its label, what is wrong."""

    target: str
    label: str
    message: str


@dataclass(frozen=True)
class FormView:
    """A whole form.

    `is_dynamic`: answers may change what is shown, so it is redrawn. `wrong` names the fields that
    were handed in wrongly, `costs.0.y0` in a table: a redraw looks at them again.
    """

    title: str
    components: tuple[View, ...]
    errors: tuple[ErrorLink, ...]
    has_required: bool
    is_dynamic: bool
    wrong: tuple[str, ...] = ()
    is_redrawn: bool = False
