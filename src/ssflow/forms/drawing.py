"""From a form and the answers so far to what a template draws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ssflow.forms.component import (
    Component,
    ComponentType,
    Display,
    FieldKind,
    Option,
    Subtype,
)
from ssflow.forms.context import ChoiceKind, ChoiceQuery, FormContext
from ssflow.forms.evaluation import evaluate
from ssflow.forms.formats import show_template, show_value
from ssflow.forms.layout import Layout
from ssflow.forms.numbers import show_typed_number
from ssflow.forms.options import list_offers
from ssflow.forms.state import (
    ScopeState,
    get_submitted_rows,
    is_required,
    read_state,
)
from ssflow.forms.templates import Block, Format, FormatKind, Run
from ssflow.forms.views import (
    BlockView,
    ColumnView,
    ErrorLink,
    FactsView,
    FieldView,
    FormView,
    GapView,
    GroupView,
    OptionView,
    RowsView,
    RowView,
    RunView,
    TableView,
    View,
    ViewKind,
    Widget,
)

MAX_CHECKS = 15
MAX_TABLE_ROWS = 500
_MAX_TABLE_COLUMNS = 8
_NUMBERS = frozenset({FormatKind.NUMBER, FormatKind.MONEY, FormatKind.PCT})
_SCORES = {FieldKind.RATING: range(1, 6), FieldKind.NPS: range(11)}
_FORMATS = {
    FieldKind.MONEY: FormatKind.MONEY,
    FieldKind.PCT: FormatKind.PCT,
    FieldKind.USER: FormatKind.USER,
    FieldKind.USERS: FormatKind.USER,
    FieldKind.REF: FormatKind.REF,
    FieldKind.REFS: FormatKind.REF,
}
_INPUT_TYPES = {
    Subtype.DATE: "date",
    Subtype.TIME: "time",
    Subtype.DATETIME: "datetime-local",
}
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
    artist = _Artist(context, state, values, {}, errors or {})
    views = artist.draw_all(layout.components)
    targets = tuple(_list_targets(views))
    return FormView(
        title=layout.title,
        components=views,
        errors=tuple(_link_errors(targets, errors or {})),
        has_required=any(target.is_required for target in targets),
        is_dynamic=any(map(_is_dynamic, layout.components)),
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
class _Artist:
    """Draws one form or one row."""

    context: FormContext
    state: ScopeState
    values: Mapping[str, Any]
    facts: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]]
    prefix: str = ""
    path: str = ""

    @property
    def is_row(self) -> bool:
        return bool(self.prefix)

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
                blocks = tuple(self._show_block(block) for block in component.blocks)
                return FactsView(self._id(component.id), blocks)
            case ComponentType.TABLE:
                return self._draw_table(component)
            case ComponentType.SEPARATOR:
                return GapView(self._id(component.id), ViewKind.SEPARATOR)
            case ComponentType.SPACER:
                return GapView(self._id(component.id), ViewKind.SPACER)
            case ComponentType.GROUP:
                return self._draw_group(component)
            case ComponentType.DYNAMICLIST:
                return self._draw_rows(component)
            case ComponentType.EXPRESSION:
                return self._draw_output(component) if component.label.parts else None
            case _:
                return self._draw_field(component)

    def _draw_group(self, component: Component) -> GroupView:
        return GroupView(
            id=self._id(component.id),
            label=self._label(component),
            hint=self._hint(component),
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
            id=self._id(component.id),
            label=self._label(component),
            columns=tuple(heads),
            rows=tuple(
                tuple(show_value(row.get(c.key), c.format, self.context) for c in component.columns)
                for row in rows[:MAX_TABLE_ROWS]
            ),
        )

    def _show_block(self, block: Block) -> BlockView:
        lines = tuple(tuple(self._show_runs(line)) for line in block.lines)
        return BlockView(block.kind, lines, block.level)

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
            id=self._id(component.key),
            name=self.prefix + component.key,
            label=self._label(component),
            hint=self._hint(component),
            errors=self._errors(component),
            columns=tuple(self._draw_head(child) for child in _columns(component)),
            rows=rows,
            is_required=self._is_required(component) or _has_least_rows(component),
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
            self._label(component),
            is_required=component.limits.is_required,
            is_number=component.type in (ComponentType.NUMBER, ComponentType.EXPRESSION),
        )

    def _draw_output(self, component: Component) -> FieldView:
        kind = FormatKind.TEXT if component.kind is None else _FORMATS[component.kind]
        value = self.state.values.get(component.key)
        shown = show_value(value, Format(kind, component.reference.entity), self.context)
        return replace(self._base(component, Widget.OUTPUT), value=shown, is_required=False)

    def _draw_field(self, component: Component) -> FieldView:
        if not component.is_answerable:
            return self._draw_locked(component)
        raw = self._raw(component)
        match component.type:
            case ComponentType.TEXTAREA:
                view = replace(self._base(component, Widget.TEXTAREA), value=_to_text(raw))
            case ComponentType.NUMBER:
                view = self._draw_number(component, raw)
            case ComponentType.DATETIME:
                view = self._draw_moment(component, raw)
            case ComponentType.CHECKBOX:
                options = (OptionView(self._id(component.key), "true", "", raw is True),)
                view = replace(self._base(component, Widget.CHECKBOX), options=options)
            case ComponentType.FILEPICKER:
                view = self._draw_files(component, raw)
            case ComponentType.TEXTFIELD:
                view = self._draw_line(component, raw)
            case _:
                view = self._draw_choice(component, raw)
        return view

    def _draw_line(self, component: Component, raw: Any) -> FieldView:
        input_type = {"email": "email", "phone": "tel"}.get(component.limits.text_kind, "text")
        base = self._base(component, Widget.INPUT)
        return replace(base, value=_to_text(raw), input_type=input_type)

    def _draw_number(self, component: Component, raw: Any) -> FieldView:
        if component.kind in _SCORES:
            return self._draw_score(component, raw, _SCORES[component.kind])
        decimals = 2 if component.kind is FieldKind.MONEY else None
        value = _to_text(raw)
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            number = Decimal(repr(raw))
            value = show_typed_number(number, self.context.language, decimals=decimals)
        is_whole = component.limits.decimals == 0 and (component.limits.minimum or -1) >= 0
        suffix = component.suffix or ("%" if component.kind is FieldKind.PCT else "")
        prefix = component.prefix or ("€" if component.kind is FieldKind.MONEY else "")
        return replace(
            self._base(component, Widget.INPUT),
            value=value,
            input_mode="numeric" if is_whole else "decimal",
            prefix=prefix,
            suffix=suffix,
        )

    def _draw_score(self, component: Component, raw: Any, scores: range) -> FieldView:
        options = tuple(Option(score, str(score)) for score in scores)
        base = self._base(component, Widget.SELECT if self.is_row else Widget.RADIOS)
        return replace(base, options=self._show_options(component, options, [raw]), is_inline=True)

    def _draw_moment(self, component: Component, raw: Any) -> FieldView:
        subtype = component.subtype or Subtype.DATE
        value = _to_text(raw)
        if subtype is Subtype.DATETIME:
            value = self._to_local(value)
        base = self._base(component, Widget.INPUT)
        return replace(base, value=value, input_type=_INPUT_TYPES[subtype])

    def _to_local(self, text: str) -> str:
        try:
            moment = datetime.fromisoformat(text)
            local = moment if moment.tzinfo is None else moment.astimezone(self.context.timezone)
            return local.replace(tzinfo=None).isoformat(timespec="minutes")
        except (ValueError, OverflowError):
            return text

    def _draw_files(self, component: Component, raw: Any) -> FieldView:
        ids = [item for item in raw if isinstance(item, str)] if isinstance(raw, list) else []
        query = ChoiceQuery(ChoiceKind.FILE, values=tuple(ids))
        found = self.context.choices(query) if ids else ()
        options = tuple(Option(choice.value, choice.label) for choice in found)
        return replace(
            self._base(component, Widget.FILES),
            options=self._show_options(component, options, ids),
            accept=component.accept,
            is_multiple=component.is_multiple,
        )

    def _draw_choice(self, component: Component, raw: Any) -> FieldView:
        is_many = component.type in (ComponentType.CHECKLIST, ComponentType.TAGLIST)
        picked = (raw if isinstance(raw, list) else []) if is_many else [raw]
        options = list_offers(component, self.state.names, self.context)
        return replace(
            self._base(component, self._choose_widget(component, len(options))),
            options=self._show_options(component, options, picked),
            is_multiple=is_many,
            is_inline=component.display is Display.INLINE,
        )

    def _choose_widget(self, component: Component, count: int) -> Widget:
        if component.type in (ComponentType.CHECKLIST, ComponentType.TAGLIST):
            return Widget.SELECT if self.is_row or count > MAX_CHECKS else Widget.CHECKS
        if component.type is ComponentType.SELECT or self.is_row or count > MAX_CHECKS:
            return Widget.SELECT
        return Widget.CARDS if component.display is Display.CARDS else Widget.RADIOS

    def _show_options(
        self, component: Component, options: tuple[Option, ...], picked: Sequence[Any]
    ) -> tuple[OptionView, ...]:
        chosen = {
            Option(value, "").text for value in picked if isinstance(value, str | int | float)
        }
        start = self._id(component.key)
        return tuple(
            OptionView(
                id=f"{start}-{index}",
                value=option.text,
                label=option.label,
                is_selected=option.text in chosen,
                description=option.description,
            )
            for index, option in enumerate(options)
        )

    def _draw_locked(self, component: Component) -> FieldView:
        value = self.state.values.get(component.key)
        if component.type is ComponentType.FILEPICKER or (
            component.kind is None and component.type not in _PLAIN_TYPES
        ):
            value = self._name_options(component, value)
        kind = _FORMATS.get(component.kind) if component.kind else None
        how = Format(kind or FormatKind.TEXT, component.reference.entity)
        shown = show_value(value, how, self.context)
        return replace(self._base(component, Widget.OUTPUT), value=shown, is_required=False)

    def _name_options(self, component: Component, value: Any) -> Any:
        options = list_offers(component, self.state.names, self.context)
        labels = {option.text: option.label for option in options}
        picked = value if isinstance(value, list) else [value]
        return [labels.get(Option(item, "").text, item) for item in picked if item is not None]

    def _base(self, component: Component, widget: Widget) -> FieldView:
        return FieldView(
            widget=widget,
            id=self._id(component.key),
            name=self.prefix + component.key,
            label=self._label(component),
            hint=self._hint(component),
            errors=self._errors(component),
            max_length=component.limits.max_length,
            prefix=component.prefix,
            suffix=component.suffix,
            is_required=self._is_required(component),
        )

    def _raw(self, component: Component) -> Any:
        """Give the answer as it was typed, or the one to begin with."""
        if component.key in self.values:
            return self.values[component.key]
        return self.state.values.get(component.key)

    def _is_required(self, component: Component) -> bool:
        return component.is_answerable and is_required(component, self.state, self.context)

    def _label(self, component: Component) -> str:
        return show_template(component.label, self.state.names, self.context)

    def _hint(self, component: Component) -> str:
        return show_template(component.description, self.state.names, self.context)

    def _errors(self, component: Component) -> tuple[str, ...]:
        return tuple(self.errors.get(self.path + component.key, ()))

    def _id(self, name: str) -> str:
        return f"f-{self.prefix}{name}"


_PLAIN_TYPES = frozenset(
    {
        ComponentType.TEXTFIELD,
        ComponentType.TEXTAREA,
        ComponentType.NUMBER,
        ComponentType.DATETIME,
        ComponentType.CHECKBOX,
    }
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


def _to_text(raw: Any) -> str:
    return raw if isinstance(raw, str) else "" if raw is None else str(raw)


def _is_dynamic(component: Component) -> bool:
    return (
        component.hide is not None
        or component.required_when is not None
        or component.expression is not None
        or (component.rows is not None and component.rows.may_change)
        or any(map(_is_dynamic, component.children))
    )


@dataclass(frozen=True)
class _Target:
    """What an error may belong to: a field, an editable table or one of its rows."""

    name: str
    label: str
    is_required: bool = False


def _list_targets(views: Sequence[View | None]) -> Iterator[_Target]:
    for view in views:
        if isinstance(view, GroupView):
            yield from _list_targets(view.children)
        elif isinstance(view, FieldView):
            yield _Target(view.name, view.label, view.is_required)
        elif isinstance(view, RowsView):
            yield _Target(view.name, view.label, view.is_required)
            for row in view.rows:
                yield _Target(row.name, f"{view.label} {row.number}")
                yield from _list_targets(row.cells)


def _link_errors(
    targets: Sequence[_Target], errors: Mapping[str, Sequence[str]]
) -> Iterator[ErrorLink]:
    """Link each error to its field, in the order of the page; the rest comes last."""
    labels = {target.name: target.label for target in targets}
    places = {name: index for index, name in enumerate(labels)}
    names = {path: path.replace(".", "-") for path in errors}
    for path in sorted(errors, key=lambda p: places.get(names[p], len(places))):
        name = names[path]
        for message in errors[path]:
            if name in labels:
                yield ErrorLink(f"f-{name}", labels[name], message)
            else:
                yield ErrorLink("", path, message)
