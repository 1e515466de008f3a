"""A BPMN file as the rules see it: processes, their scopes, nodes and flows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ssflow.engine.xml_reading import BPMN, Element, get_local_name

ACTIVITIES = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "scriptTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
    }
)
GATEWAYS = frozenset(
    {
        "exclusiveGateway",
        "inclusiveGateway",
        "parallelGateway",
        "eventBasedGateway",
        "complexGateway",
    }
)
EVENTS = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "implicitThrowEvent",
        "boundaryEvent",
        "event",
    }
)
SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
CHOREOGRAPHY = frozenset({"choreographyTask", "subChoreography", "callChoreography"})
_Item = TypeVar("_Item")

_NODES = ACTIVITIES | GATEWAYS | EVENTS | CHOREOGRAPHY


@dataclass(frozen=True, eq=False)
class Node:
    """One flow node: an activity, an event or a gateway."""

    id: str
    kind: str
    name: str | None
    element: Element
    lane: str | None

    @property
    def label(self) -> str:
        """Name it the way its author knows it."""
        return f'"{self.name}"' if self.name else self.id or f"a {self.kind} without id"

    @property
    def attached_to(self) -> str | None:
        """Tell the id of the activity at whose border this event sits."""
        return self.element.get("attachedToRef")

    @property
    def is_event_sub_process(self) -> bool:
        """Tell whether an event starts it, not a flow."""
        return self.kind in SUB_PROCESSES and is_true(self.element.get("triggeredByEvent"))

    @property
    def is_multi_instance(self) -> bool:
        """Tell whether it runs once for each item of a list."""
        return find_child(self.element, "multiInstanceLoopCharacteristics") is not None

    @property
    def definitions(self) -> tuple[Element, ...]:
        """List what an event waits for or throws, such as its timerEventDefinition."""
        return tuple(
            child for child in self.element if get_local_name(child).endswith("EventDefinition")
        )

    def has_definition(self, kind: str) -> bool:
        """Tell whether the event has a definition of this kind, such as `timer`."""
        return any(get_local_name(one) == f"{kind}EventDefinition" for one in self.definitions)


@dataclass(frozen=True, eq=False)
class Flow:
    """One sequence flow, as written."""

    id: str
    source: str
    target: str
    name: str | None
    element: Element

    @property
    def condition(self) -> str | None:
        """Tell the text of its condition; None when it has none."""
        found = find_child(self.element, "conditionExpression")
        return None if found is None else (found.text or "").strip()

    @property
    def label(self) -> str:
        """Name it the way its author knows it."""
        return f'"{self.name}"' if self.name else self.id or "a flow without id"


@dataclass(frozen=True, eq=False)
class Scope:
    """A process or sub-process: what lies directly in it; flows only where both ends do."""

    element: Element
    kind: str
    nodes: Mapping[str, Node]
    flows: Sequence[Flow]
    stray_flows: Sequence[Flow]
    inner: Sequence["Scope"]
    _outgoing: Mapping[str, list[Flow]] = field(repr=False)
    _incoming: Mapping[str, list[Flow]] = field(repr=False)
    _boundary: Mapping[str, list[Node]] = field(repr=False)

    @property
    def id(self) -> str:
        """Tell the id of the process or sub-process."""
        return self.element.get("id") or ""

    @property
    def label(self) -> str:
        """Name it the way its author knows it."""
        kind = "sub-process" if self.kind == "subProcess" else self.kind
        return f'{kind} "{self.element.get("name") or self.id}"'

    def outgoing(self, node: Node) -> Sequence[Flow]:
        """List the flows that leave a node, in the order of the file."""
        return self._outgoing.get(node.id, [])

    def incoming(self, node: Node) -> Sequence[Flow]:
        """List the flows that reach a node, in the order of the file."""
        return self._incoming.get(node.id, [])

    def boundary_events(self, node: Node) -> Sequence[Node]:
        """List the events at the border of an activity."""
        return self._boundary.get(node.id, [])

    def successors(self, node: Node) -> Sequence[Node]:
        """List the nodes that may run after a node, over its flows and its boundary events."""
        targets = [self.nodes[flow.target] for flow in self.outgoing(node)]
        return [*targets, *self.boundary_events(node)]

    def of_kind(self, *kinds: str) -> Sequence[Node]:
        """List the nodes of some kinds, in the order of the file."""
        return [node for node in self.nodes.values() if node.kind in kinds]


@dataclass(frozen=True, eq=False)
class Process:
    """One process of a file with everything inside it."""

    key: str
    name: str
    file: str
    element: Element
    scope: Scope

    def scopes(self) -> Iterator[Scope]:
        """Walk the process and every sub-process in it, outermost first."""
        waiting = [self.scope]
        while waiting:
            scope = waiting.pop(0)
            yield scope
            waiting.extend(scope.inner)

    def nodes(self) -> Iterator[Node]:
        """Walk every node, those in sub-processes included."""
        for scope in self.scopes():
            yield from scope.nodes.values()


def read_processes(root: Element, file: str) -> tuple[Process, ...]:
    """Find the executable processes of a BPMN file."""
    lanes = _read_lanes(root)
    return tuple(
        Process(
            key=element.get("id") or "",
            name=element.get("name") or element.get("id") or "",
            file=file,
            element=element,
            scope=_read_scope(element, "process", lanes, None),
        )
        for element in root.iterchildren(f"{{{BPMN}}}process")
        if is_true(element.get("isExecutable", "true"))
    )


def is_true(text: str | None) -> bool:
    """Read an xsd:boolean attribute; an absent one is false."""
    return text in ("true", "1")


def find_child(element: Element, name: str) -> Element | None:
    """Find the first direct child of BPMN's namespace with this name."""
    return element.find(f"{{{BPMN}}}{name}")


def find_children(element: Element, name: str) -> list[Element]:
    """List the direct children of BPMN's namespace with this name."""
    return list(element.iterchildren(f"{{{BPMN}}}{name}"))


def _read_lanes(root: Element) -> dict[str, str | None]:
    """Map node ids to lane names, the way the engine does: the last lane in the file wins."""
    return {
        reference.text or "": lane.get("name")
        for lane in root.iter(f"{{{BPMN}}}lane")
        for reference in find_children(lane, "flowNodeRef")
    }


def _read_scope(
    element: Element, kind: str, lanes: Mapping[str, str | None], lane: str | None
) -> Scope:
    nodes = [_read_node(child, lanes, lane) for child in element if _is_node(child)]
    known = {node.id: node for node in nodes if node.id}
    flows = [_read_flow(child) for child in find_children(element, "sequenceFlow")]
    whole = [flow for flow in flows if flow.source in known and flow.target in known]
    return Scope(
        element=element,
        kind=kind,
        nodes=known,
        flows=whole,
        stray_flows=[flow for flow in flows if flow not in whole],
        inner=[
            _read_scope(node.element, node.kind, lanes, node.lane)
            for node in nodes
            if node.kind in SUB_PROCESSES
        ],
        _outgoing=_group(whole, "source"),
        _incoming=_group(whole, "target"),
        _boundary=_group(
            [node for node in known.values() if node.kind == "boundaryEvent"], "attached_to"
        ),
    )


def _is_node(element: Element) -> bool:
    return element.tag.startswith(f"{{{BPMN}}}") and get_local_name(element) in _NODES


def _read_node(element: Element, lanes: Mapping[str, str | None], lane: str | None) -> Node:
    identifier = element.get("id") or ""
    return Node(
        id=identifier,
        kind=get_local_name(element),
        name=element.get("name") or None,
        element=element,
        lane=lane if lane is not None else lanes.get(identifier),
    )


def _read_flow(element: Element) -> Flow:
    return Flow(
        id=element.get("id") or "",
        source=element.get("sourceRef") or "",
        target=element.get("targetRef") or "",
        name=element.get("name") or None,
        element=element,
    )


def _group(items: Sequence[_Item], attribute: str) -> dict[str, list[_Item]]:
    groups: dict[str, list[_Item]] = {}
    for item in items:
        groups.setdefault(getattr(item, attribute) or "", []).append(item)
    return groups
