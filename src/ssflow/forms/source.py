"""One JSON object of a form while it is read: typed getters that note what is wrong."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from ssflow.errors import InvalidInputError
from ssflow.feel.expression import Expression, parse_expression
from ssflow.forms.numbers import MAX_NUMBER, is_in_bounds, read_number
from ssflow.forms.templates import Template, parse_template

_MAX_TEXT_LENGTH = 20_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class LayoutProblem:
    """Why a form is refused: in which component, a stable code, and a sentence."""

    component: str | None
    code: str
    message: str


@dataclass
class Source:
    """A JSON object of a form, with the place where problems with it are noted.

    Property values arrive from the form editor as text, so `"5"` and `"true"` are read too.
    """

    data: Mapping[str, Any]
    component: str | None
    problems: list[LayoutProblem]

    def note(self, code: str, message: str) -> None:
        """Note a problem with this component."""
        self.problems.append(LayoutProblem(self.component, code, message))

    def text(self, name: str, default: str = "") -> str:
        """Read a text; a missing one gives the default."""
        value = self.data.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > _MAX_TEXT_LENGTH or not is_clean(value):
            self.note("wrong_value", f"“{name}” must be a text that people can read.")
            return default
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read true or false."""
        value = self.data.get(name)
        if isinstance(value, str):
            value = {"true": True, "false": False, "": None}.get(value, value)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.note("wrong_value", f"“{name}” must be true or false.")
            return default
        return value

    def number(self, name: str) -> Decimal | None:
        """Read a number; None when it is missing."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        number = read_number(value)
        if number is None or not is_in_bounds(number):
            self.note("wrong_value", f"“{name}” must be a number within ±2^53.")
            return None
        return number

    def integer(self, name: str, *, least: int = 0, most: int = MAX_NUMBER) -> int | None:
        """Read a whole number within bounds; None when it is missing."""
        number = self.number(name)
        if number is None:
            return None
        if number != number.to_integral_value() or not least <= number <= most:
            self.note("wrong_value", f"“{name}” must be a whole number from {least} to {most}.")
            return None
        return int(number)

    def names(self, name: str) -> tuple[str, ...]:
        """Read names separated by commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def child(self, name: str) -> "Source":
        """Read an object within this one; a missing one is empty."""
        value = self.data.get(name)
        if value is not None and not isinstance(value, Mapping):
            self.note("wrong_value", f"“{name}” must be an object.")
        return Source(value if isinstance(value, Mapping) else {}, self.component, self.problems)

    def children(self, name: str) -> list["Source"]:
        """Read a list of objects; a missing one is empty."""
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.note("wrong_value", f"“{name}” must be a list of objects.")
            return []
        return [Source(item, self.component, self.problems) for item in value]

    def expression(self, name: str) -> Expression | None:
        """Read FEEL; None when it is missing."""
        text = self.text(name).strip()
        return self.parse(text, parse_expression, "bad_feel", name) if text else None

    def template(self, name: str) -> Template:
        """Read a text with `{{FEEL}}` in it."""
        return self.read_template(self.text(name), name)

    def read_template(self, text: str, name: str) -> Template:
        """Read a text that stands for the one of that name."""
        return self.parse(text, parse_template, "bad_template", name) or Template()

    def parse(self, text: str, parse: Callable[[str], _Read], code: str, name: str) -> _Read | None:
        """Parse a text with a function that raises `InvalidInputError`, noting what it says."""
        try:
            return parse(text)
        except InvalidInputError as error:
            self.note(code, f"“{name}”: {error.message}")
            return None


def is_clean(text: str) -> bool:
    """Say whether every database can hold the text: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None
