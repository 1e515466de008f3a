"""What the rest of ssflow wants to know of a process without reading its diagram again."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ssflow.engine.rules.calls import list_called_decisions, list_called_processes
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import find_property, read_properties
from ssflow.engine.rules.start_payload import read_payload
from ssflow.engine.rules.tree import Node, Process
from ssflow.engine.xml_reading import BPMN, Element


@dataclass(frozen=True)
class ActivityFacts:
    """A node of the diagram: an activity, an event or a gateway."""

    id: str
    name: str
    kind: str
    lane: str | None


@dataclass(frozen=True)
class FlowFacts:
    """A sequence flow of the diagram."""

    id: str
    source: str
    target: str
    name: str


@dataclass(frozen=True)
class ProcessFacts:
    """An executable process: its properties, how it starts, what it names and holds."""

    key: str
    name: str
    file: str
    about: str
    """What it is for: the first paragraph of its documentation, or nothing."""
    properties: Mapping[str, str]
    start_form: str | None
    start_payload: Mapping[str, bool] | None
    """Which variables a start without a form takes, and whether each must come; None: any."""
    start_message: str | None
    calls: frozenset[str]
    decisions: frozenset[str]
    forms: frozenset[str]
    roles: frozenset[str]
    activities: Mapping[str, ActivityFacts]
    flows: Mapping[str, FlowFacts]


@dataclass(frozen=True)
class DecisionFacts:
    """A decision: its id, its name and where it stands."""

    key: str
    name: str
    file: str


def read_process_facts(process: Process, bundle: Bundle) -> ProcessFacts:
    """Gather the facts of a process, those of its sub-processes included."""
    starts = process.scope.of_kind("startEvent")
    start = starts[0] if starts else None
    return ProcessFacts(
        key=process.key,
        name=process.name,
        file=process.file,
        about=_first_paragraph(process.element),
        properties=read_properties(process.element),
        start_form=_literal(start.element, "form") if start else None,
        start_payload=read_payload(find_property(start.element, "payload")) if start else None,
        start_message=_find_message(start, bundle.roots[process.file]) if start else None,
        calls=frozenset(list_called_processes(process)),
        decisions=frozenset(list_called_decisions(process)),
        forms=frozenset(_literals(process, "form")),
        roles=frozenset(_roles(process, bundle)),
        activities={
            node.id: ActivityFacts(node.id, node.name or "", node.kind, node.lane)
            for node in process.nodes()
        },
        flows={
            flow.id: FlowFacts(flow.id, flow.source, flow.target, flow.name or "")
            for scope in process.scopes()
            for flow in scope.flows
        },
    )


def read_decision_facts(bundle: Bundle) -> tuple[DecisionFacts, ...]:
    """List the decisions of a bundle, in the order of its files."""
    return tuple(DecisionFacts(one.key, one.name, one.file) for one in bundle.decisions.values())


def _first_paragraph(element: Element) -> str:
    text = element.findtext(f"{{{BPMN}}}documentation", default="").strip()
    return " ".join(re.split(r"\n\s*\n", text, maxsplit=1)[0].split())


def _literal(element: Element, name: str) -> str | None:
    found = find_property(element, name)
    return None if found is None else found.literal


def _literals(process: Process, name: str) -> Iterator[str]:
    for node in process.nodes():
        value = _literal(node.element, name)
        if value is not None:
            yield value


def _roles(process: Process, bundle: Bundle) -> Iterator[str]:
    """Roles that user tasks name or hand over to when overdue, and lanes that are roles."""
    yield from _literals(process, "role")
    yield from _literals(process, "esc")
    yield from (node.lane for node in process.nodes() if node.lane in bundle.known.roles)


def _find_message(start: Node, root: Element) -> str | None:
    for definition in start.definitions:
        reference = definition.get("messageRef")
        for message in root.iterchildren(f"{{{BPMN}}}message"):
            if reference is not None and message.get("id") == reference:
                return message.get("name")
    return None
