"""From the JSON of a form to its components, noting every problem on the way."""

import keyword
import math
import re
from collections.abc import Callable
from dataclasses import replace

from ssflow.forms.bounds import (
    DEFAULT_INNER_ROWS,
    DEFAULT_ROWS,
    MAX_DEPTH,
    MAX_ROWS,
    MAX_ROWS_WITHIN_ROWS,
)
from ssflow.forms.component import (
    INPUT_TYPES,
    KEYED_TYPES,
    Column,
    Component,
    ComponentType,
    FieldKind,
    Limits,
    RowRules,
)
from ssflow.forms.field_reading import read_field, read_options
from ssflow.forms.place import Place, is_name
from ssflow.forms.source import Source
from ssflow.forms.templates import Format, FormatKind, Template, parse_blocks

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
# What the engine supplies to expressions, and what a page sends beside the fields.
_TAKEN_NAMES = frozenset(
    {"initiator", "done_by", "now", "business_key", "csrf_token", "idempotency_key"}
)
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
_NUMBER_KINDS = frozenset(
    {FieldKind.MONEY, FieldKind.PCT, FieldKind.RATING, FieldKind.NPS, FieldKind.YEAR}
)
_KINDS_OF_TYPE = {
    ComponentType.NUMBER: _NUMBER_KINDS,
    ComponentType.EXPRESSION: frozenset({FieldKind.MONEY, FieldKind.PCT, FieldKind.YEAR}),
    ComponentType.SELECT: frozenset({FieldKind.REF, FieldKind.USER}),
    ComponentType.RADIO: frozenset({FieldKind.REF, FieldKind.USER}),
    ComponentType.TAGLIST: frozenset({FieldKind.REFS, FieldKind.USERS}),
    ComponentType.CHECKLIST: frozenset({FieldKind.REFS, FieldKind.USERS}),
}


def read_components(sources: list[Source], place: Place) -> tuple[Component, ...]:
    """Read the components of one level; those that cannot be read are left out and noted."""
    components: list[Component] = []
    for index, source in enumerate(sources):
        default_id = f"{place.prefix}{place.depth}_{index + 1}".replace(".", "_")
        component = _read_component(source, place, f"component_{default_id}")
        if component is not None:
            components.append(component)
    return tuple(components)


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
        source.note("unsupported_type", _unsupported(kind))
        return None
    component_type = ComponentType(kind)
    component = _read_common(source, place, Component(identifier, component_type))
    return _READERS.get(component_type, read_field)(source, place, component)


def _unsupported(kind: object) -> str:
    if kind is None:
        return "The component has no type; give it one, such as “textfield”."
    if kind == "button":
        return "Pages have their own buttons; delete the component of type “button”."
    return f"A component of type “{str(kind)[:100]}” is not supported; delete or replace it."


def _read_common(source: Source, place: Place, component: Component) -> Component:
    properties = _read_properties(source)
    _refuse_misplaced(properties, component.type)
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


def _refuse_misplaced(properties: Source, component_type: ComponentType) -> None:
    for name, types in (
        ("check", KEYED_TYPES),
        ("requiredWhen", INPUT_TYPES),
        ("prefill", INPUT_TYPES),
    ):
        if properties.data.get(name) and component_type not in types:
            properties.note("wrong_value", f"A {component_type} cannot have “{name}”.")


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
    elif keyword.iskeyword(key) or key in _FEEL_WORDS or key in _TAKEN_NAMES:
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


def _read_list(source: Source, place: Place, component: Component) -> Component:
    rules = _read_row_rules(source, place, component)
    inner = place.within(component.key, rules)
    children = read_components(source.children("components"), inner)
    if not children:
        source.note("missing_key", "An editable table needs columns.")
    if component.is_disabled or component.is_readonly:
        source.note("wrong_value", "Rows that nobody changes belong in a “table”.")
    if place.rows_around > 1 and inner.rows_around > MAX_ROWS_WITHIN_ROWS:
        source.note("too_large", f"Lists in lists: at most {MAX_ROWS_WITHIN_ROWS} rows in all.")
    if not rules.may_change and component.prefill is None:
        source.note(
            "wrong_value", "Fixed rows (allowAddRemove: false) come from the property “prefill”."
        )
    _check_rules(source, rules, children)
    return replace(component, children=children, rows=rules)


def _check_rules(source: Source, rules: RowRules, columns: tuple[Component, ...]) -> None:
    types = {column.key: column.type for column in columns if column.key}
    for name in rules.unique + rules.ascending + rules.covers:
        if name not in types:
            source.note("unknown_column", f"There is no column “{name[:100]}”.")
    ordered = (ComponentType.NUMBER, ComponentType.DATETIME)
    if any(types.get(name, ordered[0]) not in ordered for name in rules.ascending):
        source.note("wrong_value", "“ascending” takes columns of numbers or dates.")
    chosen = (ComponentType.RADIO, ComponentType.SELECT)
    if any(types.get(name, chosen[0]) not in chosen for name in rules.covers):
        source.note("wrong_value", "“covers” takes columns with options.")


def _read_row_rules(source: Source, place: Place, component: Component) -> RowRules:
    properties = source.child("properties")
    may_change = source.flag("allowAddRemove", default=True)
    usual = DEFAULT_ROWS if place.rows_around == 1 else DEFAULT_INNER_ROWS
    least = properties.integer("minRows", most=MAX_ROWS)
    most = properties.integer("maxRows", least=1, most=MAX_ROWS) or usual
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
    options = read_options(source, place, f"{table_id}.{key}")
    return Column(key, label or key, Format(FormatKind(kind), source.text("entity")), options)


def _read_text(source: Source, place: Place, component: Component) -> Component:
    text = place.labels.find(place.prefix + component.id, source.text("text"))
    return replace(component, blocks=source.parse(text, parse_blocks, "bad_template", "text") or ())


_READERS: dict[ComponentType, Callable[[Source, Place, Component], Component]] = {
    ComponentType.GROUP: _read_group,
    ComponentType.DYNAMICLIST: _read_list,
    ComponentType.EXPRESSION: _read_expression,
    ComponentType.TABLE: _read_table,
    ComponentType.TEXT: _read_text,
}
