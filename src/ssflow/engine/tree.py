"""The task tree of a running instance, kept small and fast.

SpiffWorkflow walks the whole tree after every task and predicts the future of each. Here a tree
knows its open tasks, and a task gets its successors when it runs.
"""

from typing import Any
from uuid import uuid4

from ssflow.engine.scripts import ScriptEngine
from ssflow.engine.spiff import (
    OPEN,
    BpmnSubWorkflow,
    BpmnWorkflow,
    CatchingEvent,
    ConditionalEventDefinition,
    MultiChoice,
    ParallelGateway,
    ProcessSpec,
    SpiffTask,
    Task,
    TaskSpec,
    TaskState,
)

_NOT_BEGUN = TaskState.FUTURE | TaskState.PREDICTED_MASK


class LiveTask(Task):
    """A node of the tree; its successors are made when it runs, not guessed before."""

    def __init__(
        self,
        workflow: Any,
        task_spec: TaskSpec,
        parent: SpiffTask | None = None,
        state: int = TaskState.MAYBE,
        id: str | None = None,
    ) -> None:
        # The base class is not asked: it would read the clock and tell a log for each task.
        self.id = id or uuid4().hex
        self.workflow = workflow
        self.task_spec = task_spec
        self.triggered = False
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = workflow.top_workflow.tick()
        self._parent = parent.id if parent is not None else None
        self._children: list[str] = []
        self._state = state
        workflow.tasks[self.id] = self
        if parent is not None:
            parent._children.append(self.id)
        workflow.note(self)

    def run(self) -> bool | None:
        """Do the task's work and, when it is done, enter what follows."""
        self._make_successors()
        done: bool | None = super().run()
        return done

    def complete(self) -> None:
        """End a task whose work was done elsewhere, or that was parked after its work."""
        if self._state == TaskState.STARTED:
            self._make_successors()
        super().complete()

    def is_descendant_of(self, task: SpiffTask) -> bool:
        """Tell whether `task` is above this one; without recursion, so at any depth."""
        parent = self.parent
        while parent is not None and parent is not task:
            parent = parent.parent
        return parent is not None

    def find_ancestor(self, spec_name: str) -> SpiffTask | None:
        """Find the nearest task of that name above this one."""
        parent = self.parent
        while parent is not None and parent.task_spec.name != spec_name:
            parent = parent.parent
        return parent

    def _make_successors(self) -> None:
        # A gateway that chooses makes its successors itself, once it has chosen.
        if not isinstance(self.task_spec, MultiChoice):
            self.task_spec._predict_hook(self)

    def _add_child(self, task_spec: TaskSpec, state: int = TaskState.MAYBE) -> SpiffTask | None:
        if self._state & _NOT_BEGUN and state & TaskState.PREDICTED_MASK:
            return None
        task = LiveTask(self.workflow, task_spec, self, state=state)
        if state == TaskState.READY:
            task._ready()
        return task

    def _sync_children(self, task_specs: list[TaskSpec], state: int = TaskState.MAYBE) -> None:
        if not self._state & _NOT_BEGUN:
            super()._sync_children(task_specs, state)

    def _inherit_data(self) -> None:
        """Take over the parent's data; values are shared, since nothing changes them in place."""
        own = self.data
        self.data = dict(self.parent.data)
        for name in own.keys() - self.data.keys():
            self.data[name] = own[name]

    def _set_state(self, value: int) -> None:
        if value != self._state:
            self._state = value
            self.last_state_change = self.workflow.top_workflow.tick()
            self.workflow.note(self)


class _LiveTree:
    """What the tree of a process and the trees of its sub-processes share."""

    def _begin_tree(self) -> None:
        self.open: dict[str, SpiffTask] = {}
        self.stalled: dict[str, SpiffTask] = {}
        self.settled: dict[str, dict[str, Any]] = {}

    def note(self: Any, task: SpiffTask) -> None:
        """Keep track of a task whose state has changed."""
        state, queue = task._state, self.top_workflow.queue
        if not state & OPEN or task.id not in self.tasks:
            self.open.pop(task.id, None)
            self.stalled.pop(task.id, None)
            queue.pop(task.id, None)
            return
        self.open[task.id] = task
        if state == TaskState.READY and not task.task_spec.manual:
            queue[task.id] = task
        else:
            queue.pop(task.id, None)
        if state == TaskState.WAITING and _stalls(task):
            self.stalled[task.id] = task
        else:
            self.stalled.pop(task.id, None)

    def update_waiting_tasks(self) -> None:
        """Let joins see that something has moved; events are told when they happen."""
        for task in list(self.stalled.values()):
            if task._state == TaskState.WAITING:
                task.task_spec._update(task)

    def _mark_complete(self: Any, task: SpiffTask) -> None:
        self.data.update(task.data)
        self.completed = True

    def _remove_task(self: Any, task_id: str) -> None:
        """Take a task and all below it out of the tree, with what was going on in it."""
        task = self.tasks[task_id]
        if task._parent in self.tasks:
            self.tasks[task._parent]._children.remove(task_id)
        stack = [task_id]
        while stack:
            gone = self.tasks.pop(stack.pop())
            stack += gone._children
            self.forget(gone)

    def forget(self: Any, task: SpiffTask) -> None:
        """Drop a task that is no longer in the tree from everything that knows it."""
        top = self.top_workflow
        self.open.pop(task.id, None)
        self.stalled.pop(task.id, None)
        top.queue.pop(task.id, None)
        top.event_manager.remove_task(task)
        inner = top.subprocesses.pop(task.id, None)
        if inner is not None:
            inner._remove_task(inner.task_tree.id)


class LiveWorkflow(_LiveTree, BpmnWorkflow):
    """The tree of the process itself, which knows the trees of its sub-processes."""

    def __init__(
        self,
        spec: ProcessSpec,
        subprocess_specs: dict[str, ProcessSpec],
        engine: ScriptEngine | None,
    ) -> None:
        self.changes = 0
        self.last_end: str | None = None
        self.queue: dict[str, SpiffTask] = {}
        self._begin_tree()
        # Never without an engine: SpiffWorkflow's own would run code in this process.
        runs_code = engine or _NoEngine()
        super().__init__(spec, subprocess_specs, script_engine=runs_code, deserializing=True)
        self.task_tree: SpiffTask = None

    def tick(self) -> int:
        """Count changes of state; their order is what joins go by."""
        self.changes += 1
        return self.changes

    def begin(self, variables: dict[str, Any]) -> SpiffTask:
        """Plant the root, ready to run."""
        self.task_tree = LiveTask(self, self.spec.start, state=TaskState.FUTURE)
        self.task_tree.data = variables
        self.task_tree._ready()
        return self.task_tree

    def trees(self) -> "list[LiveWorkflow | LiveSubWorkflow]":
        """List this tree and those of sub-processes that are going on."""
        return [self, *(inner for inner in self.subprocesses.values() if not inner.completed)]

    def find_task(self, task_id: str) -> SpiffTask | None:
        """Find a task in any of the trees."""
        for tree in (self, *self.subprocesses.values()):
            if task_id in tree.tasks:
                return tree.tasks[task_id]
        return None

    def create_subprocess(self, my_task: SpiffTask, spec_name: str) -> "LiveSubWorkflow":
        """Plant the tree of a sub-process below one of its parent's tasks."""
        inner = LiveSubWorkflow(self.subprocess_specs[spec_name], my_task, self)
        inner.task_tree = LiveTask(inner, inner.spec.start, state=TaskState.FUTURE)
        self.subprocesses[my_task.id] = inner
        return inner


class LiveSubWorkflow(_LiveTree, BpmnSubWorkflow):
    """The tree of an embedded sub-process or a called process."""

    def __init__(self, spec: ProcessSpec, parent_task: SpiffTask, top: LiveWorkflow) -> None:
        self.parent_task = parent_task
        self._begin_tree()
        super().__init__(spec, parent_task.id, top, deserializing=True)
        self.task_tree: SpiffTask = None
        self.completed_event.connect(parent_task.task_spec._on_subworkflow_completed, parent_task)

    @property
    def parent_workflow(self) -> Any:
        """The tree that this one hangs below."""
        return self.parent_task.workflow


class _NoEngine:
    """Stands where code would be run, in a tree that is only read."""


def _stalls(task: SpiffTask) -> bool:
    """Tell whether a waiting task has to look again when another one has moved."""
    spec = task.task_spec
    if isinstance(spec, CatchingEvent):
        return isinstance(spec.event_definition, ConditionalEventDefinition)
    return not isinstance(spec, ParallelGateway)
