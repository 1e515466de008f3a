"""What every rule may look at beside its process: the whole bundle and the names around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ssflow.engine.rules.known_names import KnownNames
from ssflow.engine.rules.tree import Process
from ssflow.engine.xml_reading import Element


@dataclass(frozen=True, eq=False)
class Decision:
    """A decision of the bundle: what it needs and what it gives."""

    key: str
    name: str
    file: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    element: Element


@dataclass(frozen=True, eq=False)
class Bundle:
    """The readable files of a bundle."""

    roots: Mapping[str, Element]
    processes: Sequence[Process]
    decisions: Mapping[str, Decision]
    known: KnownNames

    def find_process(self, key: str) -> Process | None:
        """Find an executable process of the bundle."""
        return next((process for process in self.processes if process.key == key), None)
