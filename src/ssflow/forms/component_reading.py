"""From the JSON of a form to its components, noting every problem on the way."""

import keyword
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from ssflow.forms.component import (
    KEYED_TYPES,
    Column,
    Component,
    ComponentType,
    Display,
    FieldKind,
    Limits,
    Option,
    OptionValue,
    Reference,
    RowRules,
    Subtype,
)
from ssflow.forms.labels import Labels
from ssflow.forms.patterns import parse_pattern
from ssflow.forms.source import Source, is_clean
from ssflow.forms.templates import Format, FormatKind, Template, parse_blocks

MAX_COMPONENTS = 300
MAX_DEPTH = 6
MAX_OPTIONS = 500
MAX_TEXT_LENGTH = 500_000
DEFAULT_LINE_LENGTH = 1_000
DEFAULT_ROWS = 100
MAX_ROWS = 1_000
DEFAULT_FILES = 5

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_SUPPLIED_NAMES = frozenset({"initiator", "done_by", "now", "business_key"})
_FEEL_WORDS = frozenset(
    {
        *("and", "or", "not", "in", "if", "then", "else", "for", "return", "some", "every"),
        *("satisfies", "between", "true", "false", "null", "instance", "of", "function"),
    }
)
_PROPERTIES = frozenset(
    {
        *("type", "entity", "filter", "role", "requiredWhen", "check", "message", "prefill"),
        *("personal", "display", "minItems", "maxItems"),
        *("minRows", "maxRows", "unique", "ascending", "covers"),
    }
)
_NUMBER_KINDS = frozenset({FieldKind.MONEY, FieldKind.PCT, FieldKind.RATING, FieldKind.NPS})
_KINDS_OF_TYPE = {
    ComponentType.NUMBER: _NUMBER_KINDS,
    ComponentType.EXPRESSION: frozenset({FieldKind.MONEY, FieldKind.PCT}),
    ComponentType.SELECT: frozenset({FieldKind.REF, FieldKind.USER}),
    ComponentType.RADIO: frozenset({FieldKind.REF, FieldKind.USER}),
    ComponentType.TAGLIST: frozenset({FieldKind.REFS, FieldKind.USERS}),
    ComponentType.CHECKLIST: frozenset({FieldKind.REFS, FieldKind.USERS}),
}
_LIMITS_OF_KIND = {
    FieldKind.MONEY: Limits(minimum=Decimal(0), decimals=2),
    FieldKind.PCT: Limits(minimum=Decimal(0), maximum=Decimal(100)),
    FieldKind.RATING: Limits(minimum=Decimal(1), maximum=Decimal(5), decimals=0),
    FieldKind.NPS: Limits(minimum=Decimal(0), maximum=Decimal(10), decimals=0),
}


@dataclass(frozen=True)
class Place:
    """Where in the form a component stands."""

    labels: Labels
    prefix: str = ""
    depth: int = 0
    has_fixed_rows: bool = False

    def within(self, key: str, *, has_fixed_rows: bool) -> "Place":
        """Give the place of the columns of a list."""
        prefix = f"{self.prefix}{key}."
        return replace(self, prefix=prefix, depth=self.depth + 1, has_fixed_rows=has_fixed_rows)


def read_components(sources: list[Source], place: Place) -> tuple[Component, ...]:
    """Read the components of one level; those that cannot be read are left out and noted."""
    components: list[Component] = []
    for index, source in enumerate(sources):
        default_id = f"{place.prefix}{place.depth}_{index + 1}".replace(".", "_")
        component = _read_component(source, place, f"component_{default_id}")
        if component is not None:
            components.append(component)
    return tuple(components)


def is_name(text: str) -> bool:
    """Say whether a text can name a form or an answer."""
    return _NAME.fullmatch(text) is not None


def _read_component(source: Source, place: Place, default_id: str) -> Component | None:
    given_id = source.data.get("id")
    key = source.data.get("key") or source.data.get("path")
    identifier = given_id if isinstance(given_id, str) and _ID.fullmatch(given_id) else default_id
    source.component = place.prefix + (key if isinstance(key, str) and is_name(key) else identifier)
    if place.depth > MAX_DEPTH:
        source.note("too_large", f"Components nest at most {MAX_DEPTH} levels deep.")
        return None
    kind = source.data.get("type")
    if not isinstance(kind, str) or kind not in ComponentType.__members__.values():
        source.note("unsupported_type", f"A component of type “{kind}” is not supported.")
        return None
    component_type = ComponentType(kind)
    component = _read_common(source, place, Component(identifier, component_type))
    return _READERS.get(component_type, _keep)(source, place, component)


def _read_common(source: Source, place: Place, component: Component) -> Component:
    properties = _read_properties(source)
    component = replace(component, key=_read_key(source, component.type))
    path = place.prefix + (component.key or component.id)
    is_locked = source.flag("disabled") or source.flag("readonly")
    if is_locked and place.prefix and not place.has_fixed_rows:
        source.note(
            "readonly_column",
            "A column may be read-only only where rows are fixed (allowAddRemove: false).",
        )
    return replace(
        component,
        label=_read_label(source, place, path),
        description=_translated(source, place, path, "description"),
        kind=_read_kind(properties, component.type),
        limits=Limits(is_required=source.child("validate").flag("required")),
        default=source.data.get("defaultValue"),
        prefill=properties.expression("prefill"),
        hide=source.child("conditional").expression("hide"),
        required_when=properties.expression("requiredWhen"),
        check=properties.expression("check"),
        message=_read_message(properties, place, path),
        width=_read_width(source),
        prefix=source.child("appearance").text("prefixAdorner"),
        suffix=source.child("appearance").text("suffixAdorner"),
        is_disabled=source.flag("disabled"),
        is_readonly=source.flag("readonly"),
        is_personal=properties.flag("personal"),
    )


def _read_properties(source: Source) -> Source:
    properties = source.child("properties")
    for name in properties.data:
        if name not in _PROPERTIES:
            source.note("unknown_property", f"There is no property “{name[:100]}”.")
    return properties


def _read_key(source: Source, component_type: ComponentType) -> str:
    if component_type not in KEYED_TYPES:
        return ""
    name = (
        "key"
        if source.data.get("key") or component_type is not ComponentType.DYNAMICLIST
        else "path"
    )
    key = source.text(name)
    if not key:
        source.note("missing_key", f"A {component_type} needs a key.")
    elif not is_name(key):
        source.note(
            "bad_key",
            f"“{key[:100]}” cannot be a key: a letter, then letters, digits or “_”, at most 64.",
        )
    elif keyword.iskeyword(key) or key in _FEEL_WORDS or key in _SUPPLIED_NAMES:
        source.note(
            "reserved_key", f"“{key}” means something else in expressions: take another key."
        )
    else:
        return key
    return ""


def _read_label(source: Source, place: Place, path: str) -> Template:
    name = next((n for n in ("label", "dateLabel", "timeLabel") if source.data.get(n)), "label")
    return source.read_template(place.labels.find(path, source.text(name)), name)


def _translated(source: Source, place: Place, path: str, name: str) -> Template:
    return source.read_template(place.labels.find(path, source.text(name), part=name), name)


def _read_kind(properties: Source, component_type: ComponentType) -> FieldKind | None:
    name = properties.text("type")
    if not name:
        return None
    if name not in FieldKind.__members__.values():
        properties.note("unknown_kind", f"There is no properties.type “{name[:100]}”.")
        return None
    kind = FieldKind(name)
    if kind not in _KINDS_OF_TYPE.get(component_type, frozenset()):
        properties.note("wrong_kind", f"A {component_type} cannot be a “{kind}”.")
        return None
    return kind


def _read_message(properties: Source, place: Place, path: str) -> str:
    message = place.labels.find(path, properties.text("message"), part="message")
    if properties.data.get("check") and not message:
        properties.note("missing_message", "A check needs a message that says what to mend.")
    return message


def _read_width(source: Source) -> int:
    columns = source.child("layout").integer("columns", least=1, most=16)
    return 12 if columns is None else max(1, math.floor(columns * 12 / 16))


def _keep(source: Source, place: Place, component: Component) -> Component:
    return component


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
    if limits.max_length is not None and limits.min_length > limits.max_length:
        source.note("wrong_value", "“minLength” must not exceed “maxLength”.")
    return replace(component, limits=limits)


def _read_number(source: Source, place: Place, component: Component) -> Component:
    validate = source.child("validate")
    known = _LIMITS_OF_KIND.get(component.kind, Limits()) if component.kind else Limits()
    minimum, maximum = validate.number("min"), validate.number("max")
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
        options=_read_options(source, place, path),
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


def _read_options(source: Source, place: Place, path: str) -> tuple[Option, ...]:
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


def _read_list(source: Source, place: Place, component: Component) -> Component:
    may_change = source.flag("allowAddRemove", default=True)
    inner = place.within(component.key, has_fixed_rows=not may_change)
    children = read_components(source.children("components"), inner)
    if not children:
        source.note("missing_key", "An editable table needs columns.")
    if not may_change and component.prefill is None:
        source.note(
            "wrong_value", "Fixed rows (allowAddRemove: false) come from the property “prefill”."
        )
    rules = _read_row_rules(source, component, may_change=may_change)
    known = {child.key for child in children if child.key}
    for name in rules.unique + rules.ascending + rules.covers:
        if name not in known:
            source.note("unknown_column", f"There is no column “{name[:100]}”.")
    return replace(component, children=children, rows=rules)


def _read_row_rules(source: Source, component: Component, *, may_change: bool) -> RowRules:
    properties = source.child("properties")
    least = properties.integer("minRows", most=MAX_ROWS)
    most = properties.integer("maxRows", least=1, most=MAX_ROWS) or DEFAULT_ROWS
    minimum = least if least is not None else int(component.limits.is_required)
    if minimum > most:
        source.note("wrong_value", "“minRows” must not exceed “maxRows”.")
    initial = source.integer("defaultRepetitions", most=MAX_ROWS)
    return RowRules(
        minimum=minimum,
        maximum=most,
        initial=max(minimum, 1 if initial is None else initial) if may_change else 0,
        may_change=may_change,
        unique=properties.names("unique"),
        ascending=properties.names("ascending"),
        covers=properties.names("covers"),
    )


def _read_group(source: Source, place: Place, component: Component) -> Component:
    if source.text("path"):
        source.note(
            "group_path", "The path of a group must be empty: its fields stand at the form's level."
        )
    children = read_components(source.children("components"), replace(place, depth=place.depth + 1))
    return replace(component, children=children, is_outlined=source.flag("showOutline"))


def _read_expression(source: Source, place: Place, component: Component) -> Component:
    expression = source.expression("expression")
    if expression is None and not source.text("expression").strip():
        source.note("bad_feel", "An expression component needs “expression”.")
    return replace(component, expression=expression)


def _read_table(source: Source, place: Place, component: Component) -> Component:
    if source.data.get("columnsExpression"):
        source.note("wrong_value", "“columnsExpression” is not supported: list the columns.")
    columns = tuple(
        _read_column(child, place, component.id) for child in source.children("columns")
    )
    if not columns or not source.text("dataSource"):
        source.note("wrong_value", "A table needs “dataSource” and “columns”.")
    return replace(component, source=source.expression("dataSource"), columns=columns)


def _read_column(source: Source, place: Place, table_id: str) -> Column:
    key = source.text("key")
    if not is_name(key):
        source.note("bad_key", f"“{key[:100]}” cannot be the key of a column.")
    kind = source.text("type", "text")
    if kind not in FormatKind.__members__.values():
        source.note("unknown_kind", f"There is no column type “{kind[:100]}”.")
        kind = "text"
    if kind == "ref" and not is_name(source.text("entity")):
        source.note("missing_entity", "A column of type ref needs “entity”.")
    label = place.labels.find(f"{table_id}.{key}", source.text("label"))
    return Column(key, label or key, Format(FormatKind(kind), source.text("entity")))


def _read_text(source: Source, place: Place, component: Component) -> Component:
    text = place.labels.find(place.prefix + component.id, source.text("text"))
    return replace(component, blocks=source.parse(text, parse_blocks, "bad_template", "text") or ())


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
    ComponentType.GROUP: _read_group,
    ComponentType.DYNAMICLIST: _read_list,
    ComponentType.EXPRESSION: _read_expression,
    ComponentType.TABLE: _read_table,
    ComponentType.TEXT: _read_text,
}
