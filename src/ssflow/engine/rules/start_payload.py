"""The property payload of a start event: which variables a case may bring along when it starts."""

import re
from collections.abc import Iterator, Mapping
from keyword import iskeyword

from ssflow.engine.json_values import RESERVED_NAMES
from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import Property, find_property
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Process

NOTHING = "none"
"""What stands there when a start brings no variables."""
_SEPARATOR = re.compile(r"[\s,]+")


def check_start_payload(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find a payload that lists no names, or one beside a form, which checks a start by itself."""
    for start in process.scope.of_kind("startEvent"):
        found = find_property(start.element, "payload")
        if found is None:
            continue
        if found.literal is None or not _is_readable(found.literal):
            yield build_problem(
                process.file,
                found.element,
                "payload-not-readable",
                'The payload lists names of variables, such as "source, prefill?" (with ? what may '
                f'be left out), or is "{NOTHING}"; "{found.value or ""}" is neither.',
            )
        elif find_property(start.element, "form") is not None:
            yield build_problem(
                process.file,
                found.element,
                "payload-beside-form",
                "The start form says already what a start brings; delete one of the two.",
            )


def read_payload(found: Property | None) -> Mapping[str, bool] | None:
    """Read the names and whether each must come; None: nothing is said, anything may come."""
    if found is None or found.literal is None:
        return None
    if found.literal == NOTHING:
        return {}
    return {name.removesuffix("?"): not name.endswith("?") for name in _names(found.literal)}


def _is_readable(text: str) -> bool:
    names = [name.removesuffix("?") for name in _names(text)]
    is_list = bool(names) and len(set(names)) == len(names)
    return is_list and not any(map(_is_no_variable, names))


def _is_no_variable(name: str) -> bool:
    return not name.isidentifier() or iskeyword(name) or name in RESERVED_NAMES


def _names(text: str) -> list[str]:
    return [name for name in _SEPARATOR.split(text) if name]
