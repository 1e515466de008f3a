"""What events and tasks refer to: messages, signals, errors, escalations and times."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.events import find_kind
from ssflow.engine.rules.extensions import find_extension
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process, find_children
from ssflow.engine.xml_reading import BPMN, Element

_PAYLOADS = ("messagePayload", "messageVariable")


def check_references(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find events and tasks whose message, signal, error or escalation is not in the file."""
    root = bundle.roots[process.file]
    for node in process.nodes():
        yield from _check_payload_position(process, node)
        if node.kind in ("sendTask", "receiveTask"):
            yield from _check_message(process, root, node.element, node)
        for definition in node.definitions:
            yield from _check_definition(process, root, definition, node)
    yield from _check_signals(process)


def _check_payload_position(process: Process, node: Node) -> Iterator[Problem]:
    if not node.has_definition("message"):
        return
    for name in _PAYLOADS:
        if find_extension(node.element, name) is not None:
            yield build_problem(
                process.file,
                node.element,
                "message-payload-position",
                f"The {name} of {node.label} would be ignored; write it into the extensionElements "
                "of its messageEventDefinition.",
            )


def check_messages(file: str, root: Element) -> Iterator[Problem]:
    """Find payloads at messages, where the engine reads them for all events alike."""
    for message in root.iterchildren(f"{{{BPMN}}}message"):
        for name in _PAYLOADS:
            if find_extension(message, name) is not None:
                yield build_problem(
                    file,
                    message,
                    "message-payload-position",
                    f"The message has a {name}; write it at the task, or in the "
                    "messageEventDefinition of the event, that sends or receives the message.",
                )


def _check_definition(
    process: Process, root: Element, definition: Element, node: Node
) -> Iterator[Problem]:
    kind = find_kind(definition)
    if kind == "message":
        yield from _check_message(process, root, definition, node)
    elif kind == "timer":
        yield from _check_timer(process, definition, node)
    elif kind in ("signal", "error", "escalation"):
        yield from _check_reference(process, root, definition, node)


def _check_message(
    process: Process, root: Element, referring: Element, node: Node
) -> Iterator[Problem]:
    if referring is node.element and node.definitions:
        return  # a task may carry its message in a definition of its own
    reference = referring.get("messageRef")
    message = _find_global(root, "message", reference)
    if reference is None:
        yield build_problem(
            process.file,
            node.element,
            "message-missing",
            f"{node.label} names no message, so the case would pass through it; choose a message.",
        )
    elif message is None:
        yield build_problem(
            process.file,
            node.element,
            "message-unknown",
            f'{node.label} names the message "{reference}", which this file does not define; add '
            "the message or choose another.",
        )
    elif not message.get("name"):
        yield build_problem(
            process.file,
            message,
            "message-without-name",
            f'The message "{reference}" has no name, by which others send it; give it one.',
        )


def _check_timer(process: Process, definition: Element, node: Node) -> Iterator[Problem]:
    times = [
        child
        for kind in ("timeDate", "timeDuration", "timeCycle")
        for child in find_children(definition, kind)
    ]
    if len(times) != 1:
        yield build_problem(
            process.file,
            node.element,
            "timer-incomplete",
            f"The timer {node.label} needs exactly one date, duration or cycle.",
        )


def _check_reference(
    process: Process, root: Element, definition: Element, node: Node
) -> Iterator[Problem]:
    kind = find_kind(definition)
    reference = definition.get(f"{kind}Ref")
    if reference is None:
        if kind == "signal":
            yield build_problem(
                process.file,
                node.element,
                "signal-missing",
                f"{node.label} names no signal; choose one.",
            )
    elif _find_global(root, kind, reference) is None:
        yield build_problem(
            process.file,
            node.element,
            f"{kind}-unknown",
            f'{node.label} names the {kind} "{reference}", which this file does not define; add '
            f"the {kind} or choose another.",
        )


def _find_global(root: Element, kind: str, identifier: str | None) -> Element | None:
    return next(
        (one for one in root.iterchildren(f"{{{BPMN}}}{kind}") if one.get("id") == identifier),
        None,
    )


def _check_signals(process: Process) -> Iterator[Problem]:
    signals = [
        (node, definition.get("signalRef"))
        for node in process.nodes()
        for definition in node.definitions
        if find_kind(definition) == "signal"
    ]
    thrown = {signal for node, signal in signals if node.kind == "intermediateThrowEvent"}
    for node, signal in signals:
        if node.kind in ("intermediateCatchEvent", "boundaryEvent") and signal not in thrown:
            yield build_problem(
                process.file,
                node.element,
                "signal-never-thrown",
                f"{node.label} waits for a signal that this process never throws; signals do not "
                "cross cases. Use a message, or throw the signal.",
            )
