"""Where branches meet: tokens are counted, data is merged against where the branches parted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssflow.engine.faults import ElementError
from ssflow.engine.snapshot import IncidentKind
from ssflow.engine.spiff import (
    EndJoin,
    InclusiveGateway,
    ParallelGateway,
    ProcessSpec,
    SpiffTask,
    TaskState,
)

_MISSING = object()


def merge_three_way(
    onto: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    """Give `onto` with what `new` changed against `old`.

    Dictionaries are merged key by key, anything else is taken as a whole; on a conflict `new`
    wins. Nothing is changed in place.
    """
    merged = dict(onto)
    for key, value in new.items():
        before = old.get(key, _MISSING)
        if before is value or before == value:
            continue
        there = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict) and isinstance(there, dict):
            merged[key] = merge_three_way(there, before, value)
        else:
            merged[key] = value
    for key in old.keys() - new.keys():
        merged.pop(key, None)
    return merged


def merge_branches(ends: Sequence[SpiffTask]) -> dict[str, Any]:
    """Give the data of branches that meet, seen from the task where they parted; later ones win."""
    if len(ends) == 1:
        return dict(ends[0].data)
    parted = find_common_ancestor(ends)
    data = dict(parted.data)
    for end in ends:
        data = merge_three_way(data, parted.data, end.data)
    return data


class CountingParallelGateway(ParallelGateway):
    """A parallel gateway that fires once each of its incoming flows has brought a token.

    A flow that comes only from behind the gateway itself closes a loop: its token passes at once.
    """

    needed: Counter[str]
    back: frozenset[str]

    def adopt(self) -> None:
        """Learn from the diagram which incoming flows close a loop."""
        first = _find_reachable(self._wf_spec, self._wf_spec.start.name, self.name)
        self.back = frozenset(self._inputs) - first
        self.needed = Counter(name for name in self._inputs if name not in self.back)

    def _update_hook(self, my_task: SpiffTask) -> bool:
        arrived = _find_arrived(my_task)
        _cancel_waiting(arrived)
        came_from = my_task.parent.task_spec.name
        got = Counter([*(task.parent.task_spec.name for task in arrived), came_from])
        return _fire_or_wait(my_task, may_fire=came_from in self.back or got >= self.needed)

    def _run_hook(self, my_task: SpiffTask) -> bool:
        _merge_arrived(my_task)
        return True


class CountingInclusiveGateway(InclusiveGateway):
    """An inclusive gateway that waits for every token that could still come to a free flow."""

    inputs_by_name: frozenset[str]
    reachable: dict[str, frozenset[str]]

    def adopt(self) -> None:
        """Prepare what is learnt from the diagram."""
        self.inputs_by_name = frozenset(self._inputs)
        self.reachable = {
            name: _find_reachable(self._wf_spec, name, self.name)
            for name in self._wf_spec.task_specs
        }

    def _update_hook(self, my_task: SpiffTask) -> bool:
        arrived = _find_arrived(my_task)
        _cancel_waiting(arrived)
        got = {task.parent.task_spec.name for task in (*arrived, my_task)}
        return _fire_or_wait(my_task, may_fire=not self._may_still_come(my_task, got))

    def _may_still_come(self, my_task: SpiffTask, got: set[str]) -> bool:
        coming = _find_siblings_to_come(my_task)
        if any(task.task_spec is self for task in coming):
            return True
        free = self.inputs_by_name - got
        others = [t for t in my_task.workflow.open.values() if t.task_spec is not self]
        reaches = (self.reachable[task.task_spec.name] for task in (*others, *coming))
        return any(names & free and not names & got for names in reaches)

    def _run_hook(self, my_task: SpiffTask) -> bool:
        _merge_arrived(my_task)
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise ElementError(
                IncidentKind.CONDITION,
                "No condition of the gateway holds, and it has no default flow.",
                activity_id=self.bpmn_id,
            )
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class SettlingEndJoin(EndJoin):
    """Where all branches of a process end.

    A branch that ends before others is settled: what it changed is kept with the process until
    the last branch ends, so that its tasks need not stay.
    """

    def _update_hook(self, my_task: SpiffTask) -> bool:
        for task in _find_arrived(my_task):
            _settle(task, my_task)
            task.workflow._remove_task(task.id)
        others = len(my_task.workflow.open) - (my_task.id in my_task.workflow.open)
        return _fire_or_wait(my_task, may_fire=others == 0)

    def _run_hook(self, my_task: SpiffTask) -> bool:
        workflow = my_task.workflow
        my_task.data = apply_settled(my_task.parent.data, workflow.settled)
        workflow.settled = {}
        workflow.data.update(my_task.data)
        return True


def _find_siblings_to_come(my_task: SpiffTask) -> list[SpiffTask]:
    """Find what the gateway before has chosen, too, but not entered yet."""
    not_begun = TaskState.FUTURE | TaskState.PREDICTED_MASK
    return [t for t in my_task.parent.children if t is not my_task and t._state & not_begun]


def _find_arrived(my_task: SpiffTask) -> list[SpiffTask]:
    """Find the tokens that wait at the same join, in the order in which they came."""
    arrived = [
        task
        for task in my_task.workflow.tasks.values()
        if task.task_spec is my_task.task_spec
        and task is not my_task
        and task._state in (TaskState.WAITING, TaskState.CANCELLED)
    ]
    return sorted(arrived, key=lambda task: task.last_state_change)


def _cancel_waiting(arrived: Sequence[SpiffTask]) -> None:
    """Let only the latest token wait; the earlier ones stay for their data."""
    for task in arrived:
        if task._state == TaskState.WAITING:
            task.cancel()


def _fire_or_wait(my_task: SpiffTask, *, may_fire: bool) -> bool:
    if may_fire:
        my_task._inherit_data()
    else:
        my_task._set_state(TaskState.WAITING)
    return may_fire


def _merge_arrived(my_task: SpiffTask) -> None:
    """Merge the data of all tokens into the one that goes on; the others are used up."""
    arrived = _find_arrived(my_task)
    if arrived:
        my_task.data = merge_branches([*(task.parent for task in arrived), my_task.parent])
    for task in arrived:
        my_task.workflow._remove_task(task.id)


def find_common_ancestor(ends: Sequence[SpiffTask]) -> SpiffTask:
    """Find the task where branches parted: the lowest that is above all of them, or one of them."""
    common = ends[0]
    for level in zip(*map(_path_from_root, ends), strict=False):
        if any(task is not level[0] for task in level):
            break
        common = level[0]
    return common


def _path_from_root(task: SpiffTask) -> list[SpiffTask]:
    return [*_path_up(task)][::-1]


def _path_up(task: SpiffTask | None) -> Iterator[SpiffTask]:
    while task is not None:
        yield task
        task = task.parent


def _settle(ended: SpiffTask, latest: SpiffTask) -> None:
    """Keep what a branch changed since it parted from those that go on, the latest among them."""
    workflow, last = ended.workflow, ended.parent
    ahead: set[Any] = set()
    for task in (latest, *workflow.open.values()):
        if task is not ended:
            ahead.update(above.id for above in _path_up(task))
    parted = next(above for above in _path_up(last) if above.id in ahead or above.parent is None)
    old, new = workflow.settled.get("old", {}), workflow.settled.get("new", {})
    for key, value in last.data.items():
        before = parted.data.get(key, _MISSING)
        if before is value or before == value:
            continue
        new = merge_three_way(new, {key: before} if before is not _MISSING else {}, {key: value})
        old = {**old, key: before} if before is not _MISSING else _without(old, key)
    if new:
        workflow.settled = {"old": old, "new": new}


def apply_settled(data: Mapping[str, Any], settled: Mapping[str, Any]) -> dict[str, Any]:
    """Give the data of the last branch with what settled ones changed; the last one wins."""
    new = settled.get("new")
    if not new:
        return dict(data)
    mine = {key: data[key] for key in new if key in data}
    return merge_three_way({**data, **new}, settled["old"], mine)


def _without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


def _find_reachable(spec: ProcessSpec, start: str, avoid: str) -> frozenset[str]:
    """Find what can be reached from an element, itself included, without passing another one."""
    seen = {start}
    stack = [start]
    while stack:
        name = stack.pop()
        if name == avoid:
            continue
        following = set(spec.task_specs[name]._outputs) - seen
        seen |= following
        stack += following
    return frozenset(seen)
