"""marshmallow fields that read one answer each, strictly and with sentences for people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from ssflow.forms import messages
from ssflow.forms.bounds import MAX_TEXT_LENGTH
from ssflow.forms.component import Component, ComponentType, FieldKind, Subtype
from ssflow.forms.context import ChoiceKind, ChoiceQuery, FormContext
from ssflow.forms.numbers import (
    MAX_NUMBER,
    count_decimals,
    is_in_bounds,
    read_number,
    round_to_cents,
    show_number,
    to_json_number,
)
from ssflow.forms.options import build_choice_query, list_options
from ssflow.forms.source import is_clean

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,8}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,30}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_MAX_LIST_LENGTH = 10_000


@dataclass(frozen=True)
class Surrounding:
    """What an answer is judged by beside itself."""

    context: FormContext
    names: Mapping[str, Any]
    is_required: bool


class Answer(fields.Field[Any]):
    """One answer: `read` tells its type, `check` its limits; an empty one becomes `empty`."""

    def __init__(self, component: Component, surrounding: Surrounding) -> None:
        super().__init__(data_key=component.key, attribute=component.key)
        self.component = component
        self.limits = component.limits
        self.context = surrounding.context
        self.names = surrounding.names
        self.is_required = surrounding.is_required

    def deserialize(
        self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any
    ) -> Any:
        """Read and check an answer.

        Raises:
            ValidationError: with the sentences to show at the field.
        """
        answer = self.component.empty if value is None else self.read(value)
        if answer == self.component.empty:
            if self.is_required:
                raise self.refusal(self.required_message)
            return answer
        self.check(answer)
        return answer

    required_message = messages.REQUIRED

    def read(self, value: Any) -> Any:
        """Turn the JSON value into the answer as it is stored."""
        raise NotImplementedError

    def check(self, answer: Any) -> None:
        """Refuse an answer beyond its limits."""

    def refusal(self, message: str, **parameters: object) -> ValidationError:
        """Build the error for this field, in the reader's language."""
        return ValidationError(self.context.say(message, **parameters))


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


class ChoiceAnswer(Answer):
    """One of the options, records or users offered."""

    def read(self, value: Any) -> Any:
        """Read a value; text stands for the option that HTML sends so."""
        if value == "":
            return None
        if not _is_scalar(value):
            raise self.refusal(messages.NOT_OFFERED)
        return _pick(self, value)

    def check(self, answer: Any) -> None:
        """Refuse what is not offered."""
        if not _are_offered(self, [answer]):
            raise self.refusal(messages.NOT_OFFERED)


class ChoicesAnswer(Answer):
    """Any number of the options, records or users offered."""

    def read(self, value: Any) -> list[Any]:
        """Read a list of values."""
        if not isinstance(value, list) or len(value) > _MAX_LIST_LENGTH:
            raise self.refusal(messages.NOT_A_LIST)
        if not all(_is_scalar(item) for item in value):
            raise self.refusal(messages.NOT_OFFERED)
        return [_pick(self, item) for item in value if item != ""]

    def check(self, answer: list[Any]) -> None:
        """Refuse too few, too many, or what is not offered."""
        if len({repr(item) for item in answer}) < len(answer):
            raise self.refusal(messages.CHOSEN_TWICE)
        if len(answer) < self.limits.min_items:
            raise self.refusal(messages.TOO_FEW_CHOSEN, least=self.limits.min_items)
        if self.limits.max_items is not None and len(answer) > self.limits.max_items:
            raise self.refusal(messages.TOO_MANY_CHOSEN, most=self.limits.max_items)
        if not _are_offered(self, answer):
            raise self.refusal(messages.NOT_OFFERED)


class FilesAnswer(Answer):
    """Ids of files that were stored before."""

    def read(self, value: Any) -> list[str]:
        """Read ids; one that is named twice counts once."""
        if not isinstance(value, list) or len(value) > _MAX_LIST_LENGTH:
            raise self.refusal(messages.NOT_A_LIST)
        return list(dict.fromkeys(self._read_id(item) for item in value if item != ""))

    def check(self, answer: list[str]) -> None:
        """Refuse too few, too many, or unknown files."""
        if len(answer) < self.limits.min_items:
            raise self.refusal(messages.TOO_FEW_FILES, least=self.limits.min_items)
        if self.limits.max_items is not None and len(answer) > self.limits.max_items:
            raise self.refusal(messages.TOO_MANY_FILES, most=self.limits.max_items)
        query = ChoiceQuery(ChoiceKind.FILE, values=tuple(answer))
        if not set(answer) <= {choice.value for choice in self.context.choices(query)}:
            raise self.refusal(messages.NOT_A_FILE)

    def _read_id(self, item: object) -> str:
        try:
            return str(UUID(item if isinstance(item, str) else ""))
        except ValueError:
            raise self.refusal(messages.NOT_A_FILE) from None


def build_answer(component: Component, surrounding: Surrounding) -> Answer:
    """Build the field that reads the answer to a component (not a list's: that has rows)."""
    return _ANSWERS[component.type](component, surrounding)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, int | float) and -MAX_NUMBER <= value <= MAX_NUMBER
    )


def _pick(answer: Answer, value: Any) -> Any:
    """Give the value of the option that was meant: HTML sends numbers and booleans as text."""
    if answer.component.kind is not None:
        return value if isinstance(value, str) else str(value)
    options = list_options(answer.component, answer.context)
    by_value = {repr(option.value): option.value for option in options}
    by_text = {option.text: option.value for option in options}
    if repr(value) in by_value:
        return value
    return by_text.get(value, value) if isinstance(value, str) else value


def _are_offered(answer: Answer, picked: list[Any]) -> bool:
    if answer.component.kind is None:
        offered = {repr(option.value) for option in list_options(answer.component, answer.context)}
        return {repr(item) for item in picked} <= offered
    if not all(0 < len(item) <= 100 and is_clean(item) for item in picked):
        return False
    query = build_choice_query(answer.component, answer.names, answer.context, tuple(picked))
    return set(picked) <= {choice.value for choice in answer.context.choices(query)}


def _parse_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text).isoformat()


def _parse_time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError
    return time.fromisoformat(text).isoformat("minutes")


_ANSWERS: dict[ComponentType, type[Answer]] = {
    ComponentType.TEXTFIELD: TextAnswer,
    ComponentType.TEXTAREA: TextAnswer,
    ComponentType.NUMBER: NumberAnswer,
    ComponentType.DATETIME: MomentAnswer,
    ComponentType.CHECKBOX: TickAnswer,
    ComponentType.RADIO: ChoiceAnswer,
    ComponentType.SELECT: ChoiceAnswer,
    ComponentType.CHECKLIST: ChoicesAnswer,
    ComponentType.TAGLIST: ChoicesAnswer,
    ComponentType.FILEPICKER: FilesAnswer,
}
