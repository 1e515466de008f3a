"""The summary of what is wrong, with a link to each field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ssflow.forms.views import ErrorLink, FieldView, GroupView, RowsView, View


@dataclass(frozen=True)
class Target:
    """What an error may belong to: a field, an editable table or one of its rows."""

    name: str
    label: str
    is_required: bool = False


def list_targets(views: Sequence[View | None]) -> Iterator[Target]:
    """List what errors may belong to, in the order of the page."""
    for view in views:
        if isinstance(view, GroupView):
            yield from list_targets(view.children)
        elif isinstance(view, FieldView):
            yield Target(view.name, view.label, view.is_required)
        elif isinstance(view, RowsView):
            yield Target(view.name, view.label, view.is_required)
            for row in view.rows:
                yield Target(row.name, f"{view.label} {row.number}")
                yield from list_targets(row.cells)


def link_errors(
    targets: Sequence[Target], errors: Mapping[str, Sequence[str]]
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
