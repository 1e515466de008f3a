"""Parsed definitions and forms of what is deployed, kept in process memory.

What is deployed never changes, so that nothing kept here can be out of date.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from ssflow.domain.definition import ProcessDefinition
from ssflow.engine.definition_cache import Definition, DefinitionCache, DefinitionSource
from ssflow.engine.sandbox import Sandbox
from ssflow.errors import NotFoundError
from ssflow.forms.layout import Layout, read_layout
from ssflow.sentences import Sentence
from ssflow.store import definitions as stored
from ssflow.store.text_search import NOTHING_NAMED, Named
from ssflow.store.unit_of_work import DbSession


@dataclass(frozen=True)
class DefinitionFacts:
    """What every step of a case asks about its definition.

    `business_key` and `title` are texts, or expressions after "=".
    """

    deployment_id: UUID
    business_key: str | None
    title: str | None


LANGUAGES = ("nl", "sv")
"""Into which bundles may be translated; English stands in the files themselves."""
FORM_SUFFIX, LABELS_SUFFIX, SCENARIOS_SUFFIX = ".form.json", ".i18n.json", ".scenarios.json"

_SOFT_HYPHEN = "\u00ad"

SANDBOX = Sandbox()
"""Where code of diagrams runs; opened at the first use in this process."""
_DEFINITIONS = DefinitionCache()
_LAYOUTS: dict[tuple[UUID, str, str], Layout] = {}
_FACTS: dict[UUID, DefinitionFacts] = {}
_LAYOUTS_KEPT = 2_000


def load_definition(session: DbSession, definition_id: UUID) -> Definition:
    """Give the parsed definition, reading its files at the first use in this process."""
    return _DEFINITIONS.get(definition_id, lambda: _read_source(session, definition_id))


def diagrams_of(session: DbSession, definition_id: UUID) -> Mapping[str, bytes]:
    """Give the diagram and decisions of a definition, its own first, and of those it calls."""
    return _read_source(session, definition_id).files


def facts_of(session: DbSession, definition_id: UUID) -> DefinitionFacts:
    """Give the facts; cases of a process without a title are called as the process."""
    facts = _FACTS.get(definition_id)
    if facts is None:
        definition = stored.get_definition(session, definition_id)
        properties = definition.facts["properties"]
        facts = DefinitionFacts(
            deployment_id=definition.deployment_id,
            business_key=properties.get("business_key"),
            title=properties.get("title") or definition.name.removeprefix("="),
        )
        _FACTS[definition_id] = facts
    return facts


def load_layout(session: DbSession, deployment_id: UUID, form_id: str, language: str) -> Layout:
    """Give a form of a deployment, or of one that it calls, labelled in the reader's language.

    Raises:
        NotFoundError: neither has such a form.
    """
    key = (deployment_id, form_id, language)
    layout = _LAYOUTS.get(key)
    if layout is None:
        layout = _read_layout(session, deployment_id, form_id, language)
        if len(_LAYOUTS) >= _LAYOUTS_KEPT:
            _LAYOUTS.clear()
        _LAYOUTS[key] = layout
    return layout


def labels_of(files: Mapping[str, bytes], language: str) -> dict[str, str]:
    """Collect a bundle's translations into one language: element id or form.key -> text."""
    labels: dict[str, str] = {}
    for name, content in sorted(files.items()):
        if name.endswith(LABELS_SUFFIX):
            labels |= (read_labels(content) or {}).get(language, {})
    return labels


def read_labels(content: bytes) -> dict[str, dict[str, str]] | None:
    """Read translations, language -> element id or form.key -> text; None if these are none."""
    try:
        labels = json.loads(content)
        texts = [text for named in labels.values() for text in named.values()]
        "".join(texts).encode()
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return dict(labels)


def translated_name(
    definition: ProcessDefinition, element_id: str, name: str, language: str
) -> str:
    """Give an element's name in the reader's language, or as it stands in the diagram."""
    labels = definition.facts.get("labels", {}).get(language, {})
    return str(labels.get(element_id, name))


def definition_with(
    session: DbSession, definition: ProcessDefinition, element_id: str
) -> ProcessDefinition:
    """Give the definition that draws an element of a case: its own, or one that it calls."""
    drawings = _with_called(session, definition)
    return next((each for each in drawings if element_id in _elements(each)), definition)


def _with_called(session: DbSession, definition: ProcessDefinition) -> Iterator[ProcessDefinition]:
    """Give a definition and all that it calls, however deep."""
    seen, waiting = {definition.id}, [definition]
    while waiting:
        each = waiting.pop(0)
        yield each
        called = [UUID(called_id) for called_id in each.called.values()]
        waiting += [stored.get_definition(session, new) for new in called if new not in seen]
        seen.update(called)


def _elements(definition: ProcessDefinition) -> Mapping[str, object]:
    found: Mapping[str, object] = definition.facts.get("activities", {})
    return found


def find_named(session: DbSession, q: str, language: str) -> Named:
    """Find what is called by words with `q` in the reader's language; searched for in any case.

    Names as they stand in the diagrams are left to the lists themselves.
    """
    if not q or language not in LANGUAGES:
        return NOTHING_NAMED
    wanted = _searchable(q)
    processes: set[str] = set()
    activities: set[tuple[str, str]] = set()
    for definition in stored.list_latest(session):
        for drawn in _with_called(session, definition):
            labels = drawn.facts.get("labels", {}).get(language, {})
            named = {element for element, name in labels.items() if wanted in _searchable(name)}
            if definition.key in named:
                processes.add(definition.key)
            known = named & _elements(drawn).keys()
            activities |= {(definition.key, element) for element in known}
    return Named(frozenset(processes), frozenset(activities))


def _searchable(text: str) -> str:
    return text.replace(_SOFT_HYPHEN, "").lower()


def _read_layout(session: DbSession, deployment_id: UUID, form_id: str, language: str) -> Layout:
    for home in _homes(session, deployment_id):
        content = stored.find_file(session, home, form_id + FORM_SUFFIX)
        if content is not None:
            return read_layout(json.loads(content), labels=_labels_at(session, home, language))
    raise NotFoundError(Sentence("There is no form %(form)s in this deployment.", form=form_id))


def _homes(session: DbSession, deployment_id: UUID) -> Iterator[UUID]:
    """Give a deployment, and those that it calls only when it is not enough."""
    yield deployment_id
    yield from stored.called_deployments(session, deployment_id)


def _labels_at(session: DbSession, deployment_id: UUID, language: str) -> dict[str, str]:
    names = [n for n in stored.file_names_of(session, deployment_id) if n.endswith(LABELS_SUFFIX)]
    files = {name: stored.find_file(session, deployment_id, name) or b"{}" for name in names}
    return labels_of(files, language)


def _read_source(session: DbSession, definition_id: UUID) -> DefinitionSource:
    definition = stored.get_definition(session, definition_id)
    files: dict[str, bytes] = {}
    _collect_files(session, definition, files, seen=set())
    return DefinitionSource(definition.key, files)


def _collect_files(
    session: DbSession, definition: ProcessDefinition, files: dict[str, bytes], *, seen: set[UUID]
) -> None:
    """Add the diagram and decisions of a definition and of those that it calls.

    Bundles may call their files alike, so that each file goes by its deployment too.
    """
    if definition.id in seen:
        return
    seen.add(definition.id)
    for name in stored.file_names_of(session, definition.deployment_id):
        if name == definition.file or name.endswith(".dmn"):
            content = stored.find_file(session, definition.deployment_id, name)
            files[f"{definition.deployment_id}/{name}"] = content or b""
    for called_id in definition.called.values():
        _collect_files(session, stored.get_definition(session, UUID(called_id)), files, seen=seen)
