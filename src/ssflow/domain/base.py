"""What every mapped class shares: the base, moments in UTC, identifiers and JSON."""

import enum
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Enum,
    MetaData,
    Numeric,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.types import TypeEngine

JsonValue = Any  # None, bool, int, float, str, list of these, dict of text to these
Variables = dict[str, JsonValue]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, without zone in SQLite, `timestamptz` in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """Tell what values are in Python."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a value into what the database keeps."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"A moment needs a time zone: {value!r}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the database keeps into a value."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TextSet(TypeDecorator[frozenset[str]]):
    """A set of short words without blanks, kept as ' a b ' so that SQL can look for one in it."""

    impl = Text
    cache_ok = True

    @property
    def python_type(self) -> type[frozenset[str]]:
        """Tell what values are in Python."""
        return frozenset

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:
        """Turn a value into what the database keeps."""
        if value is None:
            return None
        return f" {' '.join(sorted(value))} " if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:
        """Turn what the database keeps into a value."""
        return None if value is None else frozenset(value.split())


class Hundredths(TypeDecorator[Decimal]):
    """A decimal with two places: `numeric` in PostgreSQL, whole hundredths in SQLite."""

    impl = Numeric(14, 2)
    cache_ok = True

    @property
    def python_type(self) -> type[Decimal]:
        """Tell what values are in Python."""
        return Decimal

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database at hand."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(14, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Turn a value into what the database keeps."""
        if value is None:
            return None
        exact = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return int(exact * 100) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Turn what the database keeps into a value."""
        if value is None:
            return None
        return Decimal(value).scaleb(-2) if dialect.name == "sqlite" else Decimal(value)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The base of every mapped class: a dataclass whose arguments are named."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime,
        date: Date,
        Decimal: Hundredths,
        UUID: Uuid,
        str: Text,
        Variables: JSON,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        frozenset[str]: TextSet,
        enum.StrEnum: Enum(
            enum.StrEnum,
            native_enum=False,
            length=40,
            values_callable=lambda e: [m.value for m in e],
        ),
    }


JsonOrNull = JSON(none_as_null=True)


def new_id() -> UUID:
    """Make an identifier for a new row."""
    return uuid4()
