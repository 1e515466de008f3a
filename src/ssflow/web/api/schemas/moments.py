"""Moments as programs send them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import AwareDateTime


class Moment(AwareDateTime):
    """A moment with its offset (RFC 3339), read as UTC."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        """Read a moment.

        Raises:
            ValidationError: it is none, or lies outside the years 1 to 9999 in UTC.
        """
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError("Not a valid datetime.") from error
