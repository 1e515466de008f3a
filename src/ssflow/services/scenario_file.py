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
_ANY = object
_START: Mapping[str, type] = {
    **dict.fromkeys(("as", "at", "message", "business_key"), str),
    **dict.fromkeys(("payload", "variables"), dict),
}
_GIVEN: Mapping[str, type] = {"people": list, "records": list, "answers": dict}
_PERSON: Mapping[str, type] = {
    **dict.fromkeys(("name", "customer", "certificate_no", "certified_until"), str),
    "roles": list,
}
_RECORD: Mapping[str, type] = {"kind": str, "ref": str, "values": dict}
_EXPECT: Mapping[str, type] = {
    **dict.fromkeys(("open", "path", "audit", "incidents"), list),
    **dict.fromkeys(("variables", "records"), dict),
    "ended": _ANY,
}
_BESIDE: Mapping[str, Mapping[str, type]] = {
    "attach": {"as": str},
    "complete": {"as": str, "form": dict},
    "claim": {"as": str},
    "advance": {},
    "message": {
        **dict.fromkeys(("as", "message_id"), str),
        **dict.fromkeys(("correlation_key", "time_to_live", "status"), _ANY),
        "payload": dict,
    },
    "refuse": {"as": str, "form": dict, "status": int},
    "expect": {},
    "retry": {"changes": dict},
    "given": {},
}
_KINDS: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
}


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
    _require(raw, {"name": str, **_PARTS}, where)
    _require(raw.get("start", {}), _START, f"{where}: start")
    _check_given(raw.get("given", {}), where)
    _require(raw.get("expect", {}), _EXPECT, f"{where}: expect")
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
    if len(kinds) > 1:
        raise InvalidInputError(f"{where} does several things; make {' and '.join(kinds)} steps.")
    if not kinds:
        raise InvalidInputError(f"{where} needs one of: {', '.join(STEP_KINDS)}.")
    [kind] = kinds
    own = dict if kind in ("expect", "given") else str
    if kind in _BY_SOMEBODY and not isinstance(step.get("as"), str):
        raise InvalidInputError(f'{where} needs "as": who does it.')
    _require(step, {kind: own, **_BESIDE[kind]}, where)
    if kind == "expect":
        _require(step[kind], _EXPECT, f"{where}: expect")
    if kind == "given":
        _check_given(step[kind], where)


def _check_given(given: Mapping[str, Any], where: str) -> None:
    _require(given, _GIVEN, f"{where}: given")
    for parts, name, one in ((_PERSON, "people", "name"), (_RECORD, "records", "kind")):
        for entry in given.get(name, []):
            _require(entry, parts, f"{where}: one of {name}")
            if one not in entry:
                raise InvalidInputError(f'{where}: one of {name} needs a "{one}".')


def _require(value: Any, parts: Mapping[str, type], where: str) -> None:
    """Refuse parts that are not known, so that none is passed over, and those of another type."""
    if not isinstance(value, dict):
        raise InvalidInputError(f"{where} is an object.")
    if unknown := sorted(value.keys() - parts.keys()):
        raise InvalidInputError(
            f"{where} has no {', '.join(unknown)}; it may have {', '.join(sorted(parts))}."
        )
    for part, kind in parts.items():
        if part in value and not isinstance(value[part], kind):
            raise InvalidInputError(f'{where}: "{part}" is {_KINDS[kind]}.')
