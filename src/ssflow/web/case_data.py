"""The data of a case as people know it: by the labels and options of the forms they filled in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from markupsafe import Markup

from ssflow.domain.instance import ProcessInstance
from ssflow.errors import NotFoundError
from ssflow.forms.component import Component, ComponentType, FieldKind, flatten
from ssflow.forms.layout import Layout
from ssflow.services.definitions import load_layout
from ssflow.services.instances import tasks_of
from ssflow.store import definitions as definition_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.formats import amount, exact_money, told
from ssflow.web.i18n import page_language
from ssflow.web.names import Names
from ssflow.web.record_parts import part_label, tell_part, without_own_id

_Components = Mapping[str, Component]
_PER_CENT = frozenset({FieldKind.PCT})


@dataclass(frozen=True)
class DataFact:
    """One value with what people call it."""

    label: str
    text: Markup | str


@dataclass(frozen=True)
class DataSection:
    """Values that belong together: what one form asked, or what stands by itself (no title)."""

    title: str
    facts: Sequence[DataFact]


def tell_data(
    work: UnitOfWork, instance: ProcessInstance, variables: Mapping[str, Any], names: Names
) -> list[DataSection]:
    """Tell the data of a case: single values, then what each form asked, then all other objects."""
    known = _Forms(work, instance)
    labels = names.labels(dict(variables))
    single = {name: value for name, value in variables.items() if not isinstance(value, Mapping)}
    objects = {name: value for name, value in variables.items() if isinstance(value, Mapping)}
    sections = [DataSection("", _facts(single, known.at_top, labels))] if single else []
    for name in known.variables:
        if name in objects:
            facts = _facts(objects.pop(name), known.of_variable(name), labels)
            sections.append(DataSection(known.title_of(name, names), facts))
    for name, value in objects.items():
        facts = _worked_out(name, value, known.tables, labels)
        sections.append(DataSection(part_label("", name), facts))
    return sections


def tell_answers(
    work: UnitOfWork,
    instance: ProcessInstance,
    form_id: str | None,
    answers: Mapping[str, Any],
    labels: Mapping[str, str],
) -> list[DataFact]:
    """Tell what was handed in with one form of a case."""
    definition = definition_rows.get_definition(work.session, instance.definition_id)
    fields = _components(work, definition.deployment_id, form_id) if form_id else {}
    return _facts(answers, fields, labels)


class _Forms:
    """The forms that a case has shown so far, by the variables that they fill."""

    def __init__(self, work: UnitOfWork, instance: ProcessInstance) -> None:
        self._work, self._instance = work, instance
        definition = definition_rows.get_definition(work.session, instance.definition_id)
        self._deployment_id = definition.deployment_id
        self._tasks = [task for task in tasks_of(work, instance.id) if task.form_id]
        forms = [definition.facts.get("start_form")]
        forms += [task.form_id for task in self._tasks if not task.variable_name]
        self.at_top: _Components = {}
        for form_id in dict.fromkeys(filter(None, forms)):
            self.at_top = {**self.at_top, **self._fields_of(form_id)}

    @property
    def variables(self) -> Sequence[str]:
        """The variables that forms fill, in the order in which the case came to them."""
        tasks = sorted(self._tasks, key=lambda task: task.created_at)
        return list(dict.fromkeys(task.variable_name for task in tasks if task.variable_name))

    @property
    def tables(self) -> _Components:
        """The editable tables of all forms, by their keys: what is worked out takes them over."""
        fields = [self.at_top, *map(self.of_variable, self.variables)]
        return {
            key: component
            for each in fields
            for key, component in each.items()
            if component.type is ComponentType.DYNAMICLIST
        }

    def title_of(self, variable: str, names: Names) -> str:
        """Name the step whose form fills a variable."""
        task = next(task for task in self._tasks if task.variable_name == variable)
        return names.activity(task.key, task.activity_id, task.name)

    def of_variable(self, variable: str) -> _Components:
        """Give the fields of the form that fills a variable, by their keys."""
        form_id = next((t.form_id for t in self._tasks if t.variable_name == variable), None)
        return self._fields_of(form_id) if form_id else {}

    def _fields_of(self, form_id: str) -> _Components:
        return _components(self._work, self._deployment_id, form_id)


def _components(work: UnitOfWork, deployment_id: UUID, form_id: str) -> _Components:
    try:
        layout: Layout = load_layout(work.session, deployment_id, form_id, page_language())
    except NotFoundError:  # it belonged to a process that is called no more
        return {}
    return _by_key(layout.components)


def _by_key(components: Iterable[Component]) -> _Components:
    return {component.key: component for component in flatten(tuple(components)) if component.key}


def _facts(
    values: Mapping[str, Any], fields: _Components, labels: Mapping[str, str]
) -> list[DataFact]:
    """Tell values in the order of their form; what it does not ask stands behind."""
    order = {key: place for place, key in enumerate(fields)}
    keys = sorted(values, key=lambda key: (order.get(key, len(order)), key))
    return [
        DataFact(_label(key, fields.get(key)), _text(values[key], fields.get(key), labels))
        for key in keys
    ]


def _worked_out(
    name: str, value: Mapping[str, Any], tables: _Components, labels: Mapping[str, str]
) -> list[DataFact]:
    """Tell an object that no form fills, in the words of registers."""
    return [
        DataFact(
            _label(key, tables[key]) if key in tables else part_label(name, key),
            _text(part, tables[key], labels)
            if key in tables
            else tell_part(name, key, part, labels),
        )
        for key, part in without_own_id(value).items()
        if not _is_named_by_id(key, value, labels)
    ]


def _is_named_by_id(key: str, value: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Say whether an id beside it tells the same: `service_id` what `service_name` tells."""
    stem, _, kind = key.rpartition("_")
    return kind in ("name", "number") and value.get(f"{stem}_id") in labels


def _label(key: str, component: Component | None) -> str:
    parts = component.label.parts if component is not None else ()
    label = "".join(part for part in parts if isinstance(part, str)).strip()
    return label or part_label("", key)


def _text(value: Any, component: Component | None, labels: Mapping[str, str]) -> Markup | str:
    if value in (None, "", []):
        return told(value, labels)
    if component is None:
        return tell_part("", "", value, labels)
    if component.type is ComponentType.DYNAMICLIST and isinstance(value, list):
        return _table(value, _by_key(component.children), labels)
    if component.kind is FieldKind.MONEY:
        return exact_money(value)
    if component.kind is FieldKind.YEAR:
        return str(value)
    if component.kind in _PER_CENT:
        return f"{amount(value)} %"
    options = {option.text: option.label for option in component.options}
    if isinstance(value, list):
        return told([_option(item, options) for item in value], labels)
    named = told(_option(value, options), labels)
    return f"{named} {component.suffix}" if component.suffix else named


def _option(value: Any, options: Mapping[str, str]) -> Any:
    """Give the label of what was chosen; anything else stays."""
    return options.get(value, value) if isinstance(value, str) else value


def _table(rows: Sequence[Any], columns: _Components, labels: Mapping[str, str]) -> Markup | str:
    if not all(isinstance(row, Mapping) for row in rows):
        return told(list(rows), labels)
    return told(
        [
            {
                _label(key, columns.get(key)): _text(value, columns.get(key), labels)
                for key, value in row.items()
            }
            for row in rows
        ],
        labels,
    )
