"""Find conditions and computed fields that depend on themselves."""

from collections.abc import Iterator

from ssflow.forms.component import Component, ComponentType, flatten


def find_circle(components: tuple[Component, ...]) -> str | None:
    """Give the key of a field whose presence or value hangs on itself, None when all is well."""
    depends = dict(_list_dependencies(components))
    waiting = {key: names & depends.keys() for key, names in depends.items()}
    while free := [key for key, names in waiting.items() if not names & waiting.keys()]:
        for key in free:
            del waiting[key]
    if waiting:
        return min(waiting)
    lists = (c for c in flatten(components) if c.type is ComponentType.DYNAMICLIST)
    circles = (find_circle(component.children) for component in lists)
    return next((circle for circle in circles if circle is not None), None)


def list_names(component: Component) -> frozenset[str]:
    """List the names that decide about a field: in its condition, its expression, its columns."""
    own = (component.hide, component.expression)
    names = frozenset[str]().union(*(e.names for e in own if e is not None))
    inner = frozenset[str]().union(*map(list_names, component.children))
    return names | (inner - {child.key for child in flatten(component.children) if child.key})


def _list_dependencies(
    components: tuple[Component, ...], above: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    for component in components:
        if component.type is ComponentType.GROUP:
            hide = frozenset() if component.hide is None else component.hide.names
            yield from _list_dependencies(component.children, above | hide)
        elif component.key:
            yield component.key, above | list_names(component)
