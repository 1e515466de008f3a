"""The variables of an instance as a whole: what its branches would come to if they met now."""

from collections.abc import Mapping
from typing import Any

from ssflow.engine.joins import apply_settled, find_common_ancestor, merge_three_way
from ssflow.engine.spiff import (
    BoundaryEvent,
    LoopTask,
    SpiffTask,
    SubWorkflowTask,
    TaskState,
    UnstructuredJoin,
)


def collect_variables(tree: Any) -> dict[str, Any]:
    """Give the variables of a process, seen over all its branches; the latest change wins.

    Work inside an embedded sub-process counts; called processes and single instances of many
    keep theirs until they end.
    """
    if tree.completed:
        return {name: value for name, value in tree.data.items() if name != "data_objects"}
    ends = [task for task in tree.open.values() if _is_end(task)]
    ends.sort(key=lambda task: task.last_state_change)
    if not ends:
        return dict(tree.task_tree.data)
    if len(ends) == 1:
        return apply_settled(_data_of(ends[0]), tree.settled)
    parted = find_common_ancestor(ends).data
    data: Mapping[str, Any] = parted
    for end in ends:
        data = merge_three_way(data, parted, _data_of(end))
    return apply_settled(data, tree.settled)


def _is_end(task: SpiffTask) -> bool:
    """Tell whether a task is where a branch stands now."""
    is_waiting_event = isinstance(task.task_spec, BoundaryEvent) and (
        task._state == TaskState.WAITING
    )
    is_instance = task.triggered and isinstance(task.parent.task_spec, LoopTask)
    return not is_waiting_event and not is_instance


def _data_of(task: SpiffTask) -> Mapping[str, Any]:
    if isinstance(task.task_spec, UnstructuredJoin) and task._state == TaskState.WAITING:
        data: Mapping[str, Any] = task.parent.data
        return data
    inner = task.workflow.top_workflow.subprocesses.get(task.id)
    if inner is not None and isinstance(task.task_spec, SubWorkflowTask) and not inner.completed:
        return collect_variables(inner)
    own: Mapping[str, Any] = task.data
    return own
