"""Events: which kinds may stand where, and what they refer to."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import (
    ACTIVITIES,
    EVENTS,
    Node,
    Process,
    Scope,
    find_child,
    is_true,
)
from ssflow.engine.xml_reading import Element, get_local_name

_CATCHING = frozenset({"message", "timer", "signal", "conditional"})
_ALLOWED = {
    "startEvent": frozenset({"message", "timer"}),
    "endEvent": frozenset({"message", "error", "escalation", "terminate", "cancel"}),
    "intermediateCatchEvent": _CATCHING,
    "intermediateThrowEvent": frozenset({"message", "signal", "escalation"}),
    "boundaryEvent": _CATCHING | {"error", "escalation", "cancel"},
}
_OWN_CODES = {
    ("startEvent", "signal"): (
        "signal-start-event",
        "A signal cannot start a case; use a message start event.",
    ),
    ("startEvent", "error"): (
        "error-start-event",
        "An error cannot start a case; attach an error boundary event to the activity that fails.",
    ),
    ("endEvent", "signal"): (
        "signal-end-event",
        (
            "A signal end event sends nothing; throw the signal in an intermediate event "
            "before the end."
        ),
    ),
    ("intermediateThrowEvent", "timer"): (
        "timer-throw-event",
        "A timer cannot be thrown; make it an intermediate catch event.",
    ),
}
_REFUSED_ELSEWHERE = frozenset({"compensate", "link"})
_NEEDS_DEFINITION = frozenset({"intermediateCatchEvent", "boundaryEvent"})


def check_events(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find events of a kind that their place does not allow."""
    for scope in process.scopes():
        for node in scope.of_kind(*EVENTS):
            if node.kind == "startEvent" and scope is not process.scope:
                yield from _check_inner_start(process, scope, node)
            else:
                yield from _check_kinds(process, node)
            if node.kind == "boundaryEvent":
                yield from _check_attachment(process, scope, node)
            yield from _check_cycle(process, scope, node)
            yield from _check_cancel(process, scope, node)
            yield from _check_error_boundary(process, node)


def _check_kinds(process: Process, node: Node) -> Iterator[Problem]:
    if len(node.definitions) > 1:
        yield build_problem(
            process.file,
            node.element,
            "event-with-several-definitions",
            f"The event {node.label} waits for several things at once; use an event-based gateway "
            "or one event for each.",
        )
    if not node.definitions and node.kind in _NEEDS_DEFINITION:
        yield build_problem(
            process.file,
            node.element,
            "event-without-definition",
            f"The event {node.label} does not say what it waits for; make it a message, timer, "
            "signal or error event.",
        )
    for definition in node.definitions:
        yield from _check_kind(process, node, find_kind(definition))


def find_kind(definition: Element) -> str:
    """Tell the kind of an event definition, such as `timer`."""
    return get_local_name(definition).removesuffix("EventDefinition")


def _check_kind(process: Process, node: Node, kind: str) -> Iterator[Problem]:
    if kind in _ALLOWED.get(node.kind, frozenset()):
        if kind == "conditional":
            yield _conditional(process, node)
        return
    if kind in _REFUSED_ELSEWHERE:
        return
    code, message = _OWN_CODES.get(
        (node.kind, kind),
        (
            "event-kind",
            (
                f"The engine does not run {kind} in a {node.kind} ({node.label}); use "
                f"{', '.join(sorted(_ALLOWED.get(node.kind, frozenset())))} or a plain event."
            ),
        ),
    )
    yield build_problem(process.file, node.element, code, message)


def _conditional(process: Process, node: Node) -> Problem:
    return build_problem(
        process.file,
        node.element,
        "conditional-event",
        f"The condition of {node.label} sees the data as it was when the case arrived there, so "
        "later changes would go unseen; wait for a message or a timer, and look at the data in a "
        "gateway behind it.",
    )


def _check_inner_start(process: Process, scope: Scope, start: Node) -> Iterator[Problem]:
    if not is_true(scope.element.get("triggeredByEvent")):
        if start.definitions:
            yield build_problem(
                process.file,
                start.element,
                "sub-process-start-kind",
                f'The sub-process "{scope.id}" starts when the case reaches it; make {start.label} '
                "a plain start event.",
            )
        return
    is_message = len(start.definitions) == 1 and start.has_definition("message")
    if not is_message or is_true(start.element.get("isInterrupting", "true")):
        yield build_problem(
            process.file,
            start.element,
            "event-sub-process",
            f'The event sub-process "{scope.id}" must start with a non-interrupting message event; '
            "for anything that interrupts, put the activities in a sub-process and attach a "
            "boundary event to it.",
        )


def _check_attachment(process: Process, scope: Scope, node: Node) -> Iterator[Problem]:
    host = scope.nodes.get(node.attached_to or "")
    if host is None or host.kind not in ACTIVITIES or host.is_event_sub_process:
        yield build_problem(
            process.file,
            node.element,
            "boundary-not-attached",
            f"The boundary event {node.label} is not attached to an activity beside it; drop it "
            "on the border of a task or sub-process.",
        )


def _check_cycle(process: Process, scope: Scope, node: Node) -> Iterator[Problem]:
    if not any(find_child(one, "timeCycle") is not None for one in node.definitions):
        return
    if node.kind == "startEvent":
        yield build_problem(
            process.file,
            node.element,
            "cycle-timer-start",
            "A cycle timer would run all its rounds inside one case; use a plain start event and "
            "give the process the property schedule, which starts a case each time.",
        )
    elif node.kind != "boundaryEvent" or node.element.get("cancelActivity", "true") == "true":
        yield build_problem(
            process.file,
            node.element,
            "cycle-timer-position",
            f"The cycle timer {node.label} would fire more than once where one is expected; cycles "
            "belong on non-interrupting boundary events. Use a duration here.",
        )


def _check_cancel(process: Process, scope: Scope, node: Node) -> Iterator[Problem]:
    if not node.has_definition("cancel"):
        return
    host = scope.nodes.get(node.attached_to or "")
    around = scope.kind if node.kind == "endEvent" else (host.kind if host else "")
    if around != "transaction":
        yield build_problem(
            process.file,
            node.element,
            "cancel-outside-transaction",
            f"The cancel event {node.label} belongs to a transaction; use an error event, or make "
            "the sub-process a transaction.",
        )


def _check_error_boundary(process: Process, node: Node) -> Iterator[Problem]:
    is_error = node.kind == "boundaryEvent" and node.has_definition("error")
    if is_error and node.element.get("cancelActivity", "true") != "true":
        yield build_problem(
            process.file,
            node.element,
            "error-not-interrupting",
            f"An error always ends the activity where it happens; make {node.label} interrupting, "
            "or use an escalation.",
        )
