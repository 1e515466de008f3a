"""What a chart shows: a table first; the browser draws the picture from its cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = float | Decimal | date | str | None


class ChartKind(StrEnum):
    """How a table is drawn; `frontend/src/charts.js` has one drawing for each."""

    BARS = "bars"
    """Bars and lines side by side, as each column says."""
    STACKED = "stacked"
    ACROSS = "across"
    """Bars from left to right: for long names."""
    BUBBLES = "bubbles"
    """Columns x, y, size and group."""
    DOUGHNUT = "doughnut"
    HEAT = "heat"
    """The darker a cell, the more."""
    GANTT = "gantt"
    """Columns start and end, both dates."""
    WATERFALL = "waterfall"
    """One column of changes; the first row is where it begins."""
    QUARTILES = "quartiles"
    """Columns low, first quarter, middle, third quarter and high."""


class DrawnAs(StrEnum):
    """What a column of figures is in the drawing."""

    BAR = "bar"
    LINE = "line"
    TARGET = "target"
    X = "x"
    Y = "y"
    SIZE = "size"
    GROUP = "group"
    START = "start"
    END = "end"
    POINT = "point"
    NOT = "not"
    """Stands in the table only."""


class Unit(StrEnum):
    """How figures of a column are written."""

    COUNT = "count"
    MONEY = "money"
    PCT = "pct"
    DAYS = "days"
    DAY = "day"
    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True)
class Column:
    """A column of figures."""

    label: str
    drawn_as: DrawnAs = DrawnAs.BAR
    unit: Unit = Unit.COUNT
    colour: str = ""
    """good, warn, bad or quiet; empty: the next of the palette."""


@dataclass(frozen=True)
class Row:
    """One category with its figures, one a column; `url` leads to what it stands for."""

    label: str
    values: tuple[Value, ...]
    url: str | None = None


@dataclass(frozen=True)
class Chart:
    """A chart with its table; without rows the page says that there is nothing to show yet."""

    id: str
    kind: ChartKind
    title: str
    first: str
    """What the first column, the categories, is called."""
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    hint: str = ""
    target: float | None = None
    """A line across the drawing, such as the share that is aimed at."""
