"""Rules about the rows of an editable table: which are blank, and what holds between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ssflow.forms import messages
from ssflow.forms.component import Component, ComponentType, flatten
from ssflow.forms.context import FormContext
from ssflow.forms.options import list_options


@dataclass(frozen=True)
class Breach:
    """A rule that a cell (`.3.due`) or the whole table (nothing) breaks."""

    place: str
    message: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def find_breaches(
    component: Component, rows: Mapping[int, Mapping[str, Any]], context: FormContext
) -> Iterator[Breach]:
    """Find where the rows, by their place in the table, break the rules between rows."""
    rules = component.rows
    if rules is None:
        return
    for key in rules.unique:
        yield from _find_repeated(key, rows)
    for key in rules.ascending:
        yield from _find_descending(key, rows)
    for key in rules.covers:
        column = next(child for child in component.children if child.key == key)
        yield from _find_uncovered(column, rows, context)


def _find_repeated(key: str, rows: Mapping[int, Mapping[str, Any]]) -> Iterator[Breach]:
    seen: set[str] = set()
    for index, row in rows.items():
        value = repr(row[key])
        if value in seen:
            yield Breach(f".{index}.{key}", messages.NOT_UNIQUE)
        seen.add(value)


def _find_descending(key: str, rows: Mapping[int, Mapping[str, Any]]) -> Iterator[Breach]:
    last: Any = None
    for index, row in rows.items():
        value = row[key]
        if value is None:
            continue
        if last is not None and not value > last:
            yield Breach(f".{index}.{key}", messages.NOT_ASCENDING)
        last = value


def _find_uncovered(
    column: Component, rows: Mapping[int, Mapping[str, Any]], context: FormContext
) -> Iterator[Breach]:
    found = {repr(row[column.key]) for row in rows.values()}
    for option in list_options(column, context):
        if repr(option.value) not in found:
            yield Breach("", messages.NOT_COVERED, {"option": option.label})


def is_blank(children: tuple[Component, ...], row: Any) -> bool:
    """Say whether nothing was filled in: every answer is missing, empty or the column's default."""
    if not isinstance(row, Mapping):
        return False
    columns = {child.key: child for child in flatten(children)}
    return all(_is_idle(columns.get(key), value) for key, value in row.items())


def _is_idle(column: Component | None, value: Any) -> bool:
    if value is None or value is False or value in ("", []):
        return True
    if column is None:
        return False
    if column.type is ComponentType.EXPRESSION:
        return True
    if column.type is ComponentType.DYNAMICLIST and isinstance(value, list):
        return all(is_blank(column.children, row) for row in value)
    return bool(value == column.default)
