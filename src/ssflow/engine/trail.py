"""What happens during a step, noted as it happens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ssflow.engine.events import CycleTimer
from ssflow.engine.scripts import ScriptEngine
from ssflow.engine.snapshot import Trail
from ssflow.engine.spiff import BoundaryEventSplit, EndEvent, LoopTask, SpiffTask, TaskState

MAX_PATH = 1_000


@dataclass(frozen=True)
class Mark:
    """A point in the notes to go back to."""

    path: int
    decisions: int
    operations: int
    thrown: int


class Recorder:
    """Notes elements and flows in the order in which they were passed."""

    def __init__(self, flows: Mapping[tuple[str, str, str], str], engine: ScriptEngine) -> None:
        self._flows = flows
        self._engine = engine
        self._path: list[str] = []
        self._is_truncated = False

    def note(self, task: SpiffTask) -> None:
        """Note a task that has run, and the flows that were taken from it."""
        spec, workflow = task.task_spec, task.workflow
        is_round = isinstance(getattr(spec, "event_definition", None), CycleTimer)
        if spec.bpmn_id is None or not (is_round or task._state == TaskState.COMPLETED):
            return
        if not isinstance(spec, LoopTask) or task.internal_data.get("merged") == 0:
            self._add(spec.bpmn_id)  # an activity that ran many times was noted each time
        for target in _list_entered(task):
            flow = self._flows.get((workflow.spec.name, spec.bpmn_id, target))
            if flow is not None:
                self._add(flow)
        if isinstance(spec, EndEvent) and workflow is workflow.top_workflow:
            workflow.last_end = spec.bpmn_id

    def mark(self) -> Mark:
        """Remember this point."""
        engine = self._engine
        return Mark(
            len(self._path),
            len(engine.decisions),
            len(engine.operations_done),
            len(engine.thrown),
        )

    def rewind(self, mark: Mark) -> None:
        """Forget what was noted since that point."""
        engine = self._engine
        self._is_truncated = self._is_truncated and mark.path == MAX_PATH
        del self._path[mark.path :]
        del engine.decisions[mark.decisions :]
        del engine.operations_done[mark.operations :]
        del engine.thrown[mark.thrown :]

    def trail(self) -> Trail:
        """Give what was noted."""
        return Trail(
            tuple(self._path),
            self._is_truncated,
            tuple(self._engine.decisions),
            tuple(self._engine.operations_done),
        )

    def _add(self, element_id: str) -> None:
        if len(self._path) < MAX_PATH:
            self._path.append(element_id)
        else:
            self._is_truncated = True


def _list_entered(task: SpiffTask) -> Iterator[str]:
    """List the elements that were entered from a task, as they are named in the diagram."""
    for child in task.children:
        spec = child.task_spec
        if child._state & TaskState.PREDICTED_MASK or child.triggered:
            continue
        if isinstance(spec, BoundaryEventSplit):
            yield spec.name.removesuffix(".BoundaryEventSplit")
        elif spec.bpmn_id is not None:
            yield spec.bpmn_id
