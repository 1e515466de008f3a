"""Processes that start by themselves: when, for which records, and with what."""

import ast
import json
from collections.abc import Iterator

from ssflow.engine.code import SUPPLIED_FUNCTIONS
from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import Property, find_property
from ssflow.engine.rules.python_code import MAX_CODE_LENGTH, SANDBOX_NAMES, read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Process
from ssflow.errors import InvalidInputError
from ssflow.timetable import read_timetable

_TICK, _RECORD = "tick", "record"
_KNOWN = SANDBOX_NAMES | SUPPLIED_FUNCTIONS | {"now", _TICK}


def check_schedule(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find schedules that cannot be read or could not start a case."""
    schedule = find_property(process.element, "schedule")
    records = find_property(process.element, "schedule_for")
    payload = find_property(process.element, "schedule_payload")
    if schedule is not None:
        yield from _check_timetable(process, schedule)
        yield from _check_starts(process, schedule)
    if records is not None:
        yield from _check_records(process, records, bundle)
    if payload is not None:
        known = _KNOWN if records is None else _KNOWN | {_RECORD}
        yield from _check_payload(process, payload, known)
    for alone in (records, payload):
        if alone is not None and schedule is None:
            yield build_problem(
                process.file,
                alone.element,
                "schedule-missing",
                f"The property {alone.name} has no effect without the property schedule.",
            )


def list_scheduled_names(process: Process) -> set[str]:
    """Tell which variables a schedule gives its cases, as far as they can be read."""
    if find_property(process.element, "schedule") is None:
        return set()
    payload = find_property(process.element, "schedule_payload")
    if payload is None:
        has_records = find_property(process.element, "schedule_for") is not None
        return {_RECORD} if has_records else set()
    if payload.expression is not None:
        return _keys_of_expression(payload.expression)
    found = _read_json(payload.literal)
    return set(found) if isinstance(found, dict) else set()


def _check_timetable(process: Process, schedule: Property) -> Iterator[Problem]:
    try:
        read_timetable(schedule.value or "")
    except InvalidInputError as error:
        yield build_problem(process.file, schedule.element, "schedule-not-readable", error.message)


def _check_starts(process: Process, schedule: Property) -> Iterator[Problem]:
    for start in process.scope.of_kind("startEvent"):
        if start.has_definition("message"):
            yield build_problem(
                process.file,
                schedule.element,
                "schedule-of-message-start",
                f"The message of {start.label} starts this process, so that a schedule cannot; "
                "give it a plain start event or delete the schedule.",
            )


def _check_records(process: Process, records: Property, bundle: Bundle) -> Iterator[Problem]:
    problem = bundle.known.find_query_problem((records.value or "").strip())
    if problem is not None:
        yield build_problem(process.file, records.element, "schedule-for-not-readable", problem)


def _check_payload(process: Process, payload: Property, known: frozenset[str]) -> Iterator[Problem]:
    if payload.expression is not None:
        problem = _find_unknown(payload.expression, known)
    elif isinstance(_read_json(payload.literal), dict):
        problem = None
    else:
        problem = (
            'The schedule_payload is no object of variables; write JSON such as {"kind": "all"}, '
            "or an expression that starts with = and gives an object."
        )
    if problem is not None:
        yield build_problem(process.file, payload.element, "schedule-payload-not-readable", problem)


def _find_unknown(expression: str, known: frozenset[str]) -> str | None:
    unknown = sorted(read_code(expression, is_expression=True).used - known)
    if not unknown:
        return None
    return (
        f'The schedule_payload uses "{unknown[0]}", but there is no case yet: it knows only '
        "tick, and record where schedule_for names records."
    )


def _keys_of_expression(expression: str) -> set[str]:
    if len(expression) > MAX_CODE_LENGTH:
        return set()
    try:
        body = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    keys = body.keys if isinstance(body, ast.Dict) else []
    return {
        key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _read_json(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None
