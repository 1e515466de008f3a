"""What a case is called: texts of a process that may be expressions over its variables."""

from collections.abc import Mapping
from typing import Any

from ssflow.engine.faults import ElementError
from ssflow.engine.sandbox import Clock
from ssflow.engine.scripts import MontyEnvironment
from ssflow.engine.surroundings import Surroundings


def read_name(
    text: str | None, variables: Mapping[str, Any], surroundings: Surroundings
) -> str | None:
    """Give a literal text, or what its expression (after "=") gives; None while that fails."""
    if not text or not text.startswith("="):
        return text or None
    clock = Clock(surroundings.now, surroundings.calendar)
    environment = MontyEnvironment(surroundings.sandbox, clock, surroundings.reserved)
    try:
        value = environment.evaluate(text.removeprefix("="), variables)
    except ElementError:
        return None
    return str(value) if isinstance(value, str | int | float) and str(value).strip() else None
