"""Who does a user task: its role, its assignee, or the lane that it lies in."""

from collections.abc import Collection, Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.extensions import find_property
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.tree import Node, Process

_STARTER = "initiator"  # whoever started the case: a lane for people, not for a role


def check_people(process: Process, bundle: Bundle) -> Iterator[Problem]:
    """Find user tasks that nobody may do, and lanes that look like roles but are none."""
    roles = bundle.known.roles
    reported: set[str] = set()
    for node in process.nodes():
        if node.kind != "userTask" or node.lane in roles:
            continue
        if not _names_somebody(node):
            yield build_problem(
                process.file,
                node.element,
                "user-task-without-role",
                f"Nobody may do {node.label}: it has no role and no assignee, and lies in no lane "
                f"that is named like a role. Give it the property role{_or_rename(node, roles)}.",
            )
        elif node.lane and node.lane not in (*reported, _STARTER) and not _is_routed(node):
            reported.add(node.lane)
            yield build_problem(
                process.file,
                node.element,
                "lane-is-no-role",
                f'The lane "{node.lane}" of {node.label} is not named like a role, so only the '
                "properties of its user tasks say who does them; name the lane "
                f"{find_role_like(node.lane, roles) or 'like a role'}.",
            )


def find_role_like(name: str, roles: Collection[str]) -> str | None:
    """Find the role that somebody means who writes it as its title, such as `Service owner`."""
    key = "_".join(name.lower().split())
    return key if key in roles else None


def _or_rename(node: Node, roles: Collection[str]) -> str:
    role = find_role_like(node.lane or "", roles)
    return f', or name the lane "{role}"' if role else ""


def _names_somebody(node: Node) -> bool:
    found = (find_property(node.element, name) for name in ("role", "assignee"))
    return any(one is not None and (one.value or "").strip() for one in found)


def _is_routed(node: Node) -> bool:
    """Whether the case decides the role: no lane can be named after it."""
    role = find_property(node.element, "role")
    return role is not None and (role.value or "").startswith("=")
