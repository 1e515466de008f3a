"""Read scenario files: walks through a process with what is expected of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssflow.errors import InvalidInputError

STEP_KINDS = (
    "attach",
    "complete",
    "claim",
    "advance",
    "message",
    "refuse",
    "expect",
    "retry",
    "given",
)

_BY_SOMEBODY = ("attach", "complete", "claim", "refuse")
_PARTS: Mapping[str, type] = {"start": dict, "given": dict, "steps": list, "expect": dict}
_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text"}


@dataclass(frozen=True)
class Scenario:
    """One walk; `given`, `start`, `steps` and `expect` as the file has them."""

    process: str
    name: str
    start: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    given: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)


def read_scenarios(content: bytes, file: str) -> list[Scenario]:
    """Read a scenario file.

    Raises:
        InvalidInputError: it is not JSON, or not a scenario file; the message says where.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{file} is not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("process"), str):
        raise InvalidInputError(f'{file} needs a "process": the id of the process to walk through.')
    scenarios = data.get("scenarios", [])
    if not isinstance(scenarios, list):
        raise InvalidInputError(f'{file}: "scenarios" is a list.')
    return [_scenario(data["process"], raw, file) for raw in scenarios]


def _scenario(process: str, raw: Any, file: str) -> Scenario:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise InvalidInputError(f'{file}: a scenario needs a "name".')
    where = f"{file}: {raw['name']}"
    if unknown := raw.keys() - {"name", *_PARTS}:
        names = ", ".join(sorted(unknown))
        raise InvalidInputError(f"{where}: a scenario has no {names}.")
    for part, kind in _PARTS.items():
        if not isinstance(raw.get(part, kind()), kind):
            raise InvalidInputError(f'{where}: "{part}" is {_KINDS[kind]}.')
    for number, step in enumerate(raw.get("steps", []), 1):
        _check_step(step, f"{where}: step {number}")
    return Scenario(
        process=process,
        name=raw["name"],
        start=raw.get("start", {}),
        steps=raw.get("steps", []),
        given=raw.get("given", {}),
        expect=raw.get("expect", {}),
    )


def _check_step(step: Any, where: str) -> None:
    kinds = [kind for kind in STEP_KINDS if isinstance(step, dict) and kind in step]
    if len(kinds) != 1:
        raise InvalidInputError(f"{where} needs one of: {', '.join(STEP_KINDS)}.")
    [kind] = kinds
    wanted = dict if kind in ("expect", "given") else str
    if not isinstance(step[kind], wanted):
        raise InvalidInputError(f'{where}: "{kind}" is {_KINDS[wanted]}.')
    if kind in _BY_SOMEBODY and not isinstance(step.get("as"), str):
        raise InvalidInputError(f'{where} needs "as": who does it.')
    for part in ("form", "payload", "changes"):
        if not isinstance(step.get(part, {}), dict):
            raise InvalidInputError(f'{where}: "{part}" is an object.')
