"""Read the parameters of operations: ids, money and dates come as JSON."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from marshmallow import fields
from marshmallow.validate import OneOf

from ssflow.operations.operation import OperationRefusedError, Refusal

CENT = Decimal("0.01")
LARGEST_AMOUNT = Decimal("999999999999.99")
_RATINGS = ("1", "2", "3", "4", "5")


def text(*, required: bool = True) -> fields.String:
    """Declare a text; an optional one may be null."""
    if required:
        return fields.String(required=True)
    return fields.String(required=False, allow_none=True, load_default=None)


def one_of(*values: str) -> fields.String:
    """Declare a required text that is one of the values."""
    return fields.String(required=True, validate=OneOf(values))


def identifier(*, required: bool = True) -> fields.UUID:
    """Declare the id of a record or user; an optional one may be null."""
    if required:
        return fields.UUID(required=True)
    return fields.UUID(required=False, allow_none=True, load_default=None)


def form(*, required: bool = True) -> fields.Dict:
    """Declare the object that a user task stored; an optional one may be null."""
    if required:
        return fields.Dict(required=True)
    return fields.Dict(required=False, allow_none=True, load_default=None)


def day(*, required: bool = False) -> fields.Date:
    """Declare a date as ISO text; an optional one may be null."""
    if required:
        return fields.Date(required=True)
    return fields.Date(required=False, allow_none=True, load_default=None)


def amount_of(value: Any) -> Decimal:
    """Read an amount of money that came as number or text; nothing counts as 0.

    Raises:
        OperationRefusedError: it is not a number, or larger than what a record can keep.
    """
    if value in (None, ""):
        return Decimal(0)
    try:
        amount = Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation as error:
        raise _wrong(f"{value!r} is not an amount.") from error
    if not amount.is_finite() or abs(amount) > LARGEST_AMOUNT:
        raise _wrong(f"{value!r} is not an amount that can be kept.")
    return amount


def optional_amount_of(value: Any) -> Decimal | None:
    """Read an amount of money that may be missing."""
    return None if value in (None, "") else amount_of(value)


def day_of(value: Any) -> date | None:
    """Read a date that came as ISO text and may be missing.

    Raises:
        OperationRefusedError: it is not a date.
    """
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise _wrong(f"{value!r} is not a date.") from error


def id_of(value: Any) -> UUID | None:
    """Read the id of a record or user that may be missing.

    Raises:
        OperationRefusedError: it is not an id.
    """
    if not value:
        return None
    try:
        return UUID(str(value))
    except ValueError as error:
        raise _wrong(f"{value!r} is not the id of a record.") from error


def rating_of(value: Any) -> int:
    """Read a rating from 1 to 5.

    Raises:
        OperationRefusedError: it is none.
    """
    if str(value) not in _RATINGS:
        raise _wrong(f"{value!r} is not a rating from 1 to 5.")
    return int(value)


def rows_of(form_data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Give the rows of a table in a form; a missing table has none."""
    rows = form_data.get(key) or []
    return [row for row in rows if isinstance(row, dict)]


def _wrong(message: str) -> OperationRefusedError:
    return OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
