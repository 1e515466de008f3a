"""What a field offers to choose from: its own options, a list among the variables, or records."""

from collections.abc import Mapping
from typing import Any

from ssflow.forms.bounds import MAX_OPTIONS
from ssflow.forms.component import Component, ComponentType, FieldKind, Option
from ssflow.forms.context import ChoiceKind, ChoiceQuery, FormContext
from ssflow.forms.evaluation import evaluate
from ssflow.forms.source import is_clean
from ssflow.forms.templates import Template

_USER_KINDS = frozenset({FieldKind.USER, FieldKind.USERS})


def list_options(component: Component, context: FormContext) -> tuple[Option, ...]:
    """List the options of a field that picks neither records nor users."""
    if component.option_source is None:
        return component.options
    found = evaluate(component.option_source, context.variables, context)
    if not isinstance(found, list):
        return ()
    own = {option.text: option.label for option in component.options}
    options = (_read_option(item, own) for item in found[:MAX_OPTIONS])
    return tuple({o.text: o for o in options if o is not None}.values())


def list_offers(
    component: Component, names: Mapping[str, Any], context: FormContext
) -> tuple[Option, ...]:
    """List everything a field offers, to show it."""
    if component.type is ComponentType.FILEPICKER or component.kind is None:
        return list_options(component, context)
    choices = context.choices(build_choice_query(component, names, context))
    return tuple(Option(choice.value, choice.label) for choice in choices)


def build_choice_query(
    component: Component,
    names: Mapping[str, Any],
    context: FormContext,
    values: tuple[str, ...] | None = None,
) -> ChoiceQuery:
    """Build the question which records or users a field may pick."""
    reference = component.reference
    if component.kind in _USER_KINDS:
        # Who holds a role is asked as a whole: ids alone would find people without it.
        wanted = None if reference.roles else values
        return ChoiceQuery(ChoiceKind.USER, roles=reference.roles, values=wanted)
    found = {name: _fill_in(text, names, context) for name, text in reference.filters}
    filters = {name: text for name, text in found.items() if text is not None}
    if len(filters) < len(found):
        return ChoiceQuery(ChoiceKind.RECORD, reference.entity, values=())
    return ChoiceQuery(ChoiceKind.RECORD, reference.entity, filters, values=values)


def _fill_in(template: Template, names: Mapping[str, Any], context: FormContext) -> str | None:
    """Write what records are filtered by as it is stored; None while an answer is missing."""
    texts: list[str] = []
    for part in template.parts:
        value = part if isinstance(part, str) else evaluate(part.expression, names, context)
        if value is None or value in ("", []):
            return None
        texts.append(str(value).lower() if isinstance(value, bool) else str(value))
    return "".join(texts)


def _read_option(item: object, own: Mapping[str, str]) -> Option | None:
    """Read an option; one without a label is called as the field's own option of that value."""
    if isinstance(item, Mapping):
        value, label = item.get("value"), item.get("label")
    else:
        value, label = item, None
    if not isinstance(value, str | int | float) or value == "":
        return None
    option = Option(value, "")
    if not is_clean(option.text):
        return None
    named = label if isinstance(label, str) and label else own.get(option.text)
    return Option(value, named or option.text)
