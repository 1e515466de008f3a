"""Code in diagrams: checked when it is deployed, run in the sandbox when its element is reached."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pydantic_monty as monty

from ssflow.engine.code import CodeError, Program, find_problems, read_expression, read_script
from ssflow.engine.faults import ElementError, OutsideError
from ssflow.engine.json_values import Room, to_json
from ssflow.engine.operations import OperationCall, OperationError
from ssflow.engine.sandbox import (
    RECURSION_LIMIT,
    SCRIPT_MEMORY_BYTES,
    SCRIPT_TIME,
    Clock,
    Stopwatch,
)
from ssflow.engine.sandbox import Sandbox as Sandbox
from ssflow.engine.snapshot import DecisionHit, IncidentKind, OperationDone, ThrownMessage
from ssflow.engine.spiff import MultiChoice, SpiffTask
from ssflow.engine.surroundings import Surroundings
from ssflow.errors import InvalidInputError

CODE_TIME = timedelta(seconds=3)
"""What all code of a step may take together: an element may run many pieces of it."""
MAX_INSTANCES_BEGUN = 5_000

_CHECKER = Sandbox(max_workers=1)
_LONGEST_MESSAGE = 1_000
_TAKES_ONE_TEXT = "exceptions can only be called with zero or one string argument"
_RAISES = re.compile(r"\s*raise\b")
_LIMITS_TOLD = (
    ("TimeoutError: feed time limit", f"{SCRIPT_TIME.seconds} s is not enough; let it do less"),
    ("MemoryError: ", f"{SCRIPT_MEMORY_BYTES >> 20} MB of memory are not enough; let it hold less"),
    ("RecursionError: ", f"it calls itself more than {RECURSION_LIMIT} times deep"),
)


def check_code(text: str, *, expression: bool) -> list[tuple[int, str]]:
    """List what is wrong with a piece of code, as (line, message); nothing of it is run."""
    return list(_check_code(text, expression))


@lru_cache(maxsize=4096)
def _check_code(text: str, expression: bool) -> tuple[tuple[int, str], ...]:  # noqa: FBT001 - cached
    problems = find_problems(text, expression=expression)
    if problems:
        return tuple((problem.line, problem.message) for problem in problems)
    return _compile(read_expression(text) if expression else read_script(text))


def _compile(program: Program) -> tuple[tuple[int, str], ...]:
    """Let the sandbox read the code inside a function that nobody calls."""
    lines = [f"    {line}" for line in program.text.splitlines()]
    try:
        _CHECKER.run("\n".join(["def __check():", *lines, "    pass"]), {})
    except monty.MontyError as error:
        line = (_find_line(error) or 2) - 1
        return ((program.line_of(line), _message_of(error)),)
    return ()


class MontyEnvironment:
    """Runs expressions and scripts on variables; results come back as JSON.

    Code is given only the variables that it names. What it is given beside them is read-only:
    the reserved names, `today()` and `wd(n)`.
    """

    def __init__(self, sandbox: Sandbox, clock: Clock, reserved: Mapping[str, Any]) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._reserved = {**reserved, "now": clock.now}
        self._stopwatch = Stopwatch()

    def begin_anew(self) -> None:
        """Give the code its whole time again."""
        self._stopwatch = Stopwatch()

    def evaluate(
        self,
        expression: str,
        context: Mapping[str, Any],
        external_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Give the value of an expression.

        Raises:
            ElementError: it failed, or its value is not JSON.
        """
        program = _read(expression, is_expression=True)
        if program.constant is not None:
            return program.constant[0]
        given = {**_pick(program, external_context or {}), **_pick(program, context)}
        return to_json(self._run(program, program.text, given), "The result")

    def evaluate_all(
        self, expressions: Mapping[str, str], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Give the values of several expressions, by name, in one visit to the sandbox.

        Raises:
            ElementError: one of them failed.
        """
        programs = {n: _read(text, is_expression=True) for n, text in expressions.items()}
        coded = {name: text for name, text in expressions.items() if not programs[name].constant}
        if len(coded) < 2:
            return {name: self.evaluate(text, context) for name, text in expressions.items()}
        try:
            values = self.evaluate(_join_expressions(coded), context)
        except ElementError:
            # Alone, the faulty one tells its own line.
            values = {name: self.evaluate(text, context) for name, text in coded.items()}
        constants = {name: p.constant[0] for name, p in programs.items() if p.constant}
        return {name: (values | constants)[name] for name in expressions}

    def execute(
        self,
        script: str,
        context: dict[str, Any],
        external_context: Mapping[str, Any] | None = None,
    ) -> bool:
        """Run a script and write what it assigned into `context`, key by key.

        Raises:
            ElementError: it failed, or a result is not JSON; `context` is as it was.
        """
        program = _read(script, is_expression=False)
        given = {**_pick(program, external_context or {}), **_pick(program, context)}
        try:
            results = self._run(program, program.text_for(frozenset(given)), given)
        except ElementError as fault:
            if fault.kind is IncidentKind.EXPRESSION:
                fault.kind = IncidentKind.SCRIPT
            raise
        room = Room()
        changed = {
            name: to_json(value, name, room)
            for name, value in results.items()
            if name not in context or context[name] != value
        }
        context.update(changed)
        return True

    def _run(self, program: Program, text: str, given: dict[str, Any]) -> Any:
        inputs = {**given, **_pick(program, self._reserved)}
        functions = self._functions(program)
        clock = self._clock if program.uses_modules else None
        if self._stopwatch.seconds > CODE_TIME.seconds:
            message = f"The code of this step took longer than {CODE_TIME.seconds} seconds in all."
            raise ElementError(IncidentKind.BUDGET, message)
        try:
            return self._sandbox.run(
                text, inputs, clock=clock, functions=functions, stopwatch=self._stopwatch
            )
        except monty.MontyError as error:
            raise _fault_of(error, program) from None

    def _functions(self, program: Program) -> dict[str, Any]:
        supplied = {"today": self._clock.today, "wd": self._working_day}
        return {name: function for name, function in supplied.items() if name in program.names}

    def _working_day(self, n: int) -> date:
        try:
            return self._clock.working_day(n)
        except InvalidInputError as error:
            raise ValueError(error.message) from None


class ScriptEngine:
    """What the elements of a diagram reach during one step: code, decisions, operations.

    SpiffWorkflow asks it to run code; what happens on the way is gathered here.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        clock = Clock(surroundings.now, surroundings.calendar)
        self.environment = MontyEnvironment(surroundings.sandbox, clock, surroundings.reserved)
        self.now = surroundings.now
        self.calendar = surroundings.calendar
        self.operations = surroundings.operations
        self.reserved = surroundings.reserved
        self.decisions: list[DecisionHit] = []
        self.operations_done: list[OperationDone] = []
        self.thrown: list[ThrownMessage] = []
        self.has_called = False
        self.begun_instances = 0

    def begin_instances(self, count: int) -> None:
        """Count instances of an activity that all begin at once.

        Raises:
            ElementError: they are too many for one step.
        """
        self.begun_instances += count
        if self.begun_instances > MAX_INSTANCES_BEGUN:
            message = f"More than {MAX_INSTANCES_BEGUN} instances began in one step."
            raise ElementError(IncidentKind.BUDGET, message)

    @property
    def business_key(self) -> Any:
        """The case's own key, which messages go by when the diagram names none."""
        return self.reserved.get("business_key")

    def evaluate(
        self, task: SpiffTask, expression: str, external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Give the value of an expression of this task.

        Raises:
            ElementError: it failed.
        """
        try:
            return self.environment.evaluate(expression, task.data, external_context)
        except ElementError as fault:
            if fault.kind is IncidentKind.EXPRESSION and isinstance(task.task_spec, MultiChoice):
                fault.kind = IncidentKind.CONDITION
            raise fault.at(task.task_spec.bpmn_id) from None

    def evaluate_among(self, task: SpiffTask, expression: str, around: Mapping[str, Any]) -> Any:
        """Give the value of an expression of this task, which sees what is `around` it first.

        Raises:
            ElementError: it failed.
        """
        try:
            return self.environment.evaluate(expression, {**task.data, **around})
        except ElementError as fault:
            raise fault.at(task.task_spec.bpmn_id) from None

    def evaluate_all(self, task: SpiffTask, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Give the values of several expressions of this task, by name.

        Raises:
            ElementError: one of them failed.
        """
        try:
            return self.environment.evaluate_all(expressions, task.data)
        except ElementError as fault:
            raise fault.at(task.task_spec.bpmn_id) from None

    def execute(
        self, task: SpiffTask, script: str, external_context: Mapping[str, Any] | None = None
    ) -> bool:
        """Run a script of this task.

        Raises:
            ElementError: it failed.
        """
        try:
            return self.environment.execute(script, task.data, external_context)
        except ElementError as fault:
            raise fault.at(task.task_spec.bpmn_id) from None

    def call_operation(self, call: OperationCall) -> Any:
        """Carry out an inside operation.

        Raises:
            OperationError: it could not be done.
            OutsideError: anything else went wrong behind the port.
            ElementError: its result is not JSON.
        """
        self.has_called = True
        try:
            result = self.operations.call(call)
        except (OperationError, ElementError):
            raise
        except Exception as error:
            raise OutsideError(error) from error
        return to_json(result, call.name)


def _join_expressions(expressions: Mapping[str, str]) -> str:
    items = (f"{name!r}: ({text.strip()}\n)" for name, text in expressions.items())
    return "{" + ", ".join(items) + "}"


def _pick(program: Program, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in program.names if name in values}


def _read(source: str, *, is_expression: bool) -> Program:
    try:
        return read_expression(source) if is_expression else read_script(source)
    except CodeError as problem:
        lines = source.splitlines()
        text = lines[problem.line - 1].strip() if problem.line <= len(lines) else None
        kind = IncidentKind.EXPRESSION if is_expression else IncidentKind.SCRIPT
        raise ElementError(kind, problem.message, line=problem.line, source_line=text) from None


def _fault_of(error: monty.MontyError, program: Program) -> ElementError:
    if isinstance(error, monty.MontyConversionError):
        return ElementError(IncidentKind.DATA, f"A variable cannot be handed to a script: {error}")
    line = _find_line(error)
    own_line = program.line_of(line) if line is not None else _find_only_raise(program)
    source_line = program.source_line(own_line) if own_line is not None else None
    return ElementError(
        IncidentKind.EXPRESSION, _message_of(error), line=own_line, source_line=source_line
    )


def _find_line(error: monty.MontyError) -> int | None:
    """Find the line where the code went wrong; helpers of ours are not told about."""
    if not isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError):
        return None
    lines = [f.line for f in error.traceback() if not (f.source_line or "").startswith("__get =")]
    return lines[-1] if lines else None


def _find_only_raise(program: Program) -> int | None:
    """Find the line that raises: the sandbox does not tell it where an exception takes no text."""
    lines = [n for n, text in enumerate(program.source.splitlines(), 1) if _RAISES.match(text)]
    return lines[0] if len(lines) == 1 else None


def _message_of(error: monty.MontyError) -> str:
    if not isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError):
        return str(error)
    message = error.display("type-msg")
    if _TAKES_ONE_TEXT in message:
        return 'An exception takes one text: write raise ValueError("…"), or str(…) around a value.'
    for beginning, reason in _LIMITS_TOLD:
        if message.startswith(beginning):
            return f"{beginning.partition(':')[0]}: the code went too far: {reason}."
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]} …"
