"""Every code that a problem may carry, with its severity and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass

from ssflow.engine.problems import Severity


@dataclass(frozen=True)
class CodeMeaning:
    """What a code stands for, in one line for the documentation."""

    severity: Severity
    meaning: str


def _error(meaning: str) -> CodeMeaning:
    return CodeMeaning(Severity.ERROR, meaning)


def _warning(meaning: str) -> CodeMeaning:
    return CodeMeaning(Severity.WARNING, meaning)


MEANINGS: Mapping[str, CodeMeaning] = {
    # reading
    "file-too-large": _error("The file is larger than 5 MB."),
    "xml-not-readable": _error("The file is not well-formed XML."),
    "encoding-refused": _error("The file is not UTF-8."),
    "doctype-refused": _error("The file has a DOCTYPE."),
    "processing-instruction-refused": _error("The file has a processing instruction or an entity."),
    "too-many-elements": _error("The file has more than 20 000 XML elements."),
    "name-not-plain": _error("An id or a reference is not a plain XML name."),
    "not-bpmn": _error("The root of a .bpmn file is not bpmn:definitions."),
    "schema": _error("The file departs from the BPMN 2.0 schema."),
    "engine-refused": _error("The engine's own parser refuses the diagram."),
    # ids
    "id-missing": _error("A process, node or flow has no id."),
    "id-too-long": _error("An id has more than 200 characters."),
    "id-reserved": _error("An id is one that the engine uses itself."),
    "duplicate-id": _error("An id appears twice in a file."),
    "duplicate-process-id": _error("A process or sub-process id appears in two files."),
    # elements
    "no-executable-process": _error("A .bpmn file holds no executable process."),
    "complex-gateway": _error("Complex gateways are not supported."),
    "ad-hoc-sub-process": _error("Ad-hoc sub-processes are not supported."),
    "plain-task": _error("A task has no type."),
    "manual-task": _error("Manual tasks are not supported."),
    "compensation": _error("Compensation is not supported."),
    "link-event": _error("Link events are not supported."),
    "data-store": _error("Data stores are not supported."),
    "plain-event": _error("An event has no type."),
    "choreography": _error("Choreography activities are not supported."),
    "token-quantity": _error("An activity asks for more than one token at a time."),
    "instantiating-element": _error("Something other than a start event would start cases."),
    "data-not-mapped": _warning("Data that an activity takes in or gives out is not mapped."),
    # events
    "signal-start-event": _error("A signal cannot start a case."),
    "error-start-event": _error("An error cannot start a case."),
    "signal-end-event": _error("A signal end event would send nothing."),
    "timer-throw-event": _error("A timer cannot be thrown."),
    "event-kind": _error("An event is of a kind that its place does not allow."),
    "event-with-several-definitions": _error("An event waits for several things at once."),
    "event-without-definition": _error("A catching event does not say what it waits for."),
    "event-sub-process": _error(
        "An event sub-process starts by other than a non-interrupting message."
    ),
    "sub-process-start-kind": _error(
        "An embedded sub-process starts with more than a plain start event."
    ),
    "boundary-not-attached": _error("A boundary event is not attached to an activity beside it."),
    "cycle-timer-start": _error("A process starts with a cycle timer."),
    "cycle-timer-position": _error(
        "A cycle timer stands elsewhere than on a non-interrupting boundary."
    ),
    "cancel-outside-transaction": _error("A cancel event has no transaction."),
    "timer-incomplete": _error("A timer has not exactly one date, duration or cycle."),
    "message-missing": _error("An event or task names no message."),
    "message-unknown": _error("A message is not defined in the file."),
    "message-without-name": _error("A message has no name."),
    "message-payload-position": _error(
        "A payload stands at the message or the event instead of in the event's definition."
    ),
    "signal-missing": _error("An event names no signal."),
    "signal-unknown": _error("A signal is not defined in the file."),
    "error-unknown": _error("An error is not defined in the file."),
    "escalation-unknown": _error("An escalation is not defined in the file."),
    "conditional-event": _error("A conditional event would not see changes of the data."),
    "error-never-caught": _error("An error leaves a sub-process that has no error boundary event."),
    "cancel-never-caught": _error("A transaction is cancelled but has no cancel boundary event."),
    "error-not-interrupting": _error("An error boundary event is drawn as not interrupting."),
    "called-error-uncaught": _warning("A called process may end with an error nobody catches."),
    "signal-never-thrown": _warning("An event waits for a signal that the process never throws."),
    # flows and gateways
    "flow-dangling": _error("A flow does not join two elements of its process."),
    "flow-crosses-border": _error("A flow crosses the border of a sub-process."),
    "flow-from-end": _error("A flow leaves an end event."),
    "flow-into-start": _error("A flow leads to something that starts by itself."),
    "condition-not-read": _error(
        "A condition would be ignored, because no choosing gateway precedes it."
    ),
    "condition-always-holds": _error(
        "A condition is a text or a list of values, which is never false."
    ),
    "condition-missing": _error("A flow leaves a choosing gateway without a condition."),
    "condition-on-default-flow": _warning("The condition of a default flow is ignored."),
    "implicit-split": _error("Several flows leave something that is no gateway."),
    "default-flow-unknown": _error("The default flow does not leave the gateway."),
    "gateway-without-default": _warning("An exclusive or inclusive gateway has no default flow."),
    "event-gateway-targets": _error(
        "An event-based gateway is followed by other than two or more events."
    ),
    "event-gateway-parallel": _error("An event-based gateway asks for all its events."),
    "event-gateway-shared-target": _error(
        "An event behind an event-based gateway is reached from elsewhere too."
    ),
    # paths
    "no-start-event": _error("A process or sub-process has no start event."),
    "several-start-events": _error("A process or sub-process has more than one start event."),
    "no-end-event": _error("A process or sub-process has no end event."),
    "dead-end": _error("Nothing follows an element that is no end event."),
    "endless-loop": _error("A loop has no way out."),
    "unreachable-element": _error("No path leads to an element."),
    "path-too-long": _error("More than 200 elements lie on one path."),
    # loops
    "loop-without-limit": _error("A loop has neither a condition nor a maximum."),
    "multi-instance-without-input": _error(
        "A multi-instance activity has no collection or number, or both."
    ),
    "multi-instance-without-output": _error("A multi-instance activity has no output collection."),
    # variables
    "variable-name": _error("A declared variable is no variable name."),
    "variable-reserved": _error("A declared variable is supplied by ssflow itself."),
    # properties and people
    "property-incomplete": _error("A property lacks its name or value."),
    "property-twice": _warning("A property is given twice."),
    "unknown-property": _warning("A property has no meaning where it stands."),
    "form-unknown": _error("A form does not exist."),
    "payload-not-readable": _error("What a start brings is no list of variables."),
    "payload-beside-form": _error("A start event has both a form and a payload."),
    "role-unknown": _error("A role does not exist."),
    "assignee-not-an-id": _error("The one person to do a task is not named by an id."),
    "due-not-readable": _error("A due or reminder time cannot be read."),
    "priority-not-a-number": _error("A priority is no whole number."),
    "schedule-not-readable": _error("A schedule cannot be read."),
    "schedule-for-not-readable": _error("A schedule names no records of a register."),
    "schedule-payload-not-readable": _error("What a schedule starts cases with is no object."),
    "schedule-of-message-start": _error("A process with a schedule is started by a message."),
    "schedule-missing": _warning("A process says what a schedule starts, but has no schedule."),
    "public-start-not-readable": _error("The property public_start is neither true nor false."),
    "public-start-without-message": _error("A public process has no message start event."),
    "user-task-without-role": _error(
        "A user task has no role, no assignee and no lane that is a role."
    ),
    "lane-is-no-role": _warning("A lane with user tasks is not named like a role."),
    # calls
    "operation-missing": _error("A service task names no operation."),
    "operation-unknown": _error("An operation does not exist."),
    "retry-out-of-range": _error(
        "Retries of an operation are too many, too far apart or negative."
    ),
    "parameter-incomplete": _error("A parameter lacks its id, value or type."),
    "parameter-twice": _error("A parameter is given twice."),
    "parameter-unknown": _error("An operation does not take a parameter."),
    "parameter-missing": _error("A required parameter is missing."),
    "decision-not-named": _error("A business rule task names no decision."),
    "decision-unknown": _error("A decision is not in the bundle."),
    "call-missing": _error("A call activity names no process."),
    "call-unknown": _error("A called process does not exist."),
    "call-of-event-start": _error("A called process would wait for its start event."),
    "call-circle": _error("A process calls itself, directly or through others."),
    # code
    "code-missing": _error("A script or expression is empty."),
    "code-too-long": _error("A piece of code has more than 20 000 characters."),
    "code-refused": _error("A piece of code is no Python, or the sandbox does not support it."),
    "too-much-code": _error("A bundle holds more than 2 000 pieces of code."),
    "code-language": _error("A piece of code is not in Python."),
    "timer-not-quoted": _error("A timer's ISO text lacks its quotes."),
    "timer-not-iso": _error("A timer's text is no ISO 8601 date, duration or cycle."),
    "undefined-name": _warning("Nothing in the bundle supplies a name that code uses."),
    # decisions
    "duplicate-decision-id": _error("A decision id appears twice in the bundle."),
    "dmn-version": _error("A file is not DMN 1.1, 1.2 or 1.3."),
    "decision-missing": _error("A .dmn file holds no decision."),
    "decision-id": _error("A decision has no id, or two of a file have the same."),
    "decision-language": _error("A decision is written in a language other than FEEL."),
    "decision-not-a-table": _error("A decision holds no decision table."),
    "decision-chain": _error("A decision requires another decision."),
    "decision-hit-policy": _error("A hit policy or aggregation does not exist."),
    "decision-expression": _error("An input of a table has no expression."),
    "decision-output-name": _error(
        "An output has no name, a double one, or none that code can use."
    ),
    "decision-output-order": _error("Output values are missing, or an output is not among them."),
    "decision-rows": _error("A table has no row, or a row with too few or too many cells."),
    "decision-cell": _error("A cell or expression of a table cannot be read."),
    "decimal-comma": _warning("A cell compares with a number that holds a comma."),
    "table-without-catch-all": _warning("A table may find no matching row."),
    # hazards
    "join-may-starve": _warning("After some choices a parallel join waits for ever."),
    "work-done-twice": _warning("Parallel branches meet without a parallel join."),
    "parallel-writes": _warning("Parallel branches write the same variable."),
    "sub-process-data-dropped": _warning("Data of an interrupted sub-process is used behind it."),
    "timer-on-multi-instance": _warning("A timer on a multi-instance activity loses its results."),
    "multi-instance-item-taken": _warning(
        "An item of a multi-instance activity is a variable elsewhere."
    ),
    "branch-outlives-end": _warning(
        "A user task behind a non-interrupting event keeps the case open."
    ),
}
