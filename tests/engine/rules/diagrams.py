"""Builders of small diagrams: each part is one line of the file, so that lines can be asserted."""

import itertools
from xml.sax.saxutils import escape, quoteattr

from ssflow.engine.diagram import CheckedBundle, KnownNames, OperationSignature, check_bundle
from ssflow.engine.problems import Problem

FILE = "main.bpmn"
KNOWN = KnownNames(
    forms={"request": frozenset({"amount", "reason"}), "review": frozenset({"decision"})},
    roles=frozenset({"clerk", "manager"}),
    operations={
        "record.create": OperationSignature(
            "record.create", frozenset({"kind"}), frozenset({"values"}), outside=False
        )
    },
    processes=frozenset({"deployed"}),
)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>',
    (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' id="Definitions_1" targetNamespace="http://example.org">'
    ),
)


def file_of(*parts: str) -> bytes:
    """Write a BPMN file from processes, messages and other global elements."""
    return "\n".join((*_HEAD, *parts, "</bpmn:definitions>")).encode()


def process(*parts: str, id: str = "P_main", executable: str = "true") -> str:
    body = "\n".join(parts)
    return f'<bpmn:process id="{id}" isExecutable="{executable}">\n{body}\n</bpmn:process>'


def diagram(*parts: str, beside: str = "") -> bytes:
    """Write a BPMN file with one process; `beside` are its messages, signals and the like."""
    return file_of(process(*parts), *([beside] if beside else []))


def element(kind: str, id: str | None, inner: str = "", **attributes: str) -> str:
    """Write one BPMN element on one line."""
    named = {**({"id": id} if id else {}), **attributes}
    written = "".join(f" {name}={quoteattr(value)}" for name, value in named.items())
    return f"<bpmn:{kind}{written}>{inner}</bpmn:{kind}>"


def start(inner: str = "", id: str = "Start_1") -> str:
    return element("startEvent", id, inner)


def end(inner: str = "", id: str = "E_done") -> str:
    return element("endEvent", id, inner)


def user(id: str, inner: str = "", **properties: str) -> str:
    """Write a user task of the role clerk, unless the properties say otherwise."""
    return element("userTask", id, extensions(**{"role": "clerk", **properties}) + inner)


def script(id: str, code: str) -> str:
    return element("scriptTask", id, f"<bpmn:script>{escape(code)}</bpmn:script>")


def service(id: str, name: str = "record.create", **parameters: str) -> str:
    written = "".join(
        f'<spiffworkflow:parameter id="{key}" type="str" value={quoteattr(value)}/>'
        for key, value in parameters.items()
    )
    return element("serviceTask", id, operator(name, written))


def operator(name: str, parameters: str = "", result: str = "created") -> str:
    inner = f"<spiffworkflow:parameters>{parameters}</spiffworkflow:parameters>"
    return extended(
        f'<spiffworkflow:serviceTaskOperator id="{name}" resultVariable="{result}">{inner}'
        "</spiffworkflow:serviceTaskOperator>"
    )


def extended(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"


def extensions(*more: str, **properties: str) -> str:
    """Write spiffworkflow:properties, and other extension elements beside them."""
    written = "".join(
        f"<spiffworkflow:property name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in properties.items()
    )
    group = f"<spiffworkflow:properties>{written}</spiffworkflow:properties>"
    return extended((group if properties else "") + "".join(more))


def spiff(name: str, text: str) -> str:
    return f"<spiffworkflow:{name}>{escape(text)}</spiffworkflow:{name}>"


def gateway(id: str, kind: str = "exclusive", **attributes: str) -> str:
    return element(f"{kind}Gateway", id, **attributes)


def flow(source: str, target: str, condition: str | None = None, **attributes: str) -> str:
    """Write a sequence flow with the id F_source_target."""
    inner = ""
    if condition is not None:
        inner = (
            '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
            f"{escape(condition)}</bpmn:conditionExpression>"
        )
    given = {"sourceRef": source, "targetRef": target, **attributes}
    return element("sequenceFlow", given.pop("id", f"F_{source}_{target}"), inner, **given)


def chain(*ids: str) -> str:
    """Write the flows from each id to the next, one a line."""
    return "\n".join(flow(one, other) for one, other in itertools.pairwise(ids))


def boundary(id: str, host: str, inner: str, *, interrupts: bool = True) -> str:
    cancels = "true" if interrupts else "false"
    return element("boundaryEvent", id, inner, attachedToRef=host, cancelActivity=cancels)


def catch(id: str, inner: str) -> str:
    return element("intermediateCatchEvent", id, inner)


def throw(id: str, inner: str = "") -> str:
    return element("intermediateThrowEvent", id, inner)


def timer(expression: str, kind: str = "timeDuration") -> str:
    typed = f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{escape(expression)}</bpmn:{kind}>'
    return element("timerEventDefinition", None, typed)


def definition(kind: str, inner: str = "", **attributes: str) -> str:
    return element(f"{kind}EventDefinition", None, inner, **attributes)


def message(name: str = "answer", id: str = "M_answer") -> str:
    return element("message", id, name=name)


def several(
    collection: str | None = "people",
    item: str | None = "person",
    *,
    output: str | None = "answers",
    output_item: str | None = "answer",
    cardinality: str | None = None,
) -> str:
    """Write what makes an activity multi-instance."""
    parts = [
        f"<bpmn:loopCardinality>{cardinality}</bpmn:loopCardinality>" if cardinality else "",
        f"<bpmn:loopDataInputRef>{collection}</bpmn:loopDataInputRef>" if collection else "",
        f"<bpmn:loopDataOutputRef>{output}</bpmn:loopDataOutputRef>" if output else "",
        f'<bpmn:inputDataItem id="{item}"/>' if item else "",
        f'<bpmn:outputDataItem id="{output_item}"/>' if output_item else "",
    ]
    return element("multiInstanceLoopCharacteristics", None, "".join(parts))


def sub_process(id: str, *parts: str, **attributes: str) -> str:
    body = "\n".join(parts)
    return element("subProcess", id, f"\n{body}\n", **attributes)


def decide(id: str, decision: str, **properties: str) -> str:
    called = spiff("calledDecisionId", decision)
    return element("businessRuleTask", id, extensions(called, **properties))


def table(
    *rows: tuple[str, str],
    id: str = "route",
    output: str = "level",
    tests: str = "amount",
    policy: str = "FIRST",
) -> bytes:
    """Write a DMN file with one input and one output; each rule is one line."""
    rules = "\n".join(
        f'<rule id="{id}_{n}"><inputEntry id="{id}_i{n}"><text>{escape(test)}</text></inputEntry>'
        f'<outputEntry id="{id}_o{n}"><text>{escape(value)}</text></outputEntry></rule>'
        for n, (test, value) in enumerate(rows)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="D" name="D"'
        ' namespace="http://example.org">\n'
        f'<decision id="{id}" name="Route">\n'
        f'<decisionTable id="{id}_table" hitPolicy="{policy}">\n'
        f'<input id="{id}_in"><inputExpression id="{id}_ie" typeRef="number">'
        f"<text>{escape(tests)}</text></inputExpression></input>\n"
        f'<output id="{id}_out" name="{output}" typeRef="string"/>\n{rules}\n'
        "</decisionTable></decision></definitions>"
    ).encode()


def check(data: bytes, known: KnownNames = KNOWN, **more: bytes) -> CheckedBundle:
    """Check one BPMN file, with others beside it: `b_bpmn=…` is b.bpmn."""
    others = {name.replace("_", "."): content for name, content in more.items()}
    return check_bundle({FILE: data, **others}, known)


def problems_of(data: bytes, known: KnownNames = KNOWN, **more: bytes) -> tuple[Problem, ...]:
    return check(data, known, **more).problems


def line_of(data: bytes, text: str) -> int:
    """Tell the line on which a text first appears."""
    return data[: data.index(text.encode())].count(b"\n") + 1


def assert_breaks(
    data: bytes, code: str, element_id: str, *, at: str | None = None, **more: bytes
) -> Problem:
    """Assert that a diagram breaks one rule only, at this element and on its line.

    `at` is a text on the line where the problem lies, if it is not that of the element.
    """
    found = problems_of(data, KNOWN, **more)
    assert {problem.code for problem in found} == {code}, [str(one) for one in found]
    at_element = [problem for problem in found if problem.element_id == element_id]
    assert at_element, [str(one) for one in found]
    assert at_element[0].file == FILE
    assert at_element[0].line == line_of(data, at or f'id="{element_id}"')
    return at_element[0]
