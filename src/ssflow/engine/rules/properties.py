"""Properties of processes and elements: known names, readable values."""

import re
from collections.abc import Callable, Iterator, Mapping

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import Property, list_properties
from ssflow.engine.rules.people import find_role_like
from ssflow.engine.rules.public_start import check_public_start
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.schedules import check_schedule
from ssflow.engine.rules.start_payload import check_start_payload
from ssflow.engine.rules.times import NO_REMINDER, is_due
from ssflow.engine.rules.tree import Process
from ssflow.engine.xml_reading import Element, get_local_name
from ssflow.ids import read_id

PROCESS_PROPERTIES = frozenset(
    {
        "starters",
        "viewers",
        "business_key",
        "title",
        "schedule",
        "schedule_for",
        "schedule_payload",
        "public_start",
    }
)
USER_TASK_PROPERTIES = frozenset(
    {"form", "role", "assignee", "exclude", "due", "esc", "remind", "priority"}
)
PROPERTIES: Mapping[str, frozenset[str]] = {
    "process": PROCESS_PROPERTIES,
    "userTask": USER_TASK_PROPERTIES,
    "startEvent": frozenset({"form", "payload", "correlation_key"}),
    **dict.fromkeys(
        (
            "endEvent",
            "intermediateCatchEvent",
            "intermediateThrowEvent",
            "boundaryEvent",
            "sendTask",
            "receiveTask",
        ),
        frozenset({"correlation_key"}),
    ),
    "businessRuleTask": frozenset({"result"}),
}


def check_properties(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find properties that are incomplete, unknown, doubled or not readable."""
    yield from _check_owner(process, process.element, bundle)
    yield from check_public_start(process, bundle)
    yield from check_schedule(process, bundle)
    yield from check_start_payload(process, bundle)
    for node in process.nodes():
        yield from _check_owner(process, node.element, bundle)


def _check_owner(process: Process, owner: Element, bundle: Bundle) -> Iterator[Problem]:
    kind = get_local_name(owner)
    seen: set[str] = set()
    for one in list_properties(owner):
        if not one.name or one.value is None:
            yield build_problem(
                process.file,
                one.element,
                "property-incomplete",
                "A property lacks its name or its value; write both or delete it.",
            )
            continue
        yield from _check_name(process, kind, one.name, one, seen)
        yield from _check_value(process, kind, one.name, one, bundle)
        seen.add(one.name)


def _check_name(
    process: Process, kind: str, name: str, one: Property, seen: set[str]
) -> Iterator[Problem]:
    known = PROPERTIES.get(kind, frozenset())
    if name not in known:
        hint = f"known are {', '.join(sorted(known))}" if known else f"a {kind} has none"
        yield build_problem(
            process.file,
            one.element,
            "unknown-property",
            f'The property "{name}" has no meaning here and is ignored; {hint}.',
        )
    elif name in seen:
        yield build_problem(
            process.file,
            one.element,
            "property-twice",
            f'The property "{name}" is given twice and the last one counts; delete one.',
        )


def _check_value(
    process: Process, kind: str, name: str, one: Property, bundle: Bundle
) -> Iterator[Problem]:
    check = _CHECKS.get(name)
    if check is None or name not in PROPERTIES.get(kind, frozenset()):
        return
    found = check(one, bundle)
    if found is not None:
        code, message = found
        yield build_problem(process.file, one.element, code, message)


_Finding = tuple[str, str] | None


def _check_form(one: Property, bundle: Bundle) -> _Finding:
    if one.literal in bundle.known.forms:
        return None
    if not (one.value or "").strip():
        return "form-unknown", "The property form is empty; name a form, or delete the property."
    if one.expression is not None:
        return "form-unknown", "A form is named by its id, not by an expression; write the id."
    return (
        "form-unknown",
        (
            f'There is no form "{one.literal}"; add {one.literal}.form.json to the bundle or name '
            "another form."
        ),
    )


def _check_assignee(one: Property, bundle: Bundle) -> _Finding:
    if one.literal and read_id(one.literal) is None:
        return (
            "assignee-not-an-id",
            (
                f'"{one.literal}" is no id of a person, so nobody could do this; write an '
                "expression such as =initiator, or give the task to a role."
            ),
        )
    return None


def _check_role(one: Property, bundle: Bundle) -> _Finding:
    if one.literal is None or one.literal in bundle.known.roles:
        return None
    return _unknown_role(one.literal, bundle)


def _check_roles(one: Property, bundle: Bundle) -> _Finding:
    for role in re.split(r"[\s,;]+", one.literal or ""):
        if role and role not in bundle.known.roles:
            return _unknown_role(role, bundle)
    return None


def _unknown_role(role: str, bundle: Bundle) -> _Finding:
    alike = find_role_like(role, bundle.known.roles)
    way_out = f'write "{alike}"' if alike else "create it or name another"
    return (
        "role-unknown",
        f'There is no role "{role}"; {way_out} (an expression starts with =).',
    )


def _check_remind(one: Property, bundle: Bundle) -> _Finding:
    return None if one.literal == NO_REMINDER else _check_due(one, bundle)


def _check_due(one: Property, bundle: Bundle) -> _Finding:
    if one.literal is None or is_due(one.literal):
        return None
    return (
        "due-not-readable",
        (
            f'"{one.literal}" says no time; write wd(5), P14D, PT4H or 2026-05-01, or an '
            "expression that starts with =."
        ),
    )


def _check_priority(one: Property, bundle: Bundle) -> _Finding:
    if one.literal is None or re.fullmatch(r"-?\d{1,4}", one.literal):
        return None
    return (
        "priority-not-a-number",
        (
            f'The priority "{one.literal}" is not a whole number; write one, or an expression that '
            "starts with =."
        ),
    )


_CHECKS: Mapping[str, Callable[[Property, Bundle], _Finding]] = {
    "form": _check_form,
    "role": _check_role,
    "assignee": _check_assignee,
    "esc": _check_role,
    "starters": _check_roles,
    "viewers": _check_roles,
    "due": _check_due,
    "remind": _check_remind,
    "priority": _check_priority,
}
