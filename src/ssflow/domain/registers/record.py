"""What all business records share."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Mapped, MappedAsDataclass, declared_attr, mapped_column

from ssflow.domain.base import new_id


class Record(MappedAsDataclass, kw_only=True):
    """The part that every business record has; `row_version` refuses the later of two writers."""

    created_at: Mapped[datetime]
    created_by: Mapped[str]
    """The actor's key."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    updated_at: Mapped[datetime | None] = mapped_column(default=None)
    row_version: Mapped[int] = mapped_column(default=None, init=False)
    is_demo: Mapped[bool] = mapped_column(default=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, object]:  # noqa: N805 - SQLAlchemy hands in the class
        """Let SQLAlchemy check and raise `row_version` with every change."""
        return {"version_id_col": cls.__table__.c.row_version}  # type: ignore[attr-defined]


_UNTOLD = frozenset(
    {"id", "created_at", "created_by", "updated_at", "row_version", "is_demo", "content"}
)


def record_as_json(record: Record) -> dict[str, Any]:
    """Give a record's business values as JSON: ids, dates and decimals as text."""
    names = inspect(type(record)).column_attrs.keys()
    return values_as_json({name: getattr(record, name) for name in names})


def values_as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the business values among those of a record's columns as JSON."""
    return {name: _as_json(value) for name, value in values.items() if name not in _UNTOLD}


def record_values(kind: type[Record], values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn JSON values into those of a record's columns; names it does not have are left out.

    A reference may be named without its `_id`: `customer` for `customer_id`.
    """
    columns = inspect(kind).column_attrs
    named = {_column_name(columns, name): value for name, value in values.items()}
    return {
        name: _from_json(columns[name].columns[0].type.python_type, value)
        for name, value in named.items()
        if name in columns and name not in _UNTOLD
    }


def _column_name(columns: Any, name: str) -> str:
    return f"{name}_id" if name not in columns and f"{name}_id" in columns else name


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else value


def _from_json(kind: type, value: Any) -> Any:
    if value is None or value == "":
        return None if kind is not str else value
    if kind is UUID:
        return UUID(str(value))
    if kind is datetime:
        return datetime.fromisoformat(str(value))
    if kind is date:
        return date.fromisoformat(str(value))
    if kind is Decimal:
        return Decimal(str(value))
    return kind(value) if issubclass(kind, StrEnum) else value
