"""What surrounds a form: data of the case, the day, the reader's language, what may be chosen."""

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from enum import StrEnum
from typing import Any, cast


class ChoiceKind(StrEnum):
    """What a field picks from outside the form."""

    RECORD = "record"
    USER = "user"
    FILE = "file"


@dataclass(frozen=True)
class Choice:
    """One thing that may be picked: its id and the name that people see."""

    value: str
    label: str


@dataclass(frozen=True)
class ChoiceQuery:
    """Which things a field may pick.

    `filters` are field → value of the record; `roles` any of which a user holds. With `values`
    only those ids are wanted, to check them or to name them: all that match, in any order. Of
    files `values` is always given; of users it is never given together with `roles`.
    """

    kind: ChoiceKind
    entity: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    values: tuple[str, ...] | None = None


def no_choices(query: ChoiceQuery) -> Sequence[Choice]:
    """Offer nothing; for forms that pick nothing from outside."""
    return ()


@dataclass(frozen=True)
class FormContext:
    """Everything that reading and showing a form needs to know."""

    variables: Mapping[str, Any]
    today: date
    language: str = "en"
    choices: Callable[[ChoiceQuery], Sequence[Choice]] = no_choices
    translate: Callable[[str], str] = str
    timezone: tzinfo = UTC

    def say(self, message: str, **parameters: object) -> str:
        """Translate a message and fill in its parameters."""
        translated = self.translate(message)
        return translated % parameters if parameters else translated


def overlay(values: Mapping[str, Any], names: Mapping[str, Any]) -> MutableMapping[str, Any]:
    """Lay values over names, without reading those: a case's data is read when a form asks for it.

    What is written into the result stays in it.
    """
    below = cast("MutableMapping[str, Any]", names)  # only the first mapping is ever written to
    return ChainMap(dict(values), below)
