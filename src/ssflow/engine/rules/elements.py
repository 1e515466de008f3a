"""Elements that the engine does not run, or runs otherwise than their shape promises."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import CHOREOGRAPHY, Process, is_true
from ssflow.engine.xml_reading import BPMN, DATA_MAPPINGS, Element, get_local_name

_REFUSED = {
    "complexGateway": (
        "complex-gateway",
        "Complex gateways are not supported; use exclusive, inclusive or parallel gateways.",
    ),
    "adHocSubProcess": (
        "ad-hoc-sub-process",
        (
            "Ad-hoc sub-processes are not supported; draw a loop in which a user task "
            "chooses the next activity."
        ),
    ),
    "task": (
        "plain-task",
        (
            "This task has no type, so nobody knows who does it; make it a user task, "
            "a script task or a service task."
        ),
    ),
    "manualTask": (
        "manual-task",
        (
            "Manual tasks are not supported; make it a user task with a role, so that somebody can "
            "say that it is done."
        ),
    ),
    "compensateEventDefinition": (
        "compensation",
        "Compensation is not supported; draw the way back as an ordinary path behind a gateway.",
    ),
    "linkEventDefinition": (
        "link-event",
        "Link events are not supported; join both places with a sequence flow.",
    ),
    "dataStore": (
        "data-store",
        "Data stores are not supported; read and write records with a service task.",
    ),
    "dataStoreReference": (
        "data-store",
        "Data stores are not supported; read and write records with a service task.",
    ),
    "event": (
        "plain-event",
        "This event has no type; make it a start, intermediate or end event.",
    ),
    "implicitThrowEvent": (
        "plain-event",
        "This event has no type; make it a start, intermediate or end event.",
    ),
}


def check_elements(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find elements that are not supported, wherever they are in a process."""
    for element in process.element.iter(f"{{{BPMN}}}*"):
        yield from _check_element(process, element)


def check_file(file: str, root: Element) -> Iterator[Problem]:
    """Find data stores beside the processes of a file."""
    for element in root.iterchildren(f"{{{BPMN}}}dataStore"):
        yield build_problem(file, element, *_REFUSED["dataStore"])


def check_something_runs(bundle: Bundle) -> Iterator[Problem]:
    """Find files with diagrams of which nothing can run."""
    files = {process.file for process in bundle.processes}
    for file, root in bundle.roots.items():
        if root.tag == f"{{{BPMN}}}definitions" and file not in files:
            yield build_problem(
                file,
                root,
                "no-executable-process",
                "The file holds no executable process; mark a process as executable (a "
                "choreography or a conversation alone cannot run).",
            )


def _check_element(process: Process, element: Element) -> Iterator[Problem]:
    kind = get_local_name(element)
    if kind in _REFUSED:
        yield build_problem(process.file, element, *_REFUSED[kind])
    if kind in CHOREOGRAPHY:
        yield build_problem(
            process.file,
            element,
            "choreography",
            "Choreography activities cannot run; draw what each side does as its own process.",
        )
    if is_true(element.get("isForCompensation")):
        yield build_problem(process.file, element, *_REFUSED["compensateEventDefinition"])
    if any(element.get(name, "1") != "1" for name in ("startQuantity", "completionQuantity")):
        yield build_problem(
            process.file,
            element,
            "token-quantity",
            "The quantity of tokens would be ignored; split or join with gateways instead.",
        )
    yield from _check_data_mapping(process, element)
    if is_true(element.get("instantiate")):
        yield build_problem(
            process.file,
            element,
            "instantiating-element",
            "Only a start event starts a case; put a message start event before this element and "
            "take its instantiate mark away.",
        )


def _check_data_mapping(process: Process, element: Element) -> Iterator[Problem]:
    """Find data that is to be changed on its way; arrows from and to data objects are pictures."""
    parent = element.getparent()
    if element.tag not in DATA_MAPPINGS or parent is None or parent is process.element:
        return
    is_picture = get_local_name(element) != "ioSpecification" and not any(
        get_local_name(child) in ("assignment", "transformation") for child in element
    )
    if not is_picture and parent.find(element.tag) is element:
        yield build_problem(
            process.file,
            element,
            "data-not-mapped",
            f"The {get_local_name(element)} is not read, because every activity sees all "
            "variables and gives back what it changed; set variables in a script before or after.",
        )
