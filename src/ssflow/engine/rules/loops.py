"""Loops and multi-instance activities: what they run over, and where their results go."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process, find_child
from ssflow.engine.xml_reading import Element


def check_loops(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find loops without a bound, and multi-instance activities that lose or mix results."""
    for node in process.nodes():
        standard = find_child(node.element, "standardLoopCharacteristics")
        several = find_child(node.element, "multiInstanceLoopCharacteristics")
        if standard is not None:
            yield from _check_standard(process, node, standard)
        if several is not None:
            yield from _check_source(process, node, several)
            yield from _check_results(process, node, several)


def _check_standard(process: Process, node: Node, loop: Element) -> Iterator[Problem]:
    maximum = loop.get("loopMaximum")
    condition = find_child(loop, "loopCondition")
    if maximum is None and (condition is None or not (condition.text or "").strip()):
        yield build_problem(
            process.file,
            node.element,
            "loop-without-limit",
            f"The loop {node.label} never stops; give it a condition or a maximum.",
        )
    if maximum is not None and not (maximum.isdecimal() and int(maximum)):
        yield build_problem(
            process.file,
            node.element,
            "loop-without-limit",
            f'The maximum "{maximum}" of the loop {node.label} is not a whole number from 1 on.',
        )


def _check_source(process: Process, node: Node, several: Element) -> Iterator[Problem]:
    sources = [find_child(several, kind) for kind in ("loopCardinality", "loopDataInputRef")]
    if sum(source is not None for source in sources) != 1:
        yield build_problem(
            process.file,
            node.element,
            "multi-instance-without-input",
            f"The multi-instance activity {node.label} needs either an input collection or a "
            "number of rounds.",
        )


def _check_results(process: Process, node: Node, several: Element) -> Iterator[Problem]:
    parts = (find_child(several, kind) for kind in ("loopDataOutputRef", "outputDataItem"))
    if any(part is None for part in parts):
        yield build_problem(
            process.file,
            node.element,
            "multi-instance-without-output",
            f"The multi-instance activity {node.label} has no output collection, so one round "
            "would overwrite the data of another; give it an output collection and an output item.",
        )
