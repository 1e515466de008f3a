"""The one door to SpiffWorkflow, which has no types: everything else of it stays outside."""

from typing import Any, TypeAlias

from SpiffWorkflow import TaskState as TaskState
from SpiffWorkflow.bpmn import BpmnEvent as BpmnEvent
from SpiffWorkflow.bpmn import BpmnWorkflow as BpmnWorkflow
from SpiffWorkflow.bpmn.parser.ValidationException import (
    ValidationException as ValidationException,
)
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin as BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit as BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.control import EventSplit as EventSplit
from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent as BoundaryEvent
from SpiffWorkflow.bpmn.specs.defaults import EndEvent as EndEvent
from SpiffWorkflow.bpmn.specs.defaults import EventBasedGateway as EventBasedGateway
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway as InclusiveGateway
from SpiffWorkflow.bpmn.specs.defaults import ParallelGateway as ParallelGateway
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import (
    ConditionalEventDefinition as ConditionalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import (
    MultipleEventDefinition as MultipleEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.simple import (
    CancelEventDefinition as CancelEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition as CycleTimerEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    DurationTimerEventDefinition as DurationTimerEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    TimeDateEventDefinition as TimeDateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    TimerEventDefinition as TimerEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent as CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.start_event import StartEvent as StartEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask as LoopTask
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import (
    UnstructuredJoin as UnstructuredJoin,
)
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow as BpmnSubWorkflow
from SpiffWorkflow.exceptions import WorkflowException as WorkflowException
from SpiffWorkflow.specs.MultiChoice import MultiChoice as MultiChoice
from SpiffWorkflow.spiff.parser import SpiffBpmnParser as SpiffBpmnParser
from SpiffWorkflow.spiff.specs.defaults import BusinessRuleTask as BusinessRuleTask
from SpiffWorkflow.spiff.specs.defaults import CallActivity as CallActivity
from SpiffWorkflow.spiff.specs.defaults import EventSubprocess as EventSubprocess
from SpiffWorkflow.spiff.specs.defaults import (
    ParallelMultiInstanceTask as ParallelMultiInstanceTask,
)
from SpiffWorkflow.spiff.specs.defaults import (
    SequentialMultiInstanceTask as SequentialMultiInstanceTask,
)
from SpiffWorkflow.spiff.specs.defaults import ServiceTask as ServiceTask
from SpiffWorkflow.spiff.specs.defaults import StandardLoopTask as StandardLoopTask
from SpiffWorkflow.spiff.specs.defaults import SubWorkflowTask as SubWorkflowTask
from SpiffWorkflow.spiff.specs.defaults import TransactionSubprocess as TransactionSubprocess
from SpiffWorkflow.spiff.specs.event_definitions import (
    ErrorEventDefinition as ErrorEventDefinition,
)
from SpiffWorkflow.spiff.specs.event_definitions import (
    EscalationEventDefinition as EscalationEventDefinition,
)
from SpiffWorkflow.spiff.specs.event_definitions import (
    MessageEventDefinition as MessageEventDefinition,
)
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask as SpiffBpmnTask
from SpiffWorkflow.task import Task as Task

# SpiffWorkflow's objects carry no types; these names say at least which kind is meant.
SpiffTask: TypeAlias = Any
TaskSpec: TypeAlias = Any
ProcessSpec: TypeAlias = Any

EndJoin: Any = _EndJoin
OPEN: int = TaskState.READY | TaskState.WAITING | TaskState.STARTED
