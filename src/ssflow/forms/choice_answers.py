"""Fields that read what people pick: options, records, users and files."""

from typing import Any
from uuid import UUID

from ssflow.forms import messages
from ssflow.forms.answer import Answer
from ssflow.forms.context import ChoiceKind, ChoiceQuery
from ssflow.forms.numbers import (
    MAX_NUMBER,
)
from ssflow.forms.options import build_choice_query, list_options
from ssflow.forms.source import is_clean

_MAX_LIST_LENGTH = 10_000


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
