"""What a case is called: texts of a process that may be expressions over its variables."""

from collections.abc import Mapping
from typing import Any

from ssflow.engine.faults import ElementError
from ssflow.engine.sandbox import Clock
from ssflow.engine.scripts import MontyEnvironment
from ssflow.engine.surroundings import Surroundings

MAX_NAME_CHARACTERS = 200


def read_name(
    text: str | None, variables: Mapping[str, Any], surroundings: Surroundings
) -> str | None:
    """Give a literal text, or what its expression (after "=") gives; None while that fails.

    It is cut to `MAX_NAME_CHARACTERS`, so that an index can hold it.
    """
    text = (text or "").strip()
    if not text.startswith("="):
        return text[:MAX_NAME_CHARACTERS] or None
    clock = Clock(surroundings.now, surroundings.calendar)
    environment = MontyEnvironment(surroundings.sandbox, clock, surroundings.reserved)
    try:
        value = environment.evaluate(text.removeprefix("="), variables)
    except ElementError:
        return None
    name = str(value).strip() if isinstance(value, str | int | float) else ""
    return name[:MAX_NAME_CHARACTERS] or None
