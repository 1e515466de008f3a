"""From the JSON of a field to its limits, its options and what it picks from."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from ssflow.forms.bounds import (
    DEFAULT_FILES,
    DEFAULT_LINE_LENGTH,
    MAX_OPTIONS,
    MAX_PATTERNED_LENGTH,
    MAX_TEXT_LENGTH,
)
from ssflow.forms.component import (
    Component,
    ComponentType,
    Display,
    FieldKind,
    Limits,
    Option,
    OptionValue,
    Reference,
    Subtype,
)
from ssflow.forms.numbers import MAX_TYPED_MONEY
from ssflow.forms.patterns import parse_pattern
from ssflow.forms.place import Place, is_name
from ssflow.forms.source import Source, is_clean
from ssflow.forms.templates import Template

_LIMITS_OF_KIND = {
    FieldKind.MONEY: Limits(minimum=Decimal(0), maximum=MAX_TYPED_MONEY, decimals=2),
    FieldKind.PCT: Limits(minimum=Decimal(0), maximum=Decimal(100)),
    FieldKind.RATING: Limits(minimum=Decimal(1), maximum=Decimal(5), decimals=0),
    FieldKind.NPS: Limits(minimum=Decimal(0), maximum=Decimal(10), decimals=0),
    FieldKind.YEAR: Limits(minimum=Decimal(1900), maximum=Decimal(2999), decimals=0),
}


def read_field(source: Source, place: Place, component: Component) -> Component:
    """Read what the type of a field has of its own; of other components nothing."""
    read = _READERS.get(component.type)
    return component if read is None else read(source, place, component)


def _read_text_field(source: Source, place: Place, component: Component) -> Component:
    validate = source.child("validate")
    is_line = component.type is ComponentType.TEXTFIELD
    most = validate.integer("maxLength", least=1, most=MAX_TEXT_LENGTH)
    pattern = validate.text("pattern")
    text_kind = validate.text("validationType")
    if text_kind not in ("", "custom", "email", "phone"):
        source.note("wrong_value", "“validationType” is email, phone or custom.")
    limits = replace(
        component.limits,
        min_length=validate.integer("minLength", most=MAX_TEXT_LENGTH) or 0,
        max_length=most or (DEFAULT_LINE_LENGTH if is_line else None),
        pattern=source.parse(pattern, parse_pattern, "bad_pattern", "pattern") if pattern else None,
        text_kind=text_kind if text_kind in ("email", "phone") else "",
    )
    if limits.pattern is not None:
        most = MAX_PATTERNED_LENGTH
        if limits.max_length is not None and limits.max_length > most:
            source.note("wrong_value", f"A field with a pattern takes at most {most} characters.")
        limits = replace(limits, max_length=limits.max_length or most)
    if limits.max_length is not None and limits.min_length > limits.max_length:
        source.note("wrong_value", "“minLength” must not exceed “maxLength”.")
    return replace(component, limits=limits)


def _read_number(source: Source, place: Place, component: Component) -> Component:
    validate = source.child("validate")
    known = _LIMITS_OF_KIND.get(component.kind, Limits()) if component.kind else Limits()
    minimum, maximum = validate.number("min"), validate.number("max")
    if component.kind is FieldKind.MONEY:
        minimum, maximum = (n if n is None else _bounded(n) for n in (minimum, maximum))
    decimals = source.integer("decimalDigits", most=10)
    limits = replace(
        component.limits,
        minimum=known.minimum if minimum is None else minimum,
        maximum=known.maximum if maximum is None else maximum,
        decimals=known.decimals if decimals is None else decimals,
    )
    if (
        limits.minimum is not None
        and limits.maximum is not None
        and limits.minimum > limits.maximum
    ):
        source.note("wrong_value", "“min” must not exceed “max”.")
    if component.kind in (FieldKind.RATING, FieldKind.NPS) and _is_stretched(limits, known):
        source.note("wrong_value", f"“min” and “max” cannot widen a {component.kind}.")
    return replace(component, limits=limits)


def _bounded(amount: Decimal) -> Decimal:
    """Give the amount, or the nearest one that may be typed."""
    return max(-MAX_TYPED_MONEY, min(amount, MAX_TYPED_MONEY))


def _is_stretched(limits: Limits, known: Limits) -> bool:
    return (limits.minimum or 0) < (known.minimum or 0) or (limits.maximum or 0) > (
        known.maximum or 0
    )


def _read_datetime(source: Source, place: Place, component: Component) -> Component:
    subtype = source.text("subtype", "date")
    if subtype not in Subtype.__members__.values():
        source.note("wrong_value", "“subtype” is date, time or datetime.")
        subtype = "date"
    limits = replace(component.limits, not_before_today=source.flag("disallowPassedDates"))
    return replace(component, subtype=Subtype(subtype), limits=limits)


def _read_filepicker(source: Source, place: Place, component: Component) -> Component:
    is_multiple = source.flag("multiple")
    limits = _read_item_limits(source, component, DEFAULT_FILES if is_multiple else 1)
    return replace(component, limits=limits, accept=source.text("accept"), is_multiple=is_multiple)


def _read_choice(source: Source, place: Place, component: Component) -> Component:
    path = place.prefix + component.key
    component = replace(component, display=_read_display(source))
    if component.type in (ComponentType.CHECKLIST, ComponentType.TAGLIST):
        component = replace(component, limits=_read_item_limits(source, component, None))
    if component.kind is not None:
        return replace(component, reference=_read_reference(source, component.kind))
    component = replace(
        component,
        options=read_options(source, place, path),
        option_source=source.expression("valuesExpression") or source.expression("valuesKey"),
    )
    if not component.options and component.option_source is None:
        source.note("missing_options", "A choice needs values, valuesExpression or valuesKey.")
    return component


def _read_item_limits(source: Source, component: Component, most: int | None) -> Limits:
    properties = source.child("properties")
    given = properties.integer("maxItems", least=1, most=MAX_OPTIONS)
    least = properties.integer("minItems", most=MAX_OPTIONS) or 0
    return replace(component.limits, min_items=least, max_items=given or most)


def _read_display(source: Source) -> Display:
    name = source.child("properties").text("display")
    if name not in Display.__members__.values():
        source.note("wrong_value", "“display” is cards or inline.")
        return Display.STACKED
    return Display(name)


def read_options(source: Source, place: Place, path: str) -> tuple[Option, ...]:
    """Read what may be chosen, or what codes are called; `path` finds the translated labels."""
    options: list[Option] = []
    for child in source.children("values"):
        value: OptionValue | None = child.data.get("value")
        if value is None or not _is_option_value(value):
            source.note("wrong_value", "The value of an option is a text, a number, true or false.")
            continue
        option = Option(value, child.text("label"), child.text("description"))
        label = place.labels.find(f"{path}.{option.text}", option.label or option.text)
        options.append(replace(option, label=label))
    if len(options) > MAX_OPTIONS:
        source.note("too_large", f"A field has at most {MAX_OPTIONS} options.")
    if len({option.text for option in options}) < len(options):
        source.note("duplicate_option", "Two options have the same value.")
    return tuple(options)


def _is_option_value(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= MAX_OPTIONS and is_clean(value)
    return isinstance(value, bool | int | float) and abs(value) < 2**53


def _read_reference(source: Source, kind: FieldKind) -> Reference:
    properties = source.child("properties")
    if kind in (FieldKind.USER, FieldKind.USERS):
        return Reference(roles=properties.names("role"))
    entity = properties.text("entity")
    if not is_name(entity):
        source.note("missing_entity", "A field of type ref needs the property “entity”.")
    return Reference(entity=entity, filters=_read_filters(source, properties))


def _read_filters(source: Source, properties: Source) -> tuple[tuple[str, Template], ...]:
    filters: list[tuple[str, Template]] = []
    for part in properties.names("filter"):
        name, sign, value = part.partition("=")
        if not sign or not is_name(name.strip()):
            source.note("wrong_value", "A filter is written as “field=value, field=value”.")
            continue
        filters.append((name.strip(), source.read_template(value.strip(), "filter")))
    return tuple(filters)


_READERS: dict[ComponentType, Callable[[Source, Place, Component], Component]] = {
    ComponentType.TEXTFIELD: _read_text_field,
    ComponentType.TEXTAREA: _read_text_field,
    ComponentType.NUMBER: _read_number,
    ComponentType.DATETIME: _read_datetime,
    ComponentType.FILEPICKER: _read_filepicker,
    ComponentType.RADIO: _read_choice,
    ComponentType.SELECT: _read_choice,
    ComponentType.CHECKLIST: _read_choice,
    ComponentType.TAGLIST: _read_choice,
}
