"""Which bundles call which: the order in which they have to be deployed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssflow.engine.problems import DiagramError
from ssflow.engine.xml_reading import BPMN, read_xml


@dataclass(frozen=True)
class Bundle:
    """The files of one area, ready to be deployed."""

    area: str
    files: Mapping[str, bytes]
    folder: Path


def order_called_first(
    bundles: Sequence[Bundle], wanted: Iterable[Bundle] | None = None
) -> list[Bundle]:
    """Put bundles behind those that they call; with `wanted` leave out what these do not need."""
    owners = {process: bundle for bundle in bundles for process in _names(bundle, _PROCESS)}
    ordered: dict[Path, Bundle] = {}

    def visit(bundle: Bundle, above: frozenset[Path]) -> None:
        above |= {bundle.folder}
        for called in sorted(_names(bundle, _CALL)):
            owner = owners.get(called)
            if owner is not None and owner.folder not in above:
                visit(owner, above)
        ordered.setdefault(bundle.folder, bundle)

    for bundle in bundles if wanted is None else wanted:
        if bundle.folder not in ordered:
            visit(bundle, frozenset())
    return list(ordered.values())


_PROCESS = ("process", "id")
_CALL = ("callActivity", "calledElement")


def _names(bundle: Bundle, which: tuple[str, str]) -> set[str]:
    """Collect an attribute of all elements of a kind; files that cannot be read have none."""
    tag, attribute = which
    found: set[str] = set()
    for name, content in bundle.files.items():
        if not name.endswith(".bpmn"):
            continue
        try:
            root = read_xml(content, name)
        except DiagramError:
            continue
        found |= {str(element.get(attribute)) for element in root.iter(f"{{{BPMN}}}{tag}")}
    return found
