"""Drop finished history: a tree keeps only what is open and what open tasks still look back at."""

from typing import Any

from ssflow.engine.spiff import (
    BoundaryEvent,
    EventSplit,
    SpiffTask,
    TaskState,
    UnstructuredJoin,
)
from ssflow.engine.tree import LiveWorkflow

_UNFINISHED = TaskState.NOT_FINISHED_MASK


def prune(workflow: LiveWorkflow) -> int:
    """Drop what is no longer needed from all trees of an instance; tell how many tasks went."""
    gone = 0
    for tree in (workflow, *workflow.subprocesses.values()):
        gone += _drop_all_but(tree, _find_kept(tree))
    for parent_id, inner in list(workflow.subprocesses.items()):
        if inner.completed and inner.parent_task._state & TaskState.FINISHED_MASK:
            gone += len(inner.tasks)
            del workflow.subprocesses[parent_id]
    return gone


def _find_kept(tree: Any) -> set[str]:
    """Find what is needed, and the forks between it."""
    if tree.completed:
        return {tree.task_tree.id}
    needed = _find_needed(tree)
    return needed | _find_forks(tree, needed)


def _drop_all_but(tree: Any, keep: set[str]) -> int:
    """Drop the other tasks; what hung below them hangs below the nearest one that stays."""
    gone = [task for task in tree.tasks.values() if task.id not in keep]
    if gone:
        _rehang(tree, keep)
    for task in gone:
        del tree.tasks[task.id]
        tree.forget(task)
    return len(gone)


def _find_needed(tree: Any) -> set[str]:
    """Find the root, open tasks, tokens at joins, and what those look at: parents and splits."""
    keep = {tree.task_tree.id}
    passed: set[str] = set()
    for task in tree.tasks.values():
        if not (task._state & _UNFINISHED or _is_token(task)):
            continue
        keep.add(task.id)
        if task._parent is not None:
            keep.add(task._parent)
        split = _find_split(task)
        if split is not None:
            keep.add(split.id)
            for child in split.children:
                (passed if _has_passed(child) else keep).add(child.id)
    return keep | _find_above(tree, keep, passed)


def _has_passed(task: SpiffTask) -> bool:
    """Tell whether an event came that did not interrupt: its activity looks at it no more."""
    spec = task.task_spec
    is_event = isinstance(spec, BoundaryEvent) and not spec.cancel_activity
    return is_event and bool(task._state & TaskState.FINISHED_MASK)


def _find_above(tree: Any, keep: set[str], passed: set[str]) -> set[str]:
    """Find which of the passed events something still goes on behind."""
    if not passed:
        return passed
    above: set[str] = set()
    seen: set[str] = set()
    for task_id in keep:
        here: str | None = task_id
        while here is not None and here not in seen:
            seen.add(here)
            if here in passed:
                above.add(here)
            here = tree.tasks[here]._parent
    return above


def _is_token(task: SpiffTask) -> bool:
    """Tell whether a task waits in a join for others to come; its data is merged there."""
    return task._state == TaskState.CANCELLED and isinstance(task.task_spec, UnstructuredJoin)


def _find_split(task: SpiffTask) -> SpiffTask | None:
    """Find the split whose branches a task looks at, with all their states."""
    name = getattr(task.task_spec, "split_task", None)
    if name is not None:
        return task.find_ancestor(name)
    parent = task.parent
    return parent if parent is not None and isinstance(parent.task_spec, EventSplit) else None


def _find_forks(tree: Any, keep: set[str]) -> set[str]:
    """Find the tasks where kept branches part: joins merge data against theirs."""
    below = dict.fromkeys(tree.tasks, 0)
    forks: set[str] = set()
    for task in reversed(tree.tasks.values()):
        if below[task.id] > 1:
            forks.add(task.id)
        if task._parent is not None and (below[task.id] or task.id in keep):
            below[task._parent] += 1
    return forks


def _rehang(tree: Any, keep: set[str]) -> None:
    nearest: dict[str, str | None] = {}
    for task in tree.tasks.values():
        nearest[task.id] = task.id if task.id in keep else nearest.get(task._parent)
        if task.id in keep:
            task._children = []
            if task._parent is not None:
                parent = nearest[task._parent]
                task._parent = parent
                tree.tasks[parent]._children.append(task.id)
