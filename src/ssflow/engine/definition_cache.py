"""Deployed definitions, parsed and mended, kept by the process that runs them."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Any
from uuid import UUID

from ssflow.engine import boundaries, events, joins, many_instances, specs, spiff
from ssflow.engine.decisions import DecisionTable, read_decisions
from ssflow.engine.flow_order import order_flows, read_flow_order
from ssflow.engine.problems import DiagramError, Problem
from ssflow.engine.specs import get_properties
from ssflow.engine.xml_reading import BPMN, Element, drop_data_mappings, read_xml

_OWN_CLASSES: Mapping[type, type] = {
    spiff.BusinessRuleTask: specs.DecisionTask,
    spiff.ServiceTask: specs.OperationTask,
    spiff.SubWorkflowTask: specs.EmbeddedScope,
    spiff.TransactionSubprocess: specs.TransactionScope,
    spiff.CallActivity: specs.CalledScope,
    spiff.ParallelMultiInstanceTask: many_instances.ParallelInstances,
    spiff.SequentialMultiInstanceTask: many_instances.SequentialInstances,
    spiff.StandardLoopTask: many_instances.RepeatedTask,
    spiff.ParallelGateway: joins.CountingParallelGateway,
    spiff.InclusiveGateway: joins.CountingInclusiveGateway,
    spiff.BoundaryEvent: boundaries.BorderEvent,
    spiff.EndJoin: joins.SettlingEndJoin,
    spiff.TimeDateEventDefinition: events.DateTimer,
    spiff.DurationTimerEventDefinition: events.DurationTimer,
    spiff.CycleTimerEventDefinition: events.CycleTimer,
    spiff.MessageEventDefinition: events.Message,
    spiff.MultipleEventDefinition: events.FirstOf,
    spiff.ErrorEventDefinition: events.ScopedError,
    spiff.EscalationEventDefinition: events.ScopedEscalation,
    spiff.CancelEventDefinition: events.ScopedCancel,
}


@dataclass(frozen=True)
class DefinitionSource:
    """The files of a process and of every process it calls, with their decisions."""

    key: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class Definition:
    """A parsed process, ready to run; instances and threads share it and never change it."""

    key: str
    spec: spiff.ProcessSpec
    subprocess_specs: Mapping[str, spiff.ProcessSpec]
    flows: Mapping[tuple[str, str, str], str]
    """Sequence flow ids by (process or sub-process id, source id, target id)."""


class DefinitionCache:
    """The definitions that were used last; any thread may ask."""

    def __init__(self, *, max_definitions: int = 200) -> None:
        self._max_definitions = max_definitions
        self._lock = Lock()
        self._definitions: OrderedDict[UUID, Definition] = OrderedDict()

    def get(self, definition_id: UUID, load: Callable[[], DefinitionSource]) -> Definition:
        """Get a definition, parsed from what `load` gives unless it is here already.

        Raises:
            DiagramError: its files cannot be parsed.
        """
        with self._lock:
            found = self._definitions.get(definition_id)
            if found is not None:
                self._definitions.move_to_end(definition_id)
                return found
        definition = build_definition(load())
        with self._lock:
            self._definitions[definition_id] = definition
            if len(self._definitions) > self._max_definitions:
                self._definitions.popitem(last=False)
        return definition


def build_definition(source: DefinitionSource) -> Definition:
    """Parse the files of a definition and mend what SpiffWorkflow would run wrongly.

    Raises:
        DiagramError: the files cannot be parsed.
    """
    roots = {name: read_xml(data, name) for name, data in sorted(source.files.items())}
    parser = _Parser(
        table
        for name, root in roots.items()
        if name.endswith(".dmn")
        for table in read_decisions(root, name)
    )
    diagrams = {name: root for name, root in roots.items() if name.endswith(".bpmn")}
    for root in diagrams.values():
        drop_data_mappings(root)
    spec, subprocess_specs = _parse(parser, source.key, diagrams)
    order = read_flow_order(diagrams.values())
    for each in (spec, *subprocess_specs.values()):
        _adopt(each)
        order_flows(each, order)
    return Definition(
        key=source.key,
        spec=spec,
        subprocess_specs=MappingProxyType(subprocess_specs),
        flows=MappingProxyType(dict(_list_flows(diagrams.values()))),
    )


class _Parser(spiff.SpiffBpmnParser):
    """SpiffWorkflow's parser, with ssflow's decision tables."""

    def __init__(self, tables: Iterable[DecisionTable]) -> None:
        super().__init__()
        self._tables = {table.key: table for table in tables}

    def get_engine(self, decision_ref: str, node: Element) -> DecisionTable:
        """Give what a decision task asks."""
        if decision_ref not in self._tables:
            raise spiff.ValidationException(f"There is no decision {decision_ref}.", node=node)
        return self._tables[decision_ref]


def _parse(
    parser: _Parser, key: str, diagrams: Mapping[str, Element]
) -> tuple[spiff.ProcessSpec, dict[str, spiff.ProcessSpec]]:
    name = key
    try:
        for name, root in diagrams.items():
            parser.add_bpmn_xml(root, name)
        return parser.get_spec(key), parser.get_subprocess_specs(key)
    except spiff.ValidationException as error:
        problem = Problem(
            file=error.file_name or name,
            element_id=error.id,
            line=error.line_number,
            code="not-parsed",
            message=f"The diagram cannot be run: {error}",
        )
        raise DiagramError([problem]) from error


def _adopt(spec: spiff.ProcessSpec) -> None:
    """Give elements and events ssflow's behaviour, and connect what parsing leaves open."""
    for task_spec in spec.task_specs.values():
        _take_class(task_spec)
        _trim_properties(task_spec)
        if isinstance(task_spec, spiff.EventBasedGateway):
            _adopt_choice(task_spec)
        elif getattr(task_spec, "event_definition", None) is not None:
            _adopt_event(task_spec.event_definition, task_spec.bpmn_id, task_spec)
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, joins.CountingParallelGateway | joins.CountingInclusiveGateway):
            task_spec.adopt()
        if isinstance(task_spec, spiff.LoopTask):
            _connect_instances(spec, task_spec)
    _connect_event_scopes(spec)


def _trim_properties(task_spec: spiff.TaskSpec) -> None:
    """Drop the blanks around the values of properties, which the check does not see either."""
    properties = (getattr(task_spec, "extensions", None) or {}).get("properties", {})
    properties.update({name: value.strip() for name, value in properties.items() if value})


def _take_class(thing: Any) -> None:
    thing.__class__ = _OWN_CLASSES.get(type(thing), type(thing))


def _adopt_choice(gateway: spiff.TaskSpec) -> None:
    """Adopt the events behind a gateway; SpiffWorkflow has moved them to the gateway itself."""
    _take_class(gateway.event_definition)
    for event, definition in zip(
        gateway.outputs, gateway.event_definition.event_definitions, strict=True
    ):
        _adopt_event(definition, event.bpmn_id, event)


def _adopt_event(definition: Any, element_id: str, task_spec: spiff.TaskSpec) -> None:
    _take_class(definition)
    definition.element_id = element_id
    if isinstance(definition, events.Message):
        definition.key_expression = _find_key_expression(definition, task_spec)


def _find_key_expression(definition: Any, task_spec: spiff.TaskSpec) -> str | None:
    """Find what gives the key of a message: a property, or the diagram's correlation."""
    own = get_properties(task_spec).get("correlation_key")
    if own is not None:
        return own.removeprefix("=") if own.startswith("=") else repr(own)
    if definition.process_correlations:
        expression: str = definition.process_correlations[0].retrieval_expression
        return expression
    return None


def _connect_instances(spec: spiff.ProcessSpec, task_spec: spiff.TaskSpec) -> None:
    """Let an activity hear from its instances, after a restart too."""
    inner = spec.task_specs[task_spec.task_spec]
    if not inner.completed_event.is_connected(task_spec.merge_child):
        inner.completed_event.connect(task_spec.merge_child)


def _connect_event_scopes(spec: spiff.ProcessSpec) -> None:
    """Connect event sub-processes now; the first event would change the shared definition."""
    for name in spec.start.trigger_specs:
        scope = spec.task_specs[name]
        scope.__class__ = specs.EventScope  # the parser takes it for an ordinary sub-process
        if spec.start.name not in scope._inputs:
            scope._inputs.append(spec.start.name)
            scope.connect(spec.end)


def _list_flows(
    roots: Iterable[Element],
) -> Iterable[tuple[tuple[str, str, str], str]]:
    for root in roots:
        for flow in root.iter(f"{{{BPMN}}}sequenceFlow"):
            scope = flow.getparent()
            if scope is None:
                continue
            ends = (str(scope.get("id")), str(flow.get("sourceRef")), str(flow.get("targetRef")))
            yield ends, str(flow.get("id"))
