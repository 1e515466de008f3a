"""What exists around a bundle, handed in as plain values: forms, roles, operations, processes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OperationSignature:
    """What a service task may call: its name and its parameters."""

    name: str
    required: frozenset[str]
    optional: frozenset[str]
    outside: bool


@dataclass(frozen=True)
class KnownNames:
    """The names that a diagram may use beside those of its own bundle."""

    forms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    operations: Mapping[str, OperationSignature] = field(default_factory=dict)
    processes: frozenset[str] = frozenset()
    find_query_problem: Callable[[str], str | None] = lambda _: None
    """Tells why a text names no records of a register; None when it does."""
