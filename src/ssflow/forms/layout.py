"""A form, read from form-js JSON and found sound."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import ValidationError

from ssflow.errors import InvalidInputError
from ssflow.forms.answer import Surrounding
from ssflow.forms.answers import build_answer
from ssflow.forms.bounds import MAX_COMPONENTS
from ssflow.forms.circles import find_circle
from ssflow.forms.component import Component, ComponentType, flatten
from ssflow.forms.component_reading import read_components
from ssflow.forms.context import FormContext
from ssflow.forms.labels import Labels
from ssflow.forms.place import Place, is_name
from ssflow.forms.source import LayoutProblem, Source


class LayoutError(InvalidInputError):
    """The form cannot be used; `problems` says why, each at its component."""

    def __init__(self, problems: tuple[LayoutProblem, ...]) -> None:
        super().__init__("The form has problems: " + " ".join(p.message for p in problems[:3]))
        self.problems = problems


@dataclass(frozen=True)
class Layout:
    """A form that can be shown and read."""

    id: str
    title: str
    components: tuple[Component, ...]

    def keys(self) -> frozenset[str]:
        """Give the names of the variables that the completed form hands over."""
        return frozenset(
            component.key
            for component in flatten(self.components)
            if component.is_answerable or component.type is ComponentType.EXPRESSION
        )

    def personal_keys(self) -> frozenset[str]:
        """Give those of the keys that hold personal data, in whole or in a column."""
        return frozenset(c.key for c in flatten(self.components) if c.key and _is_personal(c))


def read_layout(data: Any, labels: Mapping[str, object] | None = None) -> Layout:
    """Read the JSON of a form; `labels` are its texts in another language.

    Raises:
        LayoutError: with every problem found.
    """
    problems: list[LayoutProblem] = []
    if not isinstance(data, Mapping):
        raise LayoutError((LayoutProblem(None, "not_a_form", "A form is a JSON object."),))
    source = Source(data, None, problems)
    layout = _read(source, labels or {})
    if not problems:
        _check(layout, problems)
    if problems:
        raise LayoutError(tuple(problems))
    return layout


def _read(source: Source, labels: Mapping[str, object]) -> Layout:
    form_id = source.text("id")
    if not is_name(form_id):
        source.note("missing_id", "A form needs an id: a letter, then letters, digits or “_”.")
    if source.text("type", "default") != "default":
        source.note("not_a_form", "This is no form for one page; write “default” as its type.")
    texts = Labels(form_id, labels)
    components = read_components(source.children("components"), Place(texts))
    return Layout(form_id, texts.title(source.text("title", form_id)), components)


def _check(layout: Layout, problems: list[LayoutProblem]) -> None:
    everything = tuple(_walk(layout.components))
    if len(everything) > MAX_COMPONENTS:
        text = f"A form has at most {MAX_COMPONENTS} components."
        problems.append(LayoutProblem(None, "too_large", text))
    problems.extend(_find_duplicates(layout.components))
    problems.extend(_find_bad_defaults(everything))
    circle = find_circle(layout.components)
    if circle is not None:
        text = "Its condition or expression depends on itself."
        problems.append(LayoutProblem(circle, "circular", text))


def _walk(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _walk(component.children)


def _find_duplicates(components: tuple[Component, ...]) -> Iterator[LayoutProblem]:
    scope = flatten(components)
    keys = Counter(component.key for component in scope if component.key)
    for key in (key for key, count in keys.items() if count > 1):
        yield LayoutProblem(key, "duplicate_key", f"Several fields have the key “{key}”.")
    ids = Counter(component.id for component in _walk_scope(components))
    for name in (name for name, count in ids.items() if count > 1):
        yield LayoutProblem(name, "duplicate_key", f"Several components have the id “{name}”.")
    for component in scope:
        if component.type is ComponentType.DYNAMICLIST:
            yield from _find_duplicates(component.children)


def _walk_scope(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        if component.type is ComponentType.GROUP:
            yield from _walk_scope(component.children)


def _find_bad_defaults(components: tuple[Component, ...]) -> Iterator[LayoutProblem]:
    for component in components:
        if component.default is not None and not _has_sound_default(component):
            yield LayoutProblem(
                component.key or component.id,
                "bad_default",
                "“defaultValue” is not an answer to this field.",
            )


def _has_sound_default(component: Component) -> bool:
    if not component.is_input:
        return True
    if component.type is ComponentType.DYNAMICLIST:
        return False
    context = FormContext(variables={}, today=date.min)
    answer = build_answer(component, Surrounding(context, {}, is_required=False))
    try:
        value = answer.read(component.default)
        if value != component.empty and component.kind is None and not component.option_source:
            answer.check(value)
    except ValidationError:
        return False
    return True


def _is_personal(component: Component) -> bool:
    return component.is_personal or any(map(_is_personal, component.children))
