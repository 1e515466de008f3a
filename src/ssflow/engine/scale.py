"""How large an instance may grow. Sizes are measured only once its state is large enough."""

from typing import Any

from ssflow.engine.faults import ElementError
from ssflow.engine.json_values import MAX_TASK_BYTES, count_bytes
from ssflow.engine.snapshot import IncidentKind
from ssflow.engine.spiff import OPEN, SpiffTask
from ssflow.engine.tree import LiveWorkflow
from ssflow.engine.waiting import INCIDENT

MAX_INSTANCE_BYTES = 10_000_000


def is_too_large(workflow: LiveWorkflow, state: bytes, former: bytes | None) -> bool:
    """Tell whether a state has outgrown a limit: all of it, or the data of one open task.

    No task holds more than the whole state, so small states need no look into them. A parked
    task may stay over the limit: its data is what somebody handed in.
    """
    if len(state) <= MAX_TASK_BYTES:
        return False
    if len(state) > MAX_INSTANCE_BYTES and len(state) > len(former or b""):
        return True
    return any(_is_over(task.data) for task in _list_running(workflow))


class Scale:
    """Weighs what an instance gains, element by element, to find the one that goes too far."""

    def __init__(self, workflow: LiveWorkflow, state_bytes: int) -> None:
        self._total_bytes = state_bytes
        self._known = {task.id for task in _list_running(workflow) if _is_over(task.data)}

    def weigh(self, task: SpiffTask) -> None:
        """Weigh what a task has just added.

        Raises:
            ElementError: its data, or all of the instance, is too large.
        """
        self._require_small(task)
        if task.parent is not None:
            if task.parent._state & OPEN:  # it gathers what many instances give
                self._require_small(task.parent)
            self._total_bytes += count_bytes(_gain(task))
        if self._total_bytes > MAX_INSTANCE_BYTES:
            message = "All data of the instance together is larger than 10 MB."
            raise ElementError(IncidentKind.DATA, message)

    def weigh_open(self, workflow: LiveWorkflow) -> None:
        """Weigh every task that goes on, but for those that were too large before.

        Raises:
            ElementError: the data of one is too large.
        """
        for task in _list_running(workflow):
            self._require_small(task)

    def _require_small(self, task: SpiffTask) -> None:
        if task.id not in self._known and _is_over(task.data):
            message = "The variables are larger than 1 MB; store large things as attachments."
            raise ElementError(IncidentKind.DATA, message)


def _list_running(workflow: LiveWorkflow) -> list[SpiffTask]:
    return [
        task
        for tree in workflow.trees()
        for task in tree.open.values()
        if INCIDENT not in task.internal_data
    ]


def _gain(task: SpiffTask) -> dict[str, Any]:
    before = task.parent.data
    return {name: value for name, value in task.data.items() if before.get(name) is not value}


def _is_over(data: Any) -> bool:
    return count_bytes(data) > MAX_TASK_BYTES
