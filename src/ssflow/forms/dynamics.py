"""Find out whether answers change what a form shows."""

from collections.abc import Iterator

from ssflow.feel.expression import Expression
from ssflow.forms.component import Component


def is_dynamic(components: tuple[Component, ...]) -> bool:
    """Say whether an answer, or a button, may change what these components show."""
    keys = frozenset(_list_keys(components))
    return any(_changes_with(component, keys) for component in components)


def _changes_with(component: Component, keys: frozenset[str]) -> bool:
    return (
        (component.rows is not None and component.rows.may_change)
        or any(e.names & keys for e in _list_expressions(component))
        or any(_changes_with(child, keys) for child in component.children)
    )


def _list_keys(components: tuple[Component, ...]) -> Iterator[str]:
    for component in components:
        yield component.key
        yield from _list_keys(component.children)


def _list_expressions(component: Component) -> Iterator[Expression]:
    own = (component.hide, component.required_when, component.expression, component.source)
    yield from (expression for expression in own if expression is not None)
    for _, template in component.reference.filters:
        yield from template.expressions
    for template in (component.label, component.description):
        yield from template.expressions
    for block in component.blocks:
        for line in block.lines:
            for run in line:
                yield from run.template.expressions
