"""Small BPMN diagrams as text: `diagram(process("p", start(), user("a"), ...))`."""

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

_NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_FORMAL = 'xsi:type="bpmn:tFormalExpression"'


def diagram(*parts: str) -> bytes:
    """Put processes, messages and errors into one file."""
    return (
        f'<bpmn:definitions {_NAMESPACES} id="D" targetNamespace="x">'
        f"{''.join(parts)}</bpmn:definitions>"
    ).encode()


def process(process_id: str, *parts: str) -> str:
    """Make a process of nodes and flows."""
    return f'<bpmn:process id="{process_id}" isExecutable="true">{"".join(parts)}</bpmn:process>'


def flows(*paths: str) -> str:
    """Connect nodes: "a b c" goes from a to b to c; "g[x > 1] b" puts a condition on the flow."""
    return "".join(_flow(*pair) for path in paths for pair in _pairs(path))


def _pairs(path: str) -> list[tuple[str, str, str | None]]:
    pairs: list[tuple[str, str, str | None]] = []
    rest = path.strip()
    source: str | None = None
    condition: str | None = None
    while rest:
        name = rest.split("[", 1)[0].split(maxsplit=1)[0]
        rest = rest[len(name) :].lstrip()
        if source is not None:
            pairs.append((source, name, condition))
        source, condition = name, None
        if rest.startswith("["):
            condition, rest = rest[1:].split("]->", 1)
            rest = rest.lstrip()
    return pairs


def _flow(source: str, target: str, condition: str | None) -> str:
    inner = (
        f"<bpmn:conditionExpression {_FORMAL}>{escape(condition)}</bpmn:conditionExpression>"
        if condition is not None
        else ""
    )
    return (
        f'<bpmn:sequenceFlow id="f_{source}_{target}" sourceRef="{source}" '
        f'targetRef="{target}">{inner}</bpmn:sequenceFlow>'
    )


def start(node_id: str = "start", inner: str = "") -> str:
    return f'<bpmn:startEvent id="{node_id}">{inner}</bpmn:startEvent>'


def end(node_id: str = "end", inner: str = "") -> str:
    return f'<bpmn:endEvent id="{node_id}">{inner}</bpmn:endEvent>'


def user(
    node_id: str,
    inner: str = "",
    *,
    variable: str | None = None,
    **properties: str,
) -> str:
    extensions = _properties(properties)
    if variable is not None:
        extensions += f"<spiffworkflow:variableName>{variable}</spiffworkflow:variableName>"
    return (
        f'<bpmn:userTask id="{node_id}" name="{node_id}">{_extensions(extensions)}{inner}'
        "</bpmn:userTask>"
    )


def script(node_id: str, code: str, inner: str = "") -> str:
    return (
        f'<bpmn:scriptTask id="{node_id}">{inner}<bpmn:script>{escape(code)}</bpmn:script>'
        "</bpmn:scriptTask>"
    )


def choice(node_id: str, default: str | None = None) -> str:
    """Make an exclusive gateway; `default` is the target of its default flow."""
    attribute = f' default="f_{node_id}_{default}"' if default is not None else ""
    return f'<bpmn:exclusiveGateway id="{node_id}"{attribute}/>'


def parallel(node_id: str) -> str:
    return f'<bpmn:parallelGateway id="{node_id}"/>'


def inclusive(node_id: str, default: str | None = None) -> str:
    attribute = f' default="f_{node_id}_{default}"' if default is not None else ""
    return f'<bpmn:inclusiveGateway id="{node_id}"{attribute}/>'


def first_of(node_id: str) -> str:
    """Make an event-based gateway."""
    return f'<bpmn:eventBasedGateway id="{node_id}"/>'


def after(expression: str) -> str:
    """Say when a timer goes off."""
    return (
        f"<bpmn:timerEventDefinition><bpmn:timeDuration {_FORMAL}>{escape(expression)}"
        "</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )


def at(expression: str) -> str:
    """Say on which date a timer goes off."""
    return (
        f"<bpmn:timerEventDefinition><bpmn:timeDate {_FORMAL}>{escape(expression)}"
        "</bpmn:timeDate></bpmn:timerEventDefinition>"
    )


def every(expression: str) -> str:
    """Say how often a timer goes off."""
    return (
        f"<bpmn:timerEventDefinition><bpmn:timeCycle {_FORMAL}>{escape(expression)}"
        "</bpmn:timeCycle></bpmn:timerEventDefinition>"
    )


def on_message(ref: str, inner: str = "") -> str:
    extensions = f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>" if inner else ""
    return (
        f'<bpmn:messageEventDefinition messageRef="{ref}">{extensions}'
        "</bpmn:messageEventDefinition>"
    )


def into(variable: str) -> str:
    """Name the variable that a message's payload goes into."""
    return f"<spiffworkflow:messageVariable>{variable}</spiffworkflow:messageVariable>"


def carrying(expression: str) -> str:
    """Say what a sent message carries."""
    return f"<spiffworkflow:messagePayload>{escape(expression)}</spiffworkflow:messagePayload>"


def on_error(ref: str) -> str:
    return f'<bpmn:errorEventDefinition errorRef="{ref}"/>'


def message(ref: str, name: str) -> str:
    """Declare a message, beside the processes."""
    return f'<bpmn:message id="{ref}" name="{name}"/>'


def error(ref: str, code: str, variable: str | None = None) -> str:
    """Declare an error, beside the processes."""
    name = f"<spiffworkflow:variableName>{variable}</spiffworkflow:variableName>"
    inner = _extensions(name) if variable is not None else ""
    return f'<bpmn:error id="{ref}" name="{ref}" errorCode="{code}">{inner}</bpmn:error>'


def boundary(node_id: str, at: str, event: str, *, cancel: bool = True) -> str:
    return (
        f'<bpmn:boundaryEvent id="{node_id}" attachedToRef="{at}" '
        f'cancelActivity="{str(cancel).lower()}">{event}</bpmn:boundaryEvent>'
    )


def catch(node_id: str, event: str, **properties: str) -> str:
    extensions = _extensions(_properties(properties))
    return (
        f'<bpmn:intermediateCatchEvent id="{node_id}">{extensions}{event}'
        "</bpmn:intermediateCatchEvent>"
    )


def throw(node_id: str, event: str) -> str:
    return f'<bpmn:intermediateThrowEvent id="{node_id}">{event}</bpmn:intermediateThrowEvent>'


def scope(node_id: str, *parts: str, by_event: bool = False) -> str:
    """Make an embedded sub-process; put its loop characteristics first."""
    attribute = ' triggeredByEvent="true"' if by_event else ""
    return f'<bpmn:subProcess id="{node_id}"{attribute}>{"".join(parts)}</bpmn:subProcess>'


def call(node_id: str, called: str, inner: str = "") -> str:
    return f'<bpmn:callActivity id="{node_id}" calledElement="{called}">{inner}</bpmn:callActivity>'


def service(
    node_id: str,
    operation: str,
    parameters: Mapping[str, str] | None = None,
    result: str | None = "result",
    inner: str = "",
) -> str:
    given = "".join(
        f'<spiffworkflow:parameter id="{name}" type="any" value={quoteattr(value)}/>'
        for name, value in (parameters or {}).items()
    )
    variable = f' resultVariable="{result}"' if result is not None else ""
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="{operation}"{variable}>'
        f"<spiffworkflow:parameters>{given}</spiffworkflow:parameters>"
        "</spiffworkflow:serviceTaskOperator>"
    )
    return f'<bpmn:serviceTask id="{node_id}">{_extensions(operator)}{inner}</bpmn:serviceTask>'


def rule(node_id: str, decision: str, **properties: str) -> str:
    called = f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>"
    return (
        f'<bpmn:businessRuleTask id="{node_id}">{_extensions(called + _properties(properties))}'
        "</bpmn:businessRuleTask>"
    )


def for_each(
    items: str,
    item: str,
    results: str | None = None,
    result: str | None = None,
    *,
    sequential: bool = False,
    until: str | None = None,
) -> str:
    """Let an activity run once for each item."""
    output = f"<bpmn:loopDataOutputRef>{results}</bpmn:loopDataOutputRef>" if results else ""
    output_item = f'<bpmn:outputDataItem id="{result}"/>' if result else ""
    enough = f"<bpmn:completionCondition>{until}</bpmn:completionCondition>" if until else ""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f"<bpmn:loopDataInputRef>{items}</bpmn:loopDataInputRef>{output}"
        f'<bpmn:inputDataItem id="{item}"/>{output_item}{enough}'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def so_often(count: str) -> str:
    """Let an activity run a number of times."""
    return (
        "<bpmn:multiInstanceLoopCharacteristics>"
        f"<bpmn:loopCardinality {_FORMAL}>{escape(count)}</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def while_(condition: str, maximum: int | None = None) -> str:
    limit = f' loopMaximum="{maximum}"' if maximum is not None else ""
    return (
        f'<bpmn:standardLoopCharacteristics{limit} testBefore="false">'
        f"<bpmn:loopCondition {_FORMAL}>{escape(condition)}</bpmn:loopCondition>"
        "</bpmn:standardLoopCharacteristics>"
    )


def terminate() -> str:
    return "<bpmn:terminateEventDefinition/>"


def decision_table(
    key: str, inputs: list[str], outputs: list[str], rows: list[list[str]], policy: str = "FIRST"
) -> bytes:
    """Make a DMN file with one table."""
    columns = "".join(
        f'<input id="i{n}"><inputExpression id="ie{n}"><text>{escape(text)}</text>'
        "</inputExpression></input>"
        for n, text in enumerate(inputs)
    )
    columns += "".join(f'<output id="o{n}" name="{name}"/>' for n, name in enumerate(outputs))
    rules = "".join(_rule(n, row, len(inputs)) for n, row in enumerate(rows))
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="n" '
        f'namespace="x"><decision id="{key}" name="{key}"><decisionTable id="t" '
        f'hitPolicy="{policy}">{columns}{rules}</decisionTable></decision></definitions>'
    ).encode()


def _rule(number: int, row: list[str], inputs: int) -> str:
    cells = "".join(
        f'<{"inputEntry" if n < inputs else "outputEntry"} id="c{number}_{n}">'
        f"<text>{escape(text)}</text></{'inputEntry' if n < inputs else 'outputEntry'}>"
        for n, text in enumerate(row)
    )
    return f'<rule id="r{number}">{cells}</rule>'


def _extensions(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>" if inner else ""


def _properties(properties: Mapping[str, str]) -> str:
    if not properties:
        return ""
    inner = "".join(
        f'<spiffworkflow:property name="{name}" value={quoteattr(value)}/>'
        for name, value in properties.items()
    )
    return f"<spiffworkflow:properties>{inner}</spiffworkflow:properties>"
