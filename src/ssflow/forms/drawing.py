"""From a form and the answers so far to what a template draws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ssflow.forms.component import (
    Column,
    Component,
    ComponentType,
)
from ssflow.forms.context import FormContext
from ssflow.forms.dynamics import is_dynamic
from ssflow.forms.error_links import link_errors, list_targets
from ssflow.forms.evaluation import evaluate
from ssflow.forms.field_drawing import FieldArtist
from ssflow.forms.formats import NOTHING, show_template, show_value
from ssflow.forms.layout import Layout
from ssflow.forms.state import (
    get_submitted_rows,
    read_state,
)
from ssflow.forms.templates import Block, FormatKind, Run
from ssflow.forms.views import (
    BlockView,
    ColumnView,
    FactsView,
    FormView,
    GapView,
    GroupView,
    RowsView,
    RowView,
    RunView,
    TableView,
    View,
    ViewKind,
)

MAX_TABLE_ROWS = 500
_MAX_TABLE_COLUMNS = 7
_NUMBERS = frozenset({FormatKind.NUMBER, FormatKind.MONEY, FormatKind.PCT, FormatKind.YEAR})
_WIDE_TYPES = frozenset(
    {
        ComponentType.TEXTAREA,
        ComponentType.GROUP,
        ComponentType.DYNAMICLIST,
        ComponentType.TEXT,
        ComponentType.TABLE,
        ComponentType.CHECKLIST,
        ComponentType.FILEPICKER,
    }
)


def build_form_view(
    layout: Layout,
    values: Mapping[str, Any],
    context: FormContext,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> FormView:
    """Build all that a page shows of a form.

    `values` are answers as read from the page or saved as a draft, however wrong; a key that is
    not among them shows its default. `errors` are those of a `FormError`.
    """
    state = read_state(layout.components, values, context)
    artist = _Artist(context, state, values, errors or {})
    views = artist.draw_all(layout.components)
    targets = tuple(list_targets(views))
    return FormView(
        title=layout.title,
        components=views,
        errors=tuple(link_errors(targets, errors or {})),
        has_required=any(target.is_required for target in targets),
        is_dynamic=is_dynamic(layout.components),
        wrong=tuple(errors or ()),
    )


def visible_components(
    layout: Layout,
    values: Mapping[str, Any],
    context: FormContext,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> tuple[View, ...]:
    """Build the parts of a form that are not hidden."""
    return build_form_view(layout, values, context, errors).components


@dataclass(frozen=True)
class _Artist(FieldArtist):
    """Draws all of one form or one row."""

    def draw_all(self, components: tuple[Component, ...]) -> tuple[View, ...]:
        drawn = (self.draw(component) for component in components)
        return tuple(view for view in drawn if view is not None)

    def draw(self, component: Component) -> View | None:
        if component.id in self.state.hidden:
            return None
        view = self._draw(component)
        return None if view is None else replace(view, width=component.width)

    def _draw(self, component: Component) -> View | None:
        match component.type:
            case ComponentType.TEXT:
                blocks = (self._show_block(block) for block in component.blocks)
                told = tuple(block for block in blocks if block.lines)
                return FactsView(self.build_id(component.id), told)
            case ComponentType.TABLE:
                return self._draw_table(component)
            case ComponentType.SEPARATOR:
                return GapView(self.build_id(component.id), ViewKind.SEPARATOR)
            case ComponentType.SPACER:
                return GapView(self.build_id(component.id), ViewKind.SPACER)
            case ComponentType.GROUP:
                return self._draw_group(component)
            case ComponentType.DYNAMICLIST:
                return self._draw_rows(component)
            case ComponentType.EXPRESSION:
                return self.draw_output(component) if component.label.parts else None
            case _:
                return self.draw_field(component)

    def _draw_group(self, component: Component) -> GroupView:
        return GroupView(
            id=self.build_id(component.id),
            label=self.show_label(component),
            hint=self.show_hint(component),
            children=self.draw_all(component.children),
            is_outlined=component.is_outlined,
        )

    def _draw_table(self, component: Component) -> TableView:
        found = (
            evaluate(component.source, self.state.names, self.context) if component.source else []
        )
        rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
        heads = (
            ColumnView(c.label, is_number=c.format.kind in _NUMBERS) for c in component.columns
        )
        return TableView(
            id=self.build_id(component.id),
            label=self.show_label(component),
            columns=tuple(heads),
            rows=tuple(
                tuple(self._show_cell(column, row) for column in component.columns)
                for row in rows[:MAX_TABLE_ROWS]
            ),
        )

    def _show_cell(self, column: Column, row: Mapping[str, Any]) -> str:
        value = row.get(column.key)
        labels = {option.text: option.label for option in column.options}
        is_code = isinstance(value, str | int) and not isinstance(value, bool)
        named = labels.get(str(value)) if is_code else None
        return named or show_value(value, column.format, self.context)

    def _show_block(self, block: Block) -> BlockView:
        """Leave out lines of nothing but a value that is missing."""
        lines = (tuple(self._show_runs(line)) for line in block.lines)
        told = tuple(line for line in lines if "".join(run.text for run in line) != NOTHING)
        return BlockView(block.kind, told, block.level)

    def _show_runs(self, runs: tuple[Run, ...]) -> Iterator[RunView]:
        for run in runs:
            text = show_template(run.template, self.state.names, self.context)
            for index, line in enumerate(text.split("\n")):
                yield RunView(line, run.is_strong, starts_line=index > 0)

    def _draw_rows(self, component: Component) -> RowsView:
        rules = component.rows
        rows = tuple(self._draw_each_row(component))
        may_change = component.is_answerable and rules is not None and rules.may_change
        return RowsView(
            id=self.build_id(component.key),
            name=self.prefix + component.key,
            label=self.show_label(component),
            hint=self.show_hint(component),
            errors=self.find_errors(component),
            columns=tuple(self._draw_head(child) for child in _columns(component)),
            rows=rows,
            is_required=self.must_answer(component) or _has_least_rows(component),
            may_add=may_change and rules is not None and len(rows) < rules.maximum,
            may_remove=may_change and rules is not None and len(rows) > rules.minimum,
            has_cards=_needs_cards(component),
        )

    def _draw_each_row(self, component: Component) -> Iterator[RowView]:
        sent = get_submitted_rows(component, self.values, self.context)
        for index, state in enumerate(self.state.rows.get(component.key, ())):
            row = sent[index] if index < len(sent) else {}
            name = f"{self.prefix}{component.key}-{index}"
            path = f"{self.path}{component.key}.{index}"
            artist = replace(
                self,
                state=state,
                values=row if isinstance(row, Mapping) else {},
                prefix=f"{name}-",
                path=f"{path}.",
            )
            cells = tuple(artist.draw(child) for child in _columns(component))
            yield RowView(index + 1, name, cells, tuple(self.errors.get(path, ())))

    def _draw_head(self, component: Component) -> ColumnView:
        return ColumnView(
            self.show_label(component),
            is_required=component.limits.is_required,
            is_number=component.type in (ComponentType.NUMBER, ComponentType.EXPRESSION),
        )


def _columns(component: Component) -> tuple[Component, ...]:
    """Give what a row shows: an expression without a label is computed, but not shown."""
    return tuple(
        child
        for child in component.children
        if child.type is not ComponentType.EXPRESSION or child.label.parts
    )


def _has_least_rows(component: Component) -> bool:
    return component.rows is not None and component.rows.minimum > 0


def _needs_cards(component: Component) -> bool:
    columns = _columns(component)
    return len(columns) > _MAX_TABLE_COLUMNS or any(c.type in _WIDE_TYPES for c in columns)
