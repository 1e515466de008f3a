"""Ids in what people, diagrams and files hand in: every record and person has a UUID."""

from uuid import UUID


def read_id(value: object) -> UUID | None:
    """Read an id, or nothing: what is no id may be a role, a name or somebody's typing."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
