"""Read the way that a step took out of its audit event."""

import json

from ssflow.domain.audit import AuditEvent


def details_of(event: AuditEvent) -> dict[str, object]:
    """Give what an event's body tells beside who, when and what; empty when it is unreadable."""
    try:
        details = json.loads(event.body).get("details", {})
    except (ValueError, AttributeError):
        return {}
    return details if isinstance(details, dict) else {}


def count_elements(event: AuditEvent) -> list[str]:
    """List the ids of the elements and flows that a step passed, in order."""
    path = details_of(event).get("path", [])
    return [str(element) for element in path] if isinstance(path, list) else []
