"""Sequence flows and the gateways that choose between them."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import GATEWAYS, Flow, Node, Process, Scope

_CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
_EVENT_TARGETS = frozenset({"intermediateCatchEvent", "receiveTask"})


def check_flows(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find flows that lead nowhere, cross a border or carry a condition that nobody reads."""
    everywhere = {node.id for node in process.nodes()}
    for scope in process.scopes():
        for flow in scope.stray_flows:
            yield _stray(process, flow, everywhere)
        for flow in scope.flows:
            yield from _check_ends(process, scope, flow)
            yield from _check_condition_is_read(process, scope, flow)
        for node in scope.nodes.values():
            yield from _check_split(process, scope, node)


def check_gateways(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find gateways that may have no way out, or none that can be told apart."""
    for scope in process.scopes():
        for gateway in scope.of_kind(*_CHOOSING):
            yield from _check_choice(process, scope, gateway)
        for gateway in scope.of_kind("eventBasedGateway"):
            yield from _check_event_gateway(process, scope, gateway)


def _stray(process: Process, flow: Flow, everywhere: set[str]) -> Problem:
    if {flow.source, flow.target} <= everywhere:
        return build_problem(
            process.file,
            flow.element,
            "flow-crosses-border",
            f"The flow {flow.label} crosses the border of a sub-process; lead it to the "
            "sub-process itself, and draw inner flows inside it.",
        )
    return build_problem(
        process.file,
        flow.element,
        "flow-dangling",
        f"The flow {flow.label} does not join two elements of this process; connect both ends or "
        "delete it.",
    )


def _check_ends(process: Process, scope: Scope, flow: Flow) -> Iterator[Problem]:
    source, target = scope.nodes[flow.source], scope.nodes[flow.target]
    if source.kind == "endEvent":
        yield build_problem(
            process.file,
            flow.element,
            "flow-from-end",
            f"The flow {flow.label} leaves the end event {source.label}; make that an "
            "intermediate event, or delete the flow.",
        )
    if target.kind in ("startEvent", "boundaryEvent") or target.is_event_sub_process:
        yield build_problem(
            process.file,
            flow.element,
            "flow-into-start",
            f"The flow {flow.label} leads to {target.label}, which starts by itself; lead it to "
            "the activity behind.",
        )


def _check_condition_is_read(process: Process, scope: Scope, flow: Flow) -> Iterator[Problem]:
    source = scope.nodes[flow.source]
    if flow.condition is not None and source.kind not in _CHOOSING:
        yield build_problem(
            process.file,
            flow.element,
            "condition-not-read",
            f"The condition on {flow.label} would be ignored, because it leaves {source.label} "
            f"({source.kind}); put an exclusive gateway in between.",
        )


def _check_split(process: Process, scope: Scope, node: Node) -> Iterator[Problem]:
    if node.kind not in GATEWAYS and len(scope.outgoing(node)) > 1:
        yield build_problem(
            process.file,
            node.element,
            "implicit-split",
            f"Several flows leave {node.label}; put a gateway behind it: exclusive for a choice, "
            "parallel for all.",
        )


def _check_choice(process: Process, scope: Scope, gateway: Node) -> Iterator[Problem]:
    flows = scope.outgoing(gateway)
    default = gateway.element.get("default")
    if default is not None and default not in [flow.id for flow in flows]:
        yield build_problem(
            process.file,
            gateway.element,
            "default-flow-unknown",
            f'The default flow "{default}" does not leave {gateway.label}; mark one that does.',
        )
    elif default is None and (len(flows) > 1 or any(flow.condition for flow in flows)):
        yield build_problem(
            process.file,
            gateway.element,
            "gateway-without-default",
            f"{gateway.label} has no default flow, so the case waits with an incident when no "
            "condition holds; mark one flow as the default, or see that one always holds.",
        )
    for flow in flows:
        yield from _check_choice_flow(process, gateway, flow, is_single=len(flows) == 1)


def _check_choice_flow(
    process: Process, gateway: Node, flow: Flow, *, is_single: bool
) -> Iterator[Problem]:
    is_default = flow.id == gateway.element.get("default")
    if is_default and flow.condition:
        yield build_problem(
            process.file,
            flow.element,
            "condition-on-default-flow",
            f"The condition on {flow.label} is ignored, because it is the default flow of "
            f"{gateway.label}; take the condition away.",
        )
    if not is_default and not is_single and not flow.condition:
        yield build_problem(
            process.file,
            flow.element,
            "condition-missing",
            f"The flow {flow.label} leaves {gateway.label} without a condition; write one, or "
            "make it the default flow.",
        )


def _check_event_gateway(process: Process, scope: Scope, gateway: Node) -> Iterator[Problem]:
    targets = [scope.nodes[flow.target] for flow in scope.outgoing(gateway)]
    if len(targets) < 2:
        yield build_problem(
            process.file,
            gateway.element,
            "event-gateway-targets",
            f"{gateway.label} waits for the first of several events, but fewer than two follow; "
            "lead flows to two or more, or wait without the gateway.",
        )
    for target in targets:
        yield from _check_event_target(process, scope, gateway, target)
    if gateway.element.get("eventGatewayType") == "Parallel":
        yield build_problem(
            process.file,
            gateway.element,
            "event-gateway-parallel",
            f"{gateway.label} would wait for the first event only; to wait for all, put the "
            "events between two parallel gateways.",
        )


def _check_event_target(
    process: Process, scope: Scope, gateway: Node, target: Node
) -> Iterator[Problem]:
    if target.kind not in _EVENT_TARGETS or scope.boundary_events(target):
        yield build_problem(
            process.file,
            target.element,
            "event-gateway-targets",
            f"{target.label} follows the event-based gateway {gateway.label}, where only "
            "intermediate catch events and receive tasks without boundary events may stand.",
        )
    elif len(scope.incoming(target)) > 1:
        yield build_problem(
            process.file,
            target.element,
            "event-gateway-shared-target",
            f"{target.label} is reached from {gateway.label} and from elsewhere; give each way "
            "its own event.",
        )
