"""What a form consists of, read and checked: plain values that never change."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ssflow.feel.expression import Expression
from ssflow.forms.patterns import Pattern
from ssflow.forms.templates import Block, Format, Template

OptionValue = str | int | float | bool


class ComponentType(StrEnum):
    """The components of form-js that a form may use."""

    TEXTFIELD = "textfield"
    TEXTAREA = "textarea"
    NUMBER = "number"
    DATETIME = "datetime"
    FILEPICKER = "filepicker"
    CHECKBOX = "checkbox"
    CHECKLIST = "checklist"
    RADIO = "radio"
    SELECT = "select"
    TAGLIST = "taglist"
    TABLE = "table"
    SPACER = "spacer"
    SEPARATOR = "separator"
    TEXT = "text"
    GROUP = "group"
    DYNAMICLIST = "dynamiclist"
    EXPRESSION = "expression"


class FieldKind(StrEnum):
    """The kinds of field that form-js lacks: `properties.type`."""

    MONEY = "money"
    PCT = "pct"
    RATING = "rating"
    NPS = "nps"
    YEAR = "year"
    REF = "ref"
    REFS = "refs"
    USER = "user"
    USERS = "users"


class Subtype(StrEnum):
    """What a datetime component asks for."""

    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"


class Display(StrEnum):
    """How the options of a radio field are laid out."""

    STACKED = ""
    INLINE = "inline"
    CARDS = "cards"


@dataclass(frozen=True)
class Option:
    """One answer that a field offers."""

    value: OptionValue
    label: str
    description: str = ""

    @property
    def text(self) -> str:
        """The value as an HTML form sends it."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


@dataclass(frozen=True)
class Limits:
    """What an answer must keep to."""

    is_required: bool = False
    min_length: int = 0
    max_length: int | None = None
    pattern: Pattern | None = None
    text_kind: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int | None = None
    min_items: int = 0
    max_items: int | None = None
    not_before_today: bool = False


@dataclass(frozen=True)
class Reference:
    """Which records or users a field may pick."""

    entity: str = ""
    filters: tuple[tuple[str, Template], ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowRules:
    """How many rows an editable table has, and what holds between them."""

    minimum: int
    maximum: int
    initial: int
    may_change: bool
    unique: tuple[str, ...] = ()
    ascending: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a read-only table."""

    key: str
    label: str
    format: Format
    options: tuple[Option, ...] = ()
    """What its codes are called; anything else is shown as it is."""


@dataclass(frozen=True)
class Component:
    """One part of a form. What its type has no use for stays at its default."""

    id: str
    type: ComponentType
    key: str = ""
    label: Template = field(default_factory=Template)
    description: Template = field(default_factory=Template)
    kind: FieldKind | None = None
    subtype: Subtype | None = None
    limits: Limits = field(default_factory=Limits)
    options: tuple[Option, ...] = ()
    option_source: Expression | None = None
    reference: Reference = field(default_factory=Reference)
    default: Any = None
    prefill: Expression | None = None
    hide: Expression | None = None
    required_when: Expression | None = None
    check: Expression | None = None
    message: str = ""
    expression: Expression | None = None
    children: tuple["Component", ...] = ()
    rows: RowRules | None = None
    source: Expression | None = None
    columns: tuple[Column, ...] = ()
    blocks: tuple[Block, ...] = ()
    display: Display = Display.STACKED
    width: int = 12
    prefix: str = ""
    suffix: str = ""
    accept: str = ""
    is_multiple: bool = False
    is_outlined: bool = False
    is_disabled: bool = False
    is_readonly: bool = False
    is_personal: bool = False

    @property
    def is_input(self) -> bool:
        """Whether it takes an answer of its own, apart from being disabled or read-only."""
        return self.type in INPUT_TYPES

    @property
    def is_answerable(self) -> bool:
        """Whether people may answer it."""
        return self.is_input and not self.is_disabled and not self.is_readonly

    @property
    def empty(self) -> Any:
        """The JSON value of no answer."""
        if self.type in (ComponentType.TEXTFIELD, ComponentType.TEXTAREA):
            return ""
        if self.type is ComponentType.CHECKBOX:
            return False
        return [] if self.type in LIST_TYPES else None


INPUT_TYPES = frozenset(
    {
        ComponentType.TEXTFIELD,
        ComponentType.TEXTAREA,
        ComponentType.NUMBER,
        ComponentType.DATETIME,
        ComponentType.FILEPICKER,
        ComponentType.CHECKBOX,
        ComponentType.CHECKLIST,
        ComponentType.RADIO,
        ComponentType.SELECT,
        ComponentType.TAGLIST,
        ComponentType.DYNAMICLIST,
    }
)
KEYED_TYPES = INPUT_TYPES | {ComponentType.EXPRESSION}
LIST_TYPES = frozenset(
    {
        ComponentType.FILEPICKER,
        ComponentType.CHECKLIST,
        ComponentType.TAGLIST,
        ComponentType.DYNAMICLIST,
    }
)


def flatten(components: tuple[Component, ...]) -> tuple[Component, ...]:
    """Give the components of one scope, groups replaced by what is in them."""
    found: list[Component] = []
    for component in components:
        if component.type is ComponentType.GROUP:
            found.extend(flatten(component.children))
        else:
            found.append(component)
    return tuple(found)
