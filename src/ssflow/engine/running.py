"""One step of an instance: run, and when an element is faulty, set back, park it and go on."""

from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any

from ssflow.engine.definition_cache import Definition
from ssflow.engine.faults import (
    ElementError,
    OutsideError,
    SandboxBusyError,
    TaskGoneError,
    UnfitDataError,
)
from ssflow.engine.moves import GoOn, Move
from ssflow.engine.opening import OPENED, open_user_task
from ssflow.engine.parking import park, read_fault
from ssflow.engine.pruning import prune
from ssflow.engine.saved_state import dump_state, load_state
from ssflow.engine.scale import Scale, is_too_large
from ssflow.engine.scripts import ScriptEngine
from ssflow.engine.snapshot import IncidentKind, Snapshot
from ssflow.engine.spiff import CatchingEvent, SpiffTask, TaskState
from ssflow.engine.surroundings import Surroundings
from ssflow.engine.trail import Recorder
from ssflow.engine.tree import LiveWorkflow
from ssflow.engine.waiting import take_snapshot

MAX_STEPS = 5_000
MAX_TIME = timedelta(seconds=3)
SLICE = 100
MAX_FAULTS = 20

_PASSED_ON = (TaskGoneError, UnfitDataError, SandboxBusyError)


class _BudgetSpentError(Exception):
    """The step has run for long enough."""


class _TooLargeError(Exception):
    """The state has outgrown a limit; the step is taken again, measuring what grows."""


@dataclass
class Budget:
    """What a step may use: engine steps, and time from when it begins."""

    steps: int = MAX_STEPS
    begun: float = field(default_factory=perf_counter)

    def spend(self) -> None:
        """Take one engine step.

        Raises:
            _BudgetSpentError: there is none left, or no time.
        """
        if self.steps <= 0:
            raise _BudgetSpentError(f"More than {MAX_STEPS} elements ran in one step.")
        if perf_counter() - self.begun > MAX_TIME.total_seconds():
            seconds = MAX_TIME.total_seconds()
            raise _BudgetSpentError(f"The step took longer than {seconds:.0f} seconds.")
        self.steps -= 1


@dataclass(frozen=True)
class _Stop:
    """Where a run stopped: after so many engine steps (-1: in the command itself), and why."""

    steps: int
    fault: ElementError


class Run:
    """An instance that is brought to life for one command."""

    def __init__(
        self, definition: Definition, state: bytes | None, surroundings: Surroundings
    ) -> None:
        self.engine = ScriptEngine(surroundings)
        self.recorder = Recorder(definition.flows, self.engine)
        self.opened: dict[str, dict[str, Any]] = {}
        self._definition = definition
        self._base = state
        self._mark = self.recorder.mark()
        self._begun_instances = 0
        self._move: Move = GoOn()
        self._steps = -1
        self._current: SpiffTask | None = None
        self._scale: Scale | None = None
        self.workflow = self._load()

    @property
    def state(self) -> bytes:
        """The last good state."""
        assert self._base is not None  # noqa: S101 - `move` has saved one
        return self._base

    def move(self, move: Move) -> None:
        """Carry out a command, run on to where the instance waits, and save.

        Raises:
            TaskGoneError: what the command is about waits no more.
            SandboxBusyError: no worker became free.
        """
        self._move = move
        budget = Budget()
        for _ in range(MAX_FAULTS):
            stop = self._attempt(budget)
            if stop is None:
                return
            self._set_back(stop)
        self._park_what_is_left(f"More than {MAX_FAULTS} elements failed in one step.")

    def take_snapshot(self) -> Snapshot:
        """Tell what the instance waits for now."""
        key = self.engine.business_key
        return take_snapshot(self.workflow, business_key=key, opened=self.opened)

    # --- running ----------------------------------------------------------------------------

    def _attempt(self, budget: Budget) -> _Stop | None:
        """Run to the end of the step, or to the first fault."""
        self._steps, self._current = -1, None
        try:
            self._make_move()
            self._run_on(budget)
            self._open_user_tasks()
            self._save(checks=True)
        except _PASSED_ON:
            raise
        except _TooLargeError:
            return self._measure(budget)
        except OutsideError as error:
            raise error.cause from None
        except _BudgetSpentError as error:
            self._park_what_is_left(str(error))
        except Exception as error:  # noqa: BLE001 - SpiffWorkflow raises whatever a diagram provokes
            return self._stop(error)
        return None

    def _make_move(self) -> None:
        self._move.make(self.workflow, self.recorder.note)
        if self._scale is not None:
            self._scale.weigh_open(self.workflow)
        self._steps = 0

    def _run_on(self, budget: Budget | None, *, limit: int | None = None) -> None:
        """Run engine tasks as they become ready, `limit` of them at most."""
        queue = self.workflow.queue
        while queue and self._steps != limit:
            self._current = next(iter(queue.values()))
            if budget is not None:
                budget.spend()
            self._current.run()
            self.recorder.note(self._current)
            if self._scale is not None:
                self._scale.weigh(self._current)
            self._steps += 1
            if limit is None and self._steps == SLICE:
                self._save(checks=True)
                queue = self.workflow.queue
        self._current = None

    def _open_user_tasks(self) -> None:
        """Open user tasks that were reached; one that cannot open is parked."""
        for tree in self.workflow.trees():
            for task in list(tree.open.values()):
                is_new = task._state == TaskState.READY and OPENED not in task.internal_data
                if is_new and task.task_spec.manual:
                    self._open_user_task(task)

    def _open_user_task(self, task: SpiffTask) -> None:
        try:
            self.opened[task.id] = open_user_task(task)
        except ElementError as fault:
            park(task, fault, when="before")

    # --- faults -----------------------------------------------------------------------------

    def _stop(self, error: Exception) -> _Stop:
        return _Stop(self._steps, read_fault(error, self._current))

    def _set_back(self, stop: _Stop) -> None:
        """Return to the last good state, replay up to the fault, and park what is faulty."""
        self._scale = None
        again: _Stop | None = stop
        while again is not None:
            stop = again
            self._return()
            again = self._replay(stop)
        self._save()

    def _replay(self, stop: _Stop) -> _Stop | None:
        """Park what is faulty, after what was done before it; give what stopped it even earlier."""
        if stop.steps < 0:
            self._move.park(self.workflow, stop.fault)
            return None
        self._steps, self._current = -1, None
        try:
            self._make_move()
            self._run_on(None, limit=stop.steps)
        except ElementError as fault:  # a script that was just within its time, for example
            return self._stop(fault)
        for task in list(self.workflow.queue.values())[:1]:
            park(task, stop.fault, when="before")
        return None

    def _measure(self, budget: Budget) -> _Stop | None:
        """Take the step again, to find the element that outgrew a limit."""
        self._return()
        self._scale = Scale(self.workflow, len(self._base or b""))
        return self._attempt(budget)

    def _return(self) -> None:
        if self.engine.has_called:
            self.engine.operations.undo()
            self.engine.has_called = False
        self.engine.environment.begin_anew()
        self.engine.begun_instances = self._begun_instances
        self.recorder.rewind(self._mark)
        self.opened.clear()
        self.workflow = self._load()

    def _park_what_is_left(self, message: str) -> None:
        """Stop for this step: park the next element, and events that have happened.

        The other elements stay ready; the next step runs them.
        """
        self.engine.environment.begin_anew()
        queue = list(self.workflow.queue.values())
        events = [task for task in queue[1:] if isinstance(task.task_spec, CatchingEvent)]
        for task in (*queue[:1], *events):
            fault = ElementError(IncidentKind.BUDGET, message, activity_id=task.task_spec.bpmn_id)
            park(task, fault, when="before")
        self._open_user_tasks()
        self._save()

    # --- saving -----------------------------------------------------------------------------

    def _load(self) -> LiveWorkflow:
        if self._base is None:
            definition = self._definition
            return LiveWorkflow(definition.spec, dict(definition.subprocess_specs), self.engine)
        return load_state(self._base, self._definition, self.engine)

    def _save(self, *, checks: bool = False) -> None:
        """Make the present state the last good one: what was done so far stands.

        Raises:
            _TooLargeError: it is checked, and some of it has outgrown a limit.
        """
        prune(self.workflow)
        state = dump_state(self.workflow)
        if checks and self._scale is None and is_too_large(self.workflow, state, self._base):
            raise _TooLargeError
        self._base = state
        self._mark = self.recorder.mark()
        self._begun_instances = self.engine.begun_instances
        self._move = GoOn()
        self._steps = 0
        if self._scale is not None:
            self._scale = Scale(self.workflow, len(state))
        if self.engine.has_called:
            self.engine.operations.keep()
            self.engine.has_called = False
