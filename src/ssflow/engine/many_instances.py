"""Activities that run many times: for all items at once, one after the other, or in a loop."""

from collections.abc import Iterator, Mapping
from typing import Any

from ssflow.engine.code import ACTIVE, COMPLETED, INSTANCES
from ssflow.engine.faults import ElementError
from ssflow.engine.joins import merge_three_way
from ssflow.engine.snapshot import IncidentKind
from ssflow.engine.spiff import (
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    SpiffBpmnTask,
    SpiffTask,
    StandardLoopTask,
    TaskState,
)

MAX_INSTANCES = 1_000


class _Instances:
    """What parallel and sequential multi-instance activities share."""

    def _begin(self: Any, my_task: SpiffTask) -> list[tuple[Any, Any]]:
        """Prepare the output and list what there is to do, as (key, item)."""
        items = list(self._items(my_task))
        if len(items) > MAX_INSTANCES:
            message = f"{len(items)} instances are too many; at most {MAX_INSTANCES} may run."
            raise ElementError(IncidentKind.BUDGET, message, activity_id=self.bpmn_id)
        self._require_free(my_task, self.input_item)
        self._require_free(my_task, self.output_item)
        my_task.internal_data["merged"] = 0
        if self.data_output is not None:
            self.data_output.set(my_task, self._empty_output(my_task))
        return items

    def _items(self: Any, my_task: SpiffTask) -> Iterator[tuple[Any, Any]]:
        if self.data_input is None:
            yield from ((index, index) for index in range(self._count(my_task)))
            return
        items = self.data_input.get(my_task)
        if isinstance(items, dict):
            yield from items.items()
        elif isinstance(items, list):
            yield from enumerate(items)
        else:
            message = f"{self.data_input.bpmn_id} is not a list, so nothing can run once for each."
            raise ElementError(IncidentKind.DATA, message, activity_id=self.bpmn_id)

    def _count(self: Any, my_task: SpiffTask) -> int:
        count = my_task.workflow.script_engine.evaluate(my_task, self.cardinality)
        if type(count) is not int or count < 0:
            message = f"The number of instances must be a whole number from 0 on, not {count!r}."
            raise ElementError(IncidentKind.EXPRESSION, message, activity_id=self.bpmn_id)
        return count

    def _require_free(self: Any, my_task: SpiffTask, item: Any) -> None:
        if item is not None and item.exists(my_task):
            message = f"The item name {item.bpmn_id} is in use already; choose another one."
            raise ElementError(IncidentKind.DATA, message, activity_id=self.bpmn_id)

    def _empty_output(self: Any, my_task: SpiffTask) -> Any:
        """Begin the output: afresh, but for one that is changed in place or is a dictionary."""
        there = self.data_output.get(my_task) if self.data_output.exists(my_task) else None
        if self._is_in_place() or isinstance(there, dict):
            return there
        return []

    def _is_in_place(self: Any) -> bool:
        return self.data_input is not None and self.data_input.bpmn_id == self.data_output.bpmn_id

    def create_child(self: Any, my_task: SpiffTask, item: Any, key_or_index: Any = None) -> None:
        """Begin the instance for one item."""
        child = my_task._add_child(
            my_task.workflow.spec.task_specs[self.task_spec], TaskState.WAITING
        )
        child.triggered = True
        child.internal_data["key_or_index"] = key_or_index
        if self.input_item is not None:
            self.input_item.set(child, item)
        child.task_spec._update(child)

    def _collect(self: Any, my_task: SpiffTask, child: SpiffTask, old: Mapping[str, Any]) -> None:
        """Take over what an instance gave."""
        my_task.internal_data["merged"] += 1
        if self.data_output is None or self.output_item is None:
            given = dict(child.data)
            if self.input_item is not None:
                given.pop(self.input_item.bpmn_id, None)
            my_task.data = merge_three_way(my_task.data, old, given)
            return
        if not self.output_item.exists(child):
            message = f"An instance ended without its result {self.output_item.bpmn_id}."
            raise ElementError(IncidentKind.DATA, message, activity_id=self.bpmn_id)
        self.data_output.set(my_task, self._with_result(my_task, child))

    def _with_result(self: Any, my_task: SpiffTask, child: SpiffTask) -> Any:
        result = self.output_item.get(child)
        key = child.internal_data["key_or_index"]
        there = self.data_output.get(my_task)
        if isinstance(there, dict):
            return {**there, str(key): result}
        if self._is_in_place():
            return [*there[:key], result, *there[key + 1 :]]
        return [*there, result]

    def _is_enough(self: Any, my_task: SpiffTask, child: SpiffTask) -> bool:
        """Ask the diagram, by the data of the instance that ended and by how it stands with all."""
        if self.condition is None:
            return False
        engine = child.workflow.script_engine
        return bool(engine.evaluate_among(child, self.condition, self._progress(my_task)))

    def _progress(self: Any, my_task: SpiffTask) -> dict[str, Any]:
        completed = my_task.internal_data["merged"]
        active = sum(not t._state & TaskState.FINISHED_MASK for t in self._instances(my_task))
        to_come = len(my_task.internal_data.get("remaining", ()))
        progress = {
            INSTANCES: completed + active + to_come,
            ACTIVE: active,
            COMPLETED: completed,
        }
        if self.data_output is not None:
            progress[self.data_output.bpmn_id] = self.data_output.get(my_task)
        return progress


class ParallelInstances(_Instances, ParallelMultiInstanceTask):
    """An activity that runs for all items at once."""

    def _update_hook(self, my_task: SpiffTask) -> bool:
        SpiffBpmnTask._update_hook(self, my_task)
        items = self._begin(my_task)
        my_task.workflow.script_engine.begin_instances(len(items))
        for key, item in items:
            self.create_child(my_task, item, key)
        return _start_unless_done(my_task, is_done=not items)

    def merge_child(self, workflow: Any, child: SpiffTask) -> None:
        """Take over what one instance gave; go on when all or enough have."""
        my_task = child.parent
        self._collect(my_task, child, my_task.parent.data)
        if self._is_enough(my_task, child):
            for other in self._instances(my_task):
                other.cancel()
            my_task._set_state(TaskState.READY)
        elif self.children_complete(my_task):
            my_task._set_state(TaskState.READY)


class SequentialInstances(_Instances, SequentialMultiInstanceTask):
    """An activity that runs for one item after the other."""

    def _update_hook(self, my_task: SpiffTask) -> bool:
        SpiffBpmnTask._update_hook(self, my_task)
        keys = [key for key, _ in self._begin(my_task)]
        my_task.internal_data["remaining"] = keys
        if keys:
            self.add_next_child(my_task)
        return _start_unless_done(my_task, is_done=not keys)

    def add_next_child(self, my_task: SpiffTask) -> None:
        """Begin the next instance."""
        key, *rest = my_task.internal_data["remaining"]
        my_task.internal_data["remaining"] = rest
        items = self.data_input.get(my_task) if self.data_input is not None else None
        self.create_child(my_task, key if items is None else items[key], key)

    def merge_child(self, workflow: Any, child: SpiffTask) -> None:
        """Take over what one instance gave; go on with the next one, or when enough have."""
        my_task = child.parent
        self._collect(my_task, child, my_task.data)
        if self._is_enough(my_task, child) or not my_task.internal_data["remaining"]:
            my_task._set_state(TaskState.READY)
        else:
            self.add_next_child(my_task)


class RepeatedTask(StandardLoopTask):
    """An activity that runs again while a condition holds."""

    def _update_hook(self, my_task: SpiffTask) -> bool:
        SpiffBpmnTask._update_hook(self, my_task)
        my_task.internal_data["merged"] = 0
        is_done = self.test_before and self.loop_complete(my_task)
        if not is_done:
            self.create_child(my_task)
        return _start_unless_done(my_task, is_done=is_done)

    def create_child(self, my_task: SpiffTask) -> None:
        """Begin the next round."""
        if my_task.internal_data["merged"] >= MAX_INSTANCES:
            message = f"The loop went round {MAX_INSTANCES} times; more are not allowed."
            raise ElementError(IncidentKind.BUDGET, message, activity_id=self.bpmn_id)
        spec = my_task.workflow.spec.task_specs[self.task_spec]
        child = my_task._add_child(spec, TaskState.WAITING)
        child.triggered = True
        child.internal_data["iteration"] = my_task.internal_data["merged"]
        spec._update(child)

    def merge_child(self, workflow: Any, child: SpiffTask) -> None:
        """Take over what one round gave; go on, or go round again."""
        my_task = child.parent
        my_task.data = dict(child.data)
        my_task.internal_data["merged"] += 1
        if self.loop_complete(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self.create_child(my_task)

    def loop_complete(self, my_task: SpiffTask) -> bool:
        """Tell whether the loop is done."""
        if self.maximum is not None and my_task.internal_data["merged"] >= self.maximum:
            return True
        engine = my_task.workflow.script_engine
        return self.condition is not None and not engine.evaluate(my_task, self.condition)


def _start_unless_done(my_task: SpiffTask, *, is_done: bool) -> bool:
    if not is_done:
        my_task._set_state(TaskState.STARTED)
    return is_done
