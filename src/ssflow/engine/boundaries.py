"""Events on the border of an activity: one that does not interrupt happens as often as it comes."""

from typing import Any

from ssflow.engine.events import CycleTimer, Message, list_entered
from ssflow.engine.spiff import BoundaryEvent, SpiffTask, TaskState


class BorderEvent(BoundaryEvent):
    """A boundary event; one that does not interrupt waits again as soon as it has caught."""

    def catch(self, my_task: SpiffTask, event: Any) -> None:
        """Take an event, and wait for the next one as long as the activity is open."""
        super().catch(my_task, event)
        if not self.cancel_activity and _is_activity_open(my_task.parent):
            _wait_again(my_task)

    def _predict_hook(self, my_task: SpiffTask) -> None:
        if self.cancel_activity or isinstance(self.event_definition, CycleTimer):
            super()._predict_hook(my_task)
            return
        is_sure = my_task._state & TaskState.DEFINITE_MASK
        my_task._sync_children(list_entered(self), TaskState.FUTURE if is_sure else my_task._state)


def _is_activity_open(split: SpiffTask) -> bool:
    return any(
        not task._state & TaskState.FINISHED_MASK
        for task in split.children
        if not isinstance(task.task_spec, BoundaryEvent)
    )


def _wait_again(my_task: SpiffTask) -> None:
    """Begin to wait anew, by the same key; what has come stays with the event that caught it."""
    spec = my_task.task_spec
    again = my_task.parent._add_child(spec, TaskState.WAITING)
    if isinstance(spec.event_definition, Message):
        spec.event_definition.hand_on_key(my_task, again)
    spec._predict(again, mask=TaskState.NOT_FINISHED_MASK)
    spec._update(again)
