"""The order in which a gateway tries its flows: its own, not that of where their targets stand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ssflow.engine.spiff import MultiChoice, ProcessSpec
from ssflow.engine.xml_reading import BPMN, Element

FlowOrder: TypeAlias = Mapping[tuple[str, str], Mapping[str, Sequence[int]]]
"""By the ids of a (sub-)process and of a gateway in it: for each target when its flows come."""
_CHOICES = tuple(f"{{{BPMN}}}{kind}" for kind in ("exclusiveGateway", "inclusiveGateway"))
_SPLIT = ".BoundaryEventSplit"


def read_flow_order(roots: Iterable[Element]) -> FlowOrder:
    """Read in which order gateways name their flows; those they do not name come as they stand."""
    return {
        (str(scope.get("id")), str(gateway.get("id"))): _number_flows(scope, gateway)
        for root in roots
        for gateway in root.iter(*_CHOICES)
        if (scope := gateway.getparent()) is not None
    }


def order_flows(spec: ProcessSpec, order: FlowOrder) -> None:
    """Let the gateways of a process try their flows in their own order."""
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, MultiChoice):
            _order(task_spec, order[spec.name, task_spec.bpmn_id])


def _number_flows(scope: Element, gateway: Element) -> Mapping[str, Sequence[int]]:
    """Number the flows of a gateway by their targets; to the same target as they stand."""
    outgoing = [str(flow.text).strip() for flow in gateway.iterchildren(f"{{{BPMN}}}outgoing")]
    named = {flow_id: place for place, flow_id in enumerate(outgoing)}
    numbers: dict[str, list[int]] = defaultdict(list)
    flows = scope.iterchildren(f"{{{BPMN}}}sequenceFlow")
    for place, flow in enumerate(flows, len(outgoing)):
        if flow.get("sourceRef") == gateway.get("id"):
            number = named.get(str(flow.get("id")), place)
            numbers[str(flow.get("targetRef"))].append(number)
    return numbers


def _order(gateway: Any, numbers: Mapping[str, Sequence[int]]) -> None:
    left = {target: iter(places) for target, places in numbers.items()}
    entries = [
        (next(left[name.removesuffix(_SPLIT)]), condition, name)
        for condition, name in gateway.cond_task_specs
    ]
    entries.sort(key=lambda entry: entry[0])
    gateway.cond_task_specs = [(condition, name) for _, condition, name in entries]
