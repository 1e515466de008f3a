"""What a process calls: operations, decisions and other processes."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import Operator, find_operator, read_extension
from ssflow.engine.rules.known_names import OperationSignature
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process
from ssflow.engine.xml_reading import SPIFF

MOST_RETRIES, LONGEST_WAIT_SECONDS = 20, 3600


def check_calls(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find calls of what does not exist, or with other parameters than it takes."""
    for node in process.nodes():
        if node.kind == "serviceTask":
            yield from _check_operation(process, node, bundle)
        elif node.kind == "businessRuleTask":
            yield from _check_decision(process, node, bundle)
        elif node.kind == "callActivity":
            yield from _check_process(process, node, bundle)
    yield from _check_circle(process, bundle)


def list_called_processes(process: Process) -> list[str]:
    """List the ids of the processes that a process calls, in the order of the file."""
    called = [
        node.element.get("calledElement") or ""
        for node in process.nodes()
        if node.kind == "callActivity"
    ]
    return [key for key in called if key]


def list_called_decisions(process: Process) -> list[str]:
    """List the ids of the decisions that a process calls, in the order of the file."""
    called = [
        find_called_decision(node) for node in process.nodes() if node.kind == "businessRuleTask"
    ]
    return [key for key in called if key]


def find_called_decision(node: Node) -> str | None:
    """Find the id of the decision that a business rule task calls."""
    return read_extension(node.element, "calledDecisionId")


def _check_operation(process: Process, node: Node, bundle: Bundle) -> Iterator[Problem]:
    operator = find_operator(node.element)
    if operator is None or not operator.name:
        yield build_problem(
            process.file,
            node.element,
            "operation-missing",
            f"{node.label} names no operation; choose one.",
        )
        return
    signature = bundle.known.operations.get(operator.name)
    if signature is None:
        yield build_problem(
            process.file,
            operator.element,
            "operation-unknown",
            f'There is no operation "{operator.name}"; choose one of the list in the editor.',
        )
    yield from _check_parameters(process, node, operator, signature)
    yield from _check_retry(process, node, operator)


def _check_retry(process: Process, node: Node, operator: Operator) -> Iterator[Problem]:
    """Check how often, and how far apart, a failed call is tried again."""
    for retry in operator.element.iter(f"{{{SPIFF}}}retry"):
        for name, most in (("retries", MOST_RETRIES), ("backoff_base", LONGEST_WAIT_SECONDS)):
            text = retry.get(name)
            if text is not None and not (text.isascii() and text.isdigit() and int(text) <= most):
                yield build_problem(
                    process.file,
                    retry,
                    "retry-out-of-range",
                    f"{node.label} cannot have {name} {text}; write a number from 0 to {most}.",
                )


def _check_parameters(
    process: Process, node: Node, operator: Operator, signature: OperationSignature | None
) -> Iterator[Problem]:
    given: set[str] = set()
    for parameter in operator.parameters:
        if not parameter.id or parameter.value is None or parameter.type is None:
            yield build_problem(
                process.file,
                parameter.element,
                "parameter-incomplete",
                f"A parameter of {node.label} lacks its id, value or type; complete or delete it.",
            )
        elif parameter.id in given:
            yield build_problem(
                process.file,
                parameter.element,
                "parameter-twice",
                f'{node.label} gives the parameter "{parameter.id}" twice; delete one.',
            )
        elif signature and parameter.id not in signature.required | signature.optional:
            yield build_problem(
                process.file,
                parameter.element,
                "parameter-unknown",
                f'The operation "{signature.name}" has no parameter "{parameter.id}"; it takes '
                f"{', '.join(sorted(signature.required | signature.optional)) or 'none'}.",
            )
        given.add(parameter.id or "")
    for missing in sorted(signature.required - given if signature else ()):
        yield build_problem(
            process.file,
            operator.element,
            "parameter-missing",
            f'{node.label} calls "{operator.name}" without its parameter "{missing}"; add it.',
        )


def _check_decision(process: Process, node: Node, bundle: Bundle) -> Iterator[Problem]:
    called = find_called_decision(node)
    if called is None:
        yield build_problem(
            process.file,
            node.element,
            "decision-not-named",
            f"{node.label} names no decision; choose one.",
        )
    elif called not in bundle.decisions:
        yield build_problem(
            process.file,
            node.element,
            "decision-unknown",
            f'{node.label} calls the decision "{called}", which no .dmn file of the bundle holds; '
            "add it or choose another.",
        )


def _check_process(process: Process, node: Node, bundle: Bundle) -> Iterator[Problem]:
    key = node.element.get("calledElement")
    called = bundle.find_process(key or "")
    if not key:
        yield build_problem(
            process.file,
            node.element,
            "call-missing",
            f"{node.label} names no process; choose the one that it calls.",
        )
    elif called is None and key not in bundle.known.processes:
        yield build_problem(
            process.file,
            node.element,
            "call-unknown",
            f'{node.label} calls the process "{key}", which is neither in the bundle nor deployed; '
            "add it or choose another.",
        )
    elif called is not None and any(one.definitions for one in called.scope.of_kind("startEvent")):
        yield build_problem(
            process.file,
            node.element,
            "call-of-event-start",
            f'{node.label} calls "{key}", which would wait for its start event; give it a plain '
            "start event, or start it with a message.",
        )


def _check_circle(process: Process, bundle: Bundle) -> Iterator[Problem]:
    for node in process.nodes():
        key = node.element.get("calledElement") if node.kind == "callActivity" else None
        if key and process.key in _reach(key, bundle):
            yield build_problem(
                process.file,
                node.element,
                "call-circle",
                f'{node.label} calls "{key}", which comes back to "{process.key}"; draw the '
                "repetition as a loop inside one process.",
            )


def _reach(key: str, bundle: Bundle) -> set[str]:
    found = {key}
    waiting = [key]
    while waiting:
        process = bundle.find_process(waiting.pop())
        for called in list_called_processes(process) if process else ():
            if called not in found:
                found.add(called)
                waiting.append(called)
    return found
