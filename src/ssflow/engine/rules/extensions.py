"""SpiffWorkflow's additions to BPMN elements: properties, operators, scripts, payloads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ssflow.engine.rules.tree import find_child
from ssflow.engine.xml_reading import SPIFF, Element


@dataclass(frozen=True, eq=False)
class Property:
    """One spiffworkflow:property; a value that starts with `=` is an expression."""

    name: str | None
    value: str | None
    element: Element

    @property
    def expression(self) -> str | None:
        """Tell the expression behind `=`; None for a literal."""
        value = (self.value or "").strip()
        return value[1:].strip() if value.startswith("=") else None

    @property
    def literal(self) -> str | None:
        """Tell the literal text; None for an expression or an empty value."""
        value = (self.value or "").strip()
        return value if value and not value.startswith("=") else None


@dataclass(frozen=True, eq=False)
class Parameter:
    """One parameter of a service task's operation; its value is an expression."""

    id: str | None
    value: str | None
    type: str | None
    element: Element


@dataclass(frozen=True, eq=False)
class Operator:
    """The operation that a service task names."""

    name: str | None
    result_variable: str | None
    parameters: Sequence[Parameter]
    element: Element


def list_properties(element: Element) -> list[Property]:
    """List the properties of a BPMN element as written, doubles included."""
    return [
        Property(found.get("name"), found.get("value"), found)
        for group in list_extensions(element, "properties")
        for found in group.iter(f"{{{SPIFF}}}property")
    ]


def read_properties(element: Element) -> Mapping[str, str]:
    """Read the properties of a BPMN element by name; the last of two wins, as in the engine."""
    return {
        one.name: one.value
        for one in list_properties(element)
        if one.name is not None and one.value is not None
    }


def find_property(element: Element, name: str) -> Property | None:
    """Find the property of this name that counts."""
    return next((one for one in reversed(list_properties(element)) if one.name == name), None)


def list_extensions(element: Element, name: str) -> list[Element]:
    """List a BPMN element's own extension elements of this name."""
    around = find_child(element, "extensionElements")
    return [] if around is None else list(around.iterchildren(f"{{{SPIFF}}}{name}"))


def find_extension(element: Element, name: str) -> Element | None:
    """Find the extension element of this name that counts: the last one, as in the engine."""
    found = list_extensions(element, name)
    return found[-1] if found else None


def read_extension(element: Element, name: str) -> str | None:
    """Read the text of an extension element; None when it is absent or blank."""
    found = find_extension(element, name)
    return None if found is None else (found.text or "").strip() or None


def find_operator(element: Element) -> Operator | None:
    """Find the operation that a service task names."""
    found = find_extension(element, "serviceTaskOperator")
    if found is None:
        return None
    return Operator(
        name=found.get("id"),
        result_variable=found.get("resultVariable") or None,
        parameters=[
            Parameter(one.get("id"), one.get("value"), one.get("type"), one)
            for one in found.iter(f"{{{SPIFF}}}parameter")
        ],
        element=found,
    )
