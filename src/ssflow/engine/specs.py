"""Elements that ssflow runs in its own way: decisions, operations and scopes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ssflow.engine.decisions import DecisionOutcome, DecisionTable
from ssflow.engine.events import catch_error
from ssflow.engine.faults import ElementError
from ssflow.engine.json_values import to_json
from ssflow.engine.operations import OperationCall, OperationError
from ssflow.engine.scripts import ScriptEngine
from ssflow.engine.snapshot import DecisionHit, IncidentKind, OperationDone
from ssflow.engine.spiff import (
    BusinessRuleTask,
    CallActivity,
    EventSubprocess,
    ServiceTask,
    SpiffTask,
    SubWorkflowTask,
    TransactionSubprocess,
)
from ssflow.errors import InvalidInputError

JOB = "job"


class DecisionTask(BusinessRuleTask):
    """A decision: its result replaces variables, it is never merged into them."""

    def _run_hook(self, my_task: SpiffTask) -> bool:
        engine = my_task.workflow.script_engine
        table = self.dmnEngine
        outcome = self._decide(table, {**my_task.data, **engine.reserved}, engine)
        engine.decisions.append(
            DecisionHit(
                self.bpmn_id, table.key, outcome.inputs, tuple(outcome.rows), outcome.values
            )
        )
        name = get_properties(self).get("result")
        values = to_json(outcome.values, "What the decision gives")
        my_task.data.update({name: values} if name else values)
        return True

    def _decide(
        self, table: DecisionTable, variables: Mapping[str, Any], engine: ScriptEngine
    ) -> DecisionOutcome:
        try:
            return table.evaluate(variables, today=engine.calendar.local_date(engine.now))
        except InvalidInputError as error:
            raise ElementError(
                IncidentKind.DECISION, error.message, activity_id=self.bpmn_id
            ) from None


class OperationTask(ServiceTask):
    """A service task: an inside operation is carried out at once, an outside one is waited for."""

    def _execute(self, task: SpiffTask) -> bool | None:
        engine = task.workflow.script_engine
        parameters = engine.evaluate_all(task, self._parameter_texts())
        if engine.operations.is_outside(self.operation_name):
            task.internal_data[JOB] = parameters
            return None
        call = OperationCall(self.operation_name, parameters, self.bpmn_id, UUID(hex=task.id))
        try:
            result = engine.call_operation(call)
        except OperationError as error:
            self.fail(task, error.message, error.code)
            return None
        self.take(task, result)
        return True

    def take(self, task: SpiffTask, result: Any) -> None:
        """Store the operation's result under the name that the diagram gives."""
        engine = task.workflow.script_engine
        engine.operations_done.append(OperationDone(self.bpmn_id, self.operation_name, result))
        if self.result_variable != f"spiff__{self.name.replace('-', '_')}_result":
            task.data[self.result_variable] = result

    def fail(self, task: SpiffTask, message: str, code: str | None) -> None:
        """Let an error event of the diagram catch the failure; one without an error catches any.

        Raises:
            ElementError: none does.
        """
        payload = {"code": code, "message": message}
        if not catch_error(task, code, payload):
            raise ElementError(IncidentKind.OPERATION, message, activity_id=self.bpmn_id)
        told = OperationDone(self.bpmn_id, self.operation_name, {"refused": payload})
        task.workflow.script_engine.operations_done.append(told)

    def _parameter_texts(self) -> dict[str, str]:
        return {name: param["value"] for name, param in self.operation_params.items()}


class _Scope:
    """A sub-process: it shares its variables with the outside, by value."""

    def start_workflow(self: Any, my_task: SpiffTask) -> None:
        """Begin the sub-process; its start runs as a step of its own."""
        inner = my_task.workflow.top_workflow.create_subprocess(my_task, self.spec)
        self.copy_data(my_task, inner)
        inner.task_tree._ready()

    def copy_data(self, my_task: SpiffTask, subworkflow: Any) -> None:
        """Hand the variables in."""
        subworkflow.task_tree.data = dict(my_task.data)

    def update_data(self, my_task: SpiffTask, subworkflow: Any) -> None:
        """Take the variables out."""
        my_task.data = dict(subworkflow.last_task.data)


class EmbeddedScope(_Scope, SubWorkflowTask):
    """An embedded sub-process."""


class TransactionScope(_Scope, TransactionSubprocess):
    """A transaction."""


class EventScope(_Scope, EventSubprocess):
    """An event sub-process; it begins at once, so that its start event can take the event."""

    def start_workflow(self, my_task: SpiffTask) -> None:
        """Begin the sub-process and reach its start event."""
        super().start_workflow(my_task)
        my_task.workflow.top_workflow.subprocesses[my_task.id].task_tree.run()


class CalledScope(_Scope, CallActivity):
    """A called process; one that names its inputs and outputs gets and gives only those."""

    def copy_data(self, my_task: SpiffTask, subworkflow: Any) -> None:
        """Hand the variables in."""
        inputs = _named(subworkflow.spec.io_specification, "data_inputs")
        for variable in inputs:
            if not variable.exists(my_task):
                message = f"The called process needs the variable {variable.bpmn_id}."
                raise ElementError(IncidentKind.DATA, message, activity_id=self.bpmn_id)
        given = {v.bpmn_id: v.get(my_task) for v in inputs} if inputs else my_task.data
        subworkflow.task_tree.data = dict(given)

    def update_data(self, my_task: SpiffTask, subworkflow: Any) -> None:
        """Take the variables out."""
        outputs = _named(subworkflow.spec.io_specification, "data_outputs")
        last = subworkflow.last_task
        if not outputs:
            my_task.data = dict(last.data)
            return
        for variable in outputs:
            if not variable.exists(last):
                message = f"The called process ended without its result {variable.bpmn_id}."
                raise ElementError(IncidentKind.DATA, message, activity_id=self.bpmn_id)
            variable.set(my_task, variable.get(last))


def _named(specification: Any, kind: str) -> list[Any]:
    return getattr(specification, kind, None) or []


def get_properties(spec: Any) -> Mapping[str, str]:
    """Get the `spiffworkflow:properties` of an element."""
    properties: Mapping[str, str] = (getattr(spec, "extensions", None) or {}).get("properties", {})
    return properties
