"""An instance in the hands of a test: commands by the names in the diagram."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ssflow.calendar import Calendar
from ssflow.engine import commands
from ssflow.engine.commands import Command
from ssflow.engine.definition_cache import Definition, DefinitionSource, build_definition
from ssflow.engine.execution import StepResult, Surroundings, read_variables, step
from ssflow.engine.operations import OperationCall, OperationError
from ssflow.engine.scripts import Sandbox
from ssflow.engine.snapshot import ParkedIncident

HOLIDAYS = frozenset({date(2026, 5, 5)})
CALENDAR = Calendar(ZoneInfo("Europe/Amsterdam"), HOLIDAYS)


@dataclass
class Operations:
    """Inside operations as plain functions; outside ones start with `outside.`."""

    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    def is_outside(self, name: str) -> bool:
        return name.startswith("outside.")

    def call(self, call: OperationCall) -> Any:
        self.calls.append(call.activity_id)
        self.pending.append(call.activity_id)
        if call.name not in self.functions:
            raise OperationError(f"There is no operation {call.name}.")
        return self.functions[call.name](**call.parameters)

    def keep(self) -> None:
        self.kept += self.pending
        self.pending.clear()

    def undo(self) -> None:
        self.undone += self.pending
        self.pending.clear()


class Case:
    """One instance; with `fresh`, every step sees newly parsed specs, as after a restart."""

    def __init__(
        self,
        sandbox: Sandbox,
        files: Mapping[str, bytes],
        *,
        key: str = "p",
        fresh: bool = False,
        definition: Definition | None = None,
        **functions: Callable[..., Any],
    ) -> None:
        self.sandbox = sandbox
        self.source = DefinitionSource(key, files)
        self.operations = Operations(
            {name.replace("__", "."): function for name, function in functions.items()}
        )
        self.reserved: dict[str, Any] = {"initiator": "ann", "done_by": {}, "business_key": None}
        self.now = datetime(2026, 3, 4, 10, tzinfo=UTC)
        self.fresh = fresh
        self._definition = definition or build_definition(self.source)
        self.result: StepResult

    @property
    def definition(self) -> Definition:
        return build_definition(self.source) if self.fresh else self._definition

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.now, CALENDAR, self.reserved, self.operations, self.sandbox)

    # --- moving -----------------------------------------------------------------------------

    def do(self, command: Command, *, begin: bool = False) -> StepResult:
        state = None if begin else self.result.state
        self.result = step(self.definition, state, command, self.surroundings)
        return self.result

    def start(self, **variables: Any) -> StepResult:
        return self.do(commands.Start(variables), begin=True)

    def start_by(self, message: str, **payload: Any) -> StepResult:
        return self.do(commands.StartByMessage(message, payload), begin=True)

    def complete(self, activity_id: str, *, nth: int = 0, **fields: Any) -> StepResult:
        return self.do(commands.CompleteUserTask(self.task_id(activity_id, nth=nth), fields))

    def fire(self, activity_id: str, *, nth: int = 0) -> StepResult:
        """Let the clock reach the moment of a timer."""
        timers = [t for t in self.result.after.timers.values() if t.activity_id == activity_id]
        self.now = max(self.now, timers[nth].due_at + timedelta(seconds=1))
        return self.do(commands.FireTimer(timers[nth].id))

    def send(self, name: str, **payload: Any) -> StepResult:
        waiting = self.result.after.messages.values()
        message_id = next(message.id for message in waiting if message.name == name)
        return self.do(commands.CatchMessage(message_id, payload))

    def answer(self, activity_id: str, result: Any) -> StepResult:
        return self.do(commands.AnswerOperation(self.operation_id(activity_id), result))

    def fail(self, activity_id: str, message: str, code: str | None = None) -> StepResult:
        return self.do(commands.FailOperation(self.operation_id(activity_id), message, code))

    def retry(self, *, nth: int = 0, **changes: Any) -> StepResult:
        return self.do(commands.Retry(self.incidents[nth].id, changes))

    def restore(self, state: bytes) -> None:
        """Go on from a state that was saved elsewhere."""
        self.result = replace(self.result, state=state)

    # --- looking ----------------------------------------------------------------------------

    @property
    def path(self) -> tuple[str, ...]:
        return self.result.trail.path

    @property
    def open(self) -> list[str]:
        return sorted(task.activity_id for task in self.result.after.user_tasks.values())

    @property
    def timers(self) -> list[str]:
        return sorted(timer.activity_id for timer in self.result.after.timers.values())

    @property
    def incidents(self) -> list[ParkedIncident]:
        return list(self.result.after.incidents.values())

    @property
    def incident(self) -> ParkedIncident:
        [incident] = self.incidents
        return incident

    @property
    def variables(self) -> dict[str, Any]:
        return self.result.variables

    def data(self, activity_id: str, *, nth: int = 0) -> dict[str, Any]:
        return read_variables(
            self.definition, self.result.state, self.task_id(activity_id, nth=nth)
        )

    def task_id(self, activity_id: str, *, nth: int = 0) -> UUID:
        open_ = self.result.after.user_tasks.values()
        return [task.id for task in open_ if task.activity_id == activity_id][nth]

    def operation_id(self, activity_id: str) -> UUID:
        waiting = self.result.after.operations.values()
        return next(operation.id for operation in waiting if operation.activity_id == activity_id)
