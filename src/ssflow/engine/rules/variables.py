"""The variables that elements declare by name: allowed names, and who writes which."""

import keyword
from collections.abc import Iterator
from dataclasses import dataclass

from ssflow.engine.code import SUPPLIED_FUNCTIONS
from ssflow.engine.json_values import RESERVED_NAMES
from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import find_extension, find_operator, find_property
from ssflow.engine.rules.python_code import read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.start_payload import read_payload
from ssflow.engine.rules.tree import Node, Process, find_child
from ssflow.engine.xml_reading import SPIFF, Element

SUPPLIED_NAMES = RESERVED_NAMES | SUPPLIED_FUNCTIONS


@dataclass(frozen=True)
class Variable:
    """A variable name that an element declares; `written` tells that the element fills it."""

    name: str
    what: str
    element: Element
    written: bool = True


def check_variable_names(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find declared variables that code could never name."""
    for node in process.nodes():
        yield from _check_given(process, node, bundle)
        for variable in list_variables(node):
            if not variable.name.isidentifier() or keyword.iskeyword(variable.name):
                yield build_problem(
                    process.file,
                    variable.element,
                    "variable-name",
                    f'"{variable.name}", the {variable.what} of {node.label}, is no variable name; '
                    "use letters, digits and _, and no dots or blanks.",
                )
            elif variable.written and variable.name in SUPPLIED_NAMES:
                yield build_problem(
                    process.file,
                    variable.element,
                    "variable-reserved",
                    f'"{variable.name}", the {variable.what} of {node.label}, is supplied by '
                    "ssflow and cannot be changed; use another name.",
                )


def _check_given(process: Process, node: Node, bundle: Bundle) -> Iterator[Problem]:
    """Find fields of forms and outputs of decisions that would be variables of reserved names."""
    for names, what, property_name in (
        (_form_keys(node, bundle), "a field of the form", "extension variableName"),
        (_decision_outputs(node, bundle), "an output of the decision", "property result"),
    ):
        way_out = "" if node.kind == "startEvent" else f", or give the task the {property_name}"
        for name in sorted(names & SUPPLIED_NAMES):
            yield build_problem(
                process.file,
                node.element,
                "variable-reserved",
                f'"{name}", {what} of {node.label}, is supplied by ssflow and cannot be changed; '
                f"rename it{way_out}.",
            )
        for name in sorted(filter(keyword.iskeyword, names)):
            yield build_problem(
                process.file,
                node.element,
                "variable-name",
                f'"{name}", {what} of {node.label}, is a word of Python, so no code can use it as '
                f"a variable; rename it{way_out}.",
            )


def list_variables(node: Node) -> list[Variable]:
    """List the variables that an element names in its attributes and extensions."""
    return [
        *_extension_variables(node),
        *_operator_variables(node),
        *_result_variables(node),
        *_loop_variables(node),
    ]


def list_written_names(node: Node, bundle: Bundle) -> set[str]:
    """Tell which variables an element itself may write, those of its inner elements aside."""
    written = {variable.name for variable in list_variables(node) if variable.written}
    written |= _form_keys(node, bundle)
    written |= _decision_outputs(node, bundle)
    written |= set(read_payload(find_property(node.element, "payload")) or ())
    for script in _scripts(node):
        written |= read_code(script, is_expression=False).stored
    return written


def _extension_variables(node: Node) -> Iterator[Variable]:
    variable = find_extension(node.element, "variableName")
    if variable is not None and (variable.text or "").strip():
        yield Variable((variable.text or "").strip(), "variable of the form", variable)
    for place in (node.element, *node.definitions):
        if place is node.element and node.kind not in ("sendTask", "receiveTask"):
            continue
        for found in place.iter(f"{{{SPIFF}}}messageVariable"):
            yield Variable((found.text or "").strip(), "message variable", found)


def _operator_variables(node: Node) -> Iterator[Variable]:
    operator = find_operator(node.element) if node.kind == "serviceTask" else None
    if operator is not None and operator.result_variable:
        yield Variable(operator.result_variable, "result variable", operator.element)


def _result_variables(node: Node) -> Iterator[Variable]:
    if node.kind == "businessRuleTask":
        result = find_property(node.element, "result")
        if result is not None and (result.value or "").strip():
            yield Variable((result.value or "").strip(), "result variable", result.element)


def _loop_variables(node: Node) -> Iterator[Variable]:
    several = find_child(node.element, "multiInstanceLoopCharacteristics")
    if several is None:
        return
    for kind, what, written in (
        ("loopDataInputRef", "input collection", False),
        ("loopDataOutputRef", "output collection", True),
    ):
        found = find_child(several, kind)
        if found is not None:
            yield Variable((found.text or "").strip(), what, found, written)
    for kind, what, written in (
        ("inputDataItem", "input item", True),
        ("outputDataItem", "output item", False),
    ):
        found = find_child(several, kind)
        if found is not None:
            yield Variable(found.get("id") or "", what, found, written)


def _form_keys(node: Node, bundle: Bundle) -> set[str]:
    form = find_property(node.element, "form")
    if form is None or find_extension(node.element, "variableName") is not None:
        return set()
    return set(bundle.known.forms.get(form.literal or "", ()))


def _decision_outputs(node: Node, bundle: Bundle) -> set[str]:
    if node.kind != "businessRuleTask" or list(_result_variables(node)):
        return set()
    called = find_extension(node.element, "calledDecisionId")
    decision = None if called is None else bundle.decisions.get(called.text or "")
    return set() if decision is None else set(decision.outputs)


def _scripts(node: Node) -> Iterator[str]:
    if node.kind == "scriptTask":
        script = find_child(node.element, "script")
        yield "" if script is None else script.text or ""
    for kind in ("preScript", "postScript"):
        found = find_extension(node.element, kind)
        if found is not None:
            yield found.text or ""
