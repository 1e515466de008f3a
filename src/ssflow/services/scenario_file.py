"""Read scenario files: walks through a process with what is expected of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssflow.errors import InvalidInputError

STEP_KINDS = ("complete", "claim", "advance", "message", "refuse", "expect", "retry")


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
    except ValueError as error:
        raise InvalidInputError(f"{file} is not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("process"), str):
        raise InvalidInputError(f'{file} needs a "process": the id of the process to walk through.')
    return [_scenario(data["process"], raw, file) for raw in data.get("scenarios", [])]


def _scenario(process: str, raw: Any, file: str) -> Scenario:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise InvalidInputError(f'{file}: a scenario needs a "name".')
    known = {"name", "start", "given", "steps", "expect"}
    if unknown := raw.keys() - known:
        names = ", ".join(sorted(unknown))
        raise InvalidInputError(f"{file}: {raw['name']}: a scenario has no {names}.")
    for number, step in enumerate(raw.get("steps", []), 1):
        if not isinstance(step, dict) or sum(kind in step for kind in STEP_KINDS) != 1:
            kinds = ", ".join(STEP_KINDS)
            raise InvalidInputError(f"{file}: {raw['name']}: step {number} needs one of: {kinds}.")
    return Scenario(
        process=process,
        name=raw["name"],
        start=raw.get("start", {}),
        steps=raw.get("steps", []),
        given=raw.get("given", {}),
        expect=raw.get("expect", {}),
    )
