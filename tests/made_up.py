"""Made-up records: one of any kind, with something in every column."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from ssflow.store.records import RECORD_KINDS
from tests.conftest import NOW

_BASE = frozenset({"id", "row_version", "created_at", "created_by", "updated_at", "is_demo"})


def make_up(session: Session, kind: str, /, *, depth: int = 2, **values: Any) -> Any:
    """Keep a record with a value in every column; what it must refer to is made up, too."""
    entity = RECORD_KINDS[kind]
    told: dict[str, Any] = {}
    for name, attribute in inspect(entity).column_attrs.items():
        if name in _BASE or name in values:
            continue
        column = attribute.columns[0]
        if column.foreign_keys:
            [key] = column.foreign_keys
            if depth or not column.nullable:
                other = next(
                    k
                    for k, e in RECORD_KINDS.items()
                    if inspect(e).local_table.name == key.column.table.name
                )
                made = make_up(session, other, depth=max(depth - 1, 0))
                told[name] = made.id
        else:
            told[name] = _value(name, column.type.python_type)
    record: Any = entity(created_at=NOW, created_by="system", **{**told, **values})
    session.add(record)
    session.flush()
    return record


def _value(name: str, kind: type) -> Any:
    if issubclass(kind, StrEnum):
        return next(iter(kind))
    if name == "number":
        return f"N-{uuid4().hex[:8]}"
    if kind is str:
        return f"{name} {uuid4().hex[:8]}"
    samples: dict[type, Any] = {
        UUID: uuid4(),
        bool: True,
        int: uuid4().int % 10_000,
        Decimal: Decimal("1234.56"),
        datetime: NOW,
        date: date.fromordinal(730_000 + uuid4().int % 9_000),
        bytes: b"content",
    }
    return samples.get(kind, {"a": [{"b": "2026-01-01"}], "c": None})
