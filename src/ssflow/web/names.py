"""Names of people, processes and activities, looked up once for a page, in its language."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask_babel import gettext

from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import OPERATOR_NAME, SYSTEM_NAME
from ssflow.ids import read_id
from ssflow.services import people, registers
from ssflow.services.definitions import definition_with, translated_name
from ssflow.store import definitions as definition_rows
from ssflow.store import notes as note_rows
from ssflow.store import records as record_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.i18n import page_language

_UUID_CHARACTERS = 36
_OTHER_TEXT = re.compile(r"[.@]")
"""Marks a label that belongs to a form, or says more than an element's name."""


@dataclass
class Names:
    """The names that one page shows."""

    work: UnitOfWork
    _people: dict[UUID, str] = field(default_factory=dict)
    _definitions: dict[str, ProcessDefinition | None] = field(default_factory=dict)
    _drawings: dict[tuple[str, str], ProcessDefinition] = field(default_factory=dict)

    def load_people(self, ids: Iterable[UUID | str | None]) -> None:
        """Look up many people at once, so that `person` need not ask for each."""
        wanted = {found for each in ids if (found := read_id(each))} - self._people.keys()
        if wanted:
            self._people |= people.names_of(self.work, wanted)

    def person(self, key: UUID | str | None) -> str:
        """Name a person, or what acts in nobody's name."""
        if key is None:
            return str(gettext("nobody"))
        if key in (SYSTEM_NAME, OPERATOR_NAME, "nobody"):
            return str(_OTHERS[str(key)]())
        user_id = read_id(key)
        if user_id is None:
            return str(key)
        self.load_people([user_id])
        return self._people.get(user_id) or str(gettext("somebody who left"))

    def process(self, key: str, default: str | None = None) -> str:
        """Name a process."""
        definition = self._definition(key)
        if definition is None:
            return default or key
        return translated_name(definition, key, definition.name, page_language())

    def about(self, key: str) -> str:
        """Say what a process is for; nothing when its diagram does not."""
        definition = self._definition(key)
        if definition is None:
            return ""
        about = definition.facts.get("about", "")
        return translated_name(definition, f"{key}@about", about, page_language())

    def activity(self, key: str, activity_id: str | None, default: str | None = None) -> str:
        """Name an element of a process's diagram."""
        definition = self._drawing(key, activity_id)
        if definition is None or activity_id is None:
            return default or activity_id or ""
        known = definition.facts.get("activities", {}).get(activity_id, {})
        name = default or known.get("name") or activity_id
        return translated_name(definition, activity_id, name, page_language())

    def elements(self, key: str) -> dict[str, str]:
        """Give the names of a diagram's elements that are translated into the page's language."""
        definition = self._definition(key)
        if definition is None:
            return {}
        labels = definition.facts.get("labels", {}).get(page_language(), {})
        return {name: text for name, text in labels.items() if not _OTHER_TEXT.search(name)}

    def instructions(self, key: str, activity_id: str, default: str) -> str:
        """Give what a task's page says about how to do it."""
        definition = self._drawing(key, activity_id)
        if definition is None:
            return default
        return translated_name(definition, f"{activity_id}@instructions", default, page_language())

    def labels(self, value: Any) -> dict[str, str]:
        """Name everything whose id stands somewhere in a value: people, records, files."""
        ids = set(_find_ids(value))
        self.load_people(ids)
        found = {str(i): self._people[i] for i in ids if i in self._people}
        for kind in registers.readable_kinds(self.work):
            if kind in _NAMED_KINDS and (rest := [i for i in ids if str(i) not in found]):
                rows = record_rows.choices_of(self.work.session, kind, {}, len(rest), ids=rest)
                found |= {str(record_id): label for record_id, label in rows}
        files = note_rows.attachment_names(self.work.session, ids)
        return found | {str(file_id): name for file_id, name in files.items()}

    def _drawing(self, key: str, activity_id: str | None) -> ProcessDefinition | None:
        """Give the definition that draws an element, which may be one that the process calls."""
        definition = self._definition(key)
        if definition is None or activity_id is None:
            return definition
        if (key, activity_id) not in self._drawings:
            drawn = definition_with(self.work.session, definition, activity_id)
            self._drawings[key, activity_id] = drawn
        return self._drawings[key, activity_id]

    def _definition(self, key: str) -> ProcessDefinition | None:
        if key not in self._definitions:
            self._definitions[key] = definition_rows.find_latest(self.work.session, key)
        return self._definitions[key]


_NAMED_KINDS = frozenset({"Customer", "Service", "ServiceProposal", "StrategicObjective"})
_OTHERS = {
    SYSTEM_NAME: lambda: gettext("ssflow itself"),
    OPERATOR_NAME: lambda: gettext("an operator on the server"),
    "nobody": lambda: gettext("somebody who had not signed in"),
}


def _find_ids(value: Any) -> Iterator[UUID]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _find_ids(inner)
    elif isinstance(value, str) and len(value) == _UUID_CHARACTERS and (found := read_id(value)):
        yield found
