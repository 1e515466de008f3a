"""From a field and the answer so far to what a template draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ssflow.forms.component import Component, ComponentType, Display, FieldKind, Option, Subtype
from ssflow.forms.context import ChoiceKind, ChoiceQuery, FormContext
from ssflow.forms.formats import show_template, show_value
from ssflow.forms.numbers import show_typed_number
from ssflow.forms.options import list_offers
from ssflow.forms.state import ScopeState, is_required
from ssflow.forms.templates import Format, FormatKind
from ssflow.forms.views import FieldView, OptionView, Widget

MAX_CHECKS = 15
_SCORES = {FieldKind.RATING: range(1, 6), FieldKind.NPS: range(11)}
_FORMATS = {
    FieldKind.MONEY: FormatKind.MONEY,
    FieldKind.PCT: FormatKind.PCT,
    FieldKind.YEAR: FormatKind.YEAR,
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
_PLAIN_TYPES = frozenset(
    {
        ComponentType.TEXTFIELD,
        ComponentType.TEXTAREA,
        ComponentType.NUMBER,
        ComponentType.DATETIME,
        ComponentType.CHECKBOX,
    }
)


@dataclass(frozen=True)
class FieldArtist:
    """Draws the fields of one form or one row; `prefix` begins their names, `path` their errors."""

    context: FormContext
    state: ScopeState
    values: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]]
    prefix: str = ""
    path: str = ""

    @property
    def is_row(self) -> bool:
        """Whether the fields stand in a row of an editable table."""
        return bool(self.prefix)

    def draw_output(self, component: Component) -> FieldView:
        """Draw a computed value."""
        kind = FormatKind.TEXT if component.kind is None else _FORMATS[component.kind]
        value = self.state.values.get(component.key)
        shown = show_value(value, Format(kind, component.reference.entity), self.context)
        return replace(self._base(component, Widget.OUTPUT), value=shown, is_required=False)

    def draw_field(self, component: Component) -> FieldView:
        """Draw a field, as text when it cannot be answered."""
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
                options = (OptionView(self.build_id(component.key), "true", "", raw is True),)
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
        prefix = component.prefix or ("EUR" if component.kind is FieldKind.MONEY else "")
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
        start = self.build_id(component.key)
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
            id=self.build_id(component.key),
            name=self.prefix + component.key,
            label=self.show_label(component),
            hint=self.show_hint(component),
            errors=self.find_errors(component),
            max_length=component.limits.max_length,
            prefix=component.prefix,
            suffix=component.suffix,
            is_required=self.must_answer(component),
        )

    def _raw(self, component: Component) -> Any:
        """Give the answer as it was typed, or the one to begin with."""
        if component.key in self.values:
            return self.values[component.key]
        return self.state.values.get(component.key)

    def must_answer(self, component: Component) -> bool:
        """Say whether the field must be answered, with the other answers as they are."""
        return component.is_answerable and is_required(component, self.state, self.context)

    def show_label(self, component: Component) -> str:
        """Write the label with its expressions filled in."""
        return show_template(component.label, self.state.names, self.context)

    def show_hint(self, component: Component) -> str:
        """Write the hint with its expressions filled in."""
        return show_template(component.description, self.state.names, self.context)

    def find_errors(self, component: Component) -> tuple[str, ...]:
        """Find the sentences about the field."""
        return tuple(self.errors.get(self.path + component.key, ()))

    def build_id(self, name: str) -> str:
        """Build the id of an element."""
        return f"f-{self.prefix}{name}"


def _to_text(raw: Any) -> str:
    return raw if isinstance(raw, str) else "" if raw is None else str(raw)
