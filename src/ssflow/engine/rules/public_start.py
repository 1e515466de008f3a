"""The property public_start: who has no account may start the process by its message."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import find_property
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Process


def check_public_start(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find a public start that is neither true nor false, or that has no message to come by."""
    found = find_property(process.element, "public_start")
    if found is None:
        return
    if found.literal not in ("true", "false"):
        yield build_problem(
            process.file,
            found.element,
            "public-start-not-readable",
            f'The property public_start is "true" or "false", not "{found.value or ""}".',
        )
        return
    starts = process.scope.of_kind("startEvent")
    if found.literal == "true" and not any(start.has_definition("message") for start in starts):
        yield build_problem(
            process.file,
            found.element,
            "public-start-without-message",
            "What comes from the public comes as a message; make the start event a message event "
            "or delete the property public_start.",
        )
