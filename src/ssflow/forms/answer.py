"""What the fields that read one answer have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from ssflow.forms import messages
from ssflow.forms.component import Component
from ssflow.forms.context import FormContext


@dataclass(frozen=True)
class Surrounding:
    """What an answer is judged by beside itself."""

    context: FormContext
    names: Mapping[str, Any]
    is_required: bool


class Answer(fields.Field[Any], ABC):
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

    @abstractmethod
    def read(self, value: Any) -> Any:
        """Turn the JSON value into the answer as it is stored."""

    def check(self, answer: Any) -> None:
        """Refuse an answer beyond its limits."""

    def refusal(self, message: str, **parameters: object) -> ValidationError:
        """Build the error for this field, in the reader's language."""
        return ValidationError(self.context.say(message, **parameters))
