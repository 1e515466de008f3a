"""Fields that read what people type: texts, numbers, moments and ticks."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from ssflow.forms import messages
from ssflow.forms.answer import Answer
from ssflow.forms.bounds import MAX_TEXT_LENGTH
from ssflow.forms.component import ComponentType, FieldKind, Subtype
from ssflow.forms.numbers import (
    count_decimals,
    is_in_bounds,
    read_number,
    round_to_cents,
    show_number,
    show_typed_number,
    to_json_number,
)
from ssflow.forms.source import is_clean

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,8}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,30}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


class TextAnswer(Answer):
    """A text of one or more lines."""

    def read(self, value: Any) -> str:
        """Read a text; every line end becomes a line feed."""
        if not isinstance(value, str):
            raise self.refusal(messages.NOT_A_TEXT)
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text) or not is_clean(text):
            raise self.refusal(messages.UNREADABLE_TEXT)
        if self.component.type is ComponentType.TEXTAREA:
            return text if text.strip() else ""
        text = text.strip()
        if "\n" in text:
            raise self.refusal(messages.NOT_ONE_LINE)
        return text

    def check(self, answer: str) -> None:
        """Refuse a text of the wrong length or form."""
        self._check_length(answer)
        if self.limits.pattern is not None and not self.limits.pattern.is_found_in(answer):
            raise self.refusal(messages.WRONG_PATTERN)
        if self.limits.text_kind == "email" and not _EMAIL.fullmatch(answer):
            raise self.refusal(messages.NOT_AN_EMAIL)
        if self.limits.text_kind == "phone" and not _PHONE.fullmatch(answer):
            raise self.refusal(messages.NOT_A_PHONE)

    def _check_length(self, answer: str) -> None:
        if len(answer.encode()) > MAX_TEXT_LENGTH:
            raise self.refusal(messages.TOO_MANY_BYTES)
        if len(answer) < self.limits.min_length:
            raise self.refusal(messages.TOO_SHORT, least=self.limits.min_length)
        if self.limits.max_length is not None and len(answer) > self.limits.max_length:
            raise self.refusal(messages.TOO_LONG, most=self.limits.max_length)


class NumberAnswer(Answer):
    """A number; money is rounded to cents."""

    def read(self, value: Any) -> int | float | None:
        """Read a number that JSON can hold."""
        if isinstance(value, str) and not value.strip():
            return None
        number = read_number(value)
        if number is None:
            raise self.refusal(messages.NOT_A_NUMBER)
        if not is_in_bounds(number):
            raise self.refusal(messages.OUT_OF_BOUNDS)
        if self.component.kind is FieldKind.MONEY:
            return to_json_number(round_to_cents(number))
        return to_json_number(number)

    def check(self, answer: int | float) -> None:
        """Refuse a number out of range or too precise."""
        number = Decimal(repr(answer))
        decimals = self.limits.decimals
        if decimals is not None and count_decimals(number) > decimals:
            message = messages.TOO_MANY_DECIMALS if decimals else messages.NOT_WHOLE
            raise self.refusal(message, most=decimals)
        if self.limits.minimum is not None and number < self.limits.minimum:
            raise self.refusal(messages.TOO_LOW, least=self._show(self.limits.minimum))
        if self.limits.maximum is not None and number > self.limits.maximum:
            raise self.refusal(messages.TOO_HIGH, most=self._show(self.limits.maximum))

    def _show(self, number: Decimal) -> str:
        if self.component.kind is FieldKind.YEAR:
            return show_typed_number(number, self.context.language)
        return show_number(number, self.context.language)


class MomentAnswer(Answer):
    """A day, a time of day, or a moment; stored as ISO text, moments in UTC."""

    def read(self, value: Any) -> str | None:
        """Read ISO text; a moment without a zone is in the reader's."""
        if value == "":
            return None
        message, parse = {
            Subtype.DATE: (messages.NOT_A_DATE, _parse_date),
            Subtype.TIME: (messages.NOT_A_TIME, _parse_time),
            Subtype.DATETIME: (messages.NOT_A_MOMENT, self._parse_moment),
        }[self.component.subtype or Subtype.DATE]
        try:
            return parse(value.strip())
        except (AttributeError, ValueError, OverflowError):
            raise self.refusal(message) from None

    def check(self, answer: str) -> None:
        """Refuse a past day where only coming ones are asked for."""
        if not self.limits.not_before_today or self.component.subtype is Subtype.TIME:
            return
        if self._day(answer) < self.context.today:
            raise self.refusal(messages.IN_THE_PAST)

    def _day(self, answer: str) -> date:
        if self.component.subtype is Subtype.DATETIME:
            return datetime.fromisoformat(answer).astimezone(self.context.timezone).date()
        return date.fromisoformat(answer)

    def _parse_moment(self, text: str) -> str:
        moment = datetime.fromisoformat(text)
        _refuse_odd_year(moment)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.context.timezone)
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


class TickAnswer(Answer):
    """Ticked or not."""

    required_message = messages.MUST_BE_TICKED

    def read(self, value: Any) -> bool:
        """Read true or false."""
        if not isinstance(value, bool):
            raise self.refusal(messages.NOT_A_TICK)
        return value


def _parse_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError
    day = date.fromisoformat(text)
    _refuse_odd_year(day)
    return day.isoformat()


def _refuse_odd_year(day: date) -> None:
    """Refuse a slip of the finger such as the year 0206, which no time zone can be applied to."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError


def _parse_time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError
    return time.fromisoformat(text).isoformat("minutes")
