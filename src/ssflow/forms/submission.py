"""Check the answers to a form and turn them into variables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from marshmallow import ValidationError

from ssflow.errors import InvalidInputError
from ssflow.forms import messages
from ssflow.forms.bounds import MAX_ROWS
from ssflow.forms.component import Component, ComponentType, FieldKind, RowRules, flatten
from ssflow.forms.context import FormContext, overlay
from ssflow.forms.evaluation import evaluate
from ssflow.forms.layout import Layout
from ssflow.forms.numbers import MAX_MONEY, read_number, show_number
from ssflow.forms.rows import find_breaches, is_blank
from ssflow.forms.schema import build_schema
from ssflow.forms.state import (
    ScopeState,
    get_fixed_rows,
    is_required,
    read_state,
)

_MAX_NAME_LENGTH = 100
_MAX_UNKNOWN_NAMES = 20
_MAX_WRONG_FIELDS = 500


class FormError(InvalidInputError):
    """Some answers are wrong; `errors` has the sentences per field, `costs.0.y0` in a table."""


def read_submission(
    layout: Layout, submitted: Mapping[str, Any], context: FormContext
) -> dict[str, Any]:
    """Check the answers and give the variables that they become.

    Every answerable field is in the result: a hidden one with its empty value.

    Raises:
        FormError: with every problem at its field, of the first 500 fields.
    """
    if not isinstance(submitted, Mapping):
        raise FormError(context.say(messages.NOT_AN_OBJECT))
    state = read_state(layout.components, submitted, context)
    reader = _ScopeReader(layout.components, submitted, state, context)
    variables = reader.read()
    if reader.errors:
        first = dict(islice(reader.errors.items(), _MAX_WRONG_FIELDS))
        raise FormError(context.say(messages.WRONG_FORM), errors=first)
    keys = layout.keys()
    return {key: value for key, value in variables.items() if key in keys}


def find_errors(
    layout: Layout, submitted: Mapping[str, Any], context: FormContext
) -> Mapping[str, list[str]]:
    """Tell what `read_submission` would refuse the answers for; empty when nothing is wrong."""
    try:
        read_submission(layout, submitted, context)
    except FormError as error:
        return error.errors
    return {}


def initial_values(layout: Layout, context: FormContext) -> dict[str, Any]:
    """Give the answers that a form shows before anybody answers: its prefill and defaults."""
    state = read_state(layout.components, {}, context)
    keys = layout.keys()
    return {key: value for key, value in state.values.items() if key in keys}


@dataclass
class _ScopeReader:
    """Reads the answers of one form or one row; `errors` are those found so far."""

    components: tuple[Component, ...]
    submitted: Mapping[str, Any]
    state: ScopeState
    context: FormContext
    prefix: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)

    def read(self) -> dict[str, Any]:
        accepted = self._refuse_strangers()
        answers = {**self.state.values, **self._load(accepted)}
        answers |= self._read_lists()
        self._check(answers)
        return answers

    def _refuse_strangers(self) -> dict[str, Any]:
        """Give the answers that may be read, with an error for each of the others."""
        known = {c.key: c for c in flatten(self.components) if c.key}
        accepted: dict[str, Any] = {}
        unknown: list[str] = []
        for key, value in self.submitted.items():
            if key not in known:
                unknown.append(_shorten(key))
            elif self._may_answer(known[key], value):
                accepted[key] = value
        self._refuse_unknown(unknown)
        return accepted

    def _refuse_unknown(self, names: list[str]) -> None:
        for name in names[:_MAX_UNKNOWN_NAMES]:
            self._refuse(name, messages.UNKNOWN_FIELD)
        if len(names) > _MAX_UNKNOWN_NAMES:
            more = len(names) - _MAX_UNKNOWN_NAMES
            self._refuse(names[0], messages.TOO_MANY_UNKNOWN, count=more)

    def _may_answer(self, component: Component, value: Any) -> bool:
        if component.type is ComponentType.EXPRESSION:
            self._refuse(component.key, messages.COMPUTED_FIELD)
        elif not component.is_answerable:
            self._refuse(component.key, messages.LOCKED_FIELD)
        elif component.id not in self.state.hidden:
            return True
        elif value is not None and value != "" and value != component.empty:
            self._refuse(component.key, messages.HIDDEN_FIELD)
        return False

    def _load(self, accepted: Mapping[str, Any]) -> dict[str, Any]:
        schema = build_schema(self.components, self.state, self.context)
        asked = [answer.data_key or "" for answer in schema.fields.values()]
        try:
            # What was not sent counts as its default, which the state has read already.
            loaded: dict[str, Any] = schema.load(
                {key: accepted.get(key, self.state.values[key]) for key in asked}
            )
        except ValidationError as error:
            for key, sentences in error.messages_dict.items():
                self.errors.setdefault(self.prefix + key, []).extend(sentences)
            return dict(error.valid_data or {})
        return loaded

    def _read_lists(self) -> dict[str, Any]:
        return {
            component.key: self._read_rows(component)
            for component in self._visible()
            if component.type is ComponentType.DYNAMICLIST and component.is_answerable
        }

    def _read_rows(self, component: Component) -> list[dict[str, Any]]:
        path = self.prefix + component.key
        reader = _RowsReader(component, path, self.context, self.errors)
        required = is_required(component, self.state, self.context)
        states = self.state.rows[component.key]
        if component.key not in self.submitted:
            return reader.read([state.values for state in states], states, is_required=required)
        return reader.read(self.submitted[component.key], states, is_required=required)

    def _check(self, answers: Mapping[str, Any]) -> None:
        names = overlay(answers, self.state.names)
        for component in self._visible():
            path = self.prefix + component.key
            if _is_too_much(component, answers.get(component.key)):
                most = show_number(MAX_MONEY, self.context.language)
                self._refuse(component.key, messages.TOO_HIGH, most=most)
            if component.check is None or _has_error(self.errors, path):
                continue
            if evaluate(component.check, names, self.context) is False:
                self.errors.setdefault(path, []).append(component.message)

    def _visible(self) -> Iterator[Component]:
        for component in flatten(self.components):
            if component.key and component.id not in self.state.hidden:
                yield component

    def _refuse(self, key: str, message: str, **parameters: object) -> None:
        text = self.context.say(message, **parameters)
        self.errors.setdefault(self.prefix + key, []).append(text)


@dataclass
class _RowsReader:
    """Reads the rows of one editable table."""

    component: Component
    path: str
    context: FormContext
    errors: dict[str, list[str]]

    def read(
        self, sent: Any, states: tuple[ScopeState, ...], *, is_required: bool
    ) -> list[dict[str, Any]]:
        """Read the rows; those in which nothing was filled in are left out."""
        if sent is None:
            sent = []
        if not isinstance(sent, list):
            self._refuse("", messages.NOT_A_LIST)
            return []
        rows = {
            index: self._read_row(index, row, state)
            for index, (row, state) in enumerate(zip(sent, states, strict=False))
            if not self._may_skip(row)
        }
        self._check_count(len(sent), len(rows), is_required=is_required)
        if not _has_error(self.errors, self.path):
            for breach in find_breaches(self.component, rows, self.context):
                self._refuse(breach.place, breach.message, **breach.parameters)
        return list(rows.values())

    def _may_skip(self, row: Any) -> bool:
        return self._rules.may_change and is_blank(self.component.children, row)

    def _read_row(self, index: int, row: Any, state: ScopeState) -> dict[str, Any]:
        if not isinstance(row, Mapping):
            self._refuse(f".{index}", messages.NOT_A_ROW)
            return {}
        prefix = f"{self.path}.{index}."
        children = self.component.children
        return _ScopeReader(children, row, state, self.context, prefix, self.errors).read()

    def _check_count(self, sent: int, filled: int, *, is_required: bool) -> None:
        least = max(self._rules.minimum, int(is_required))
        if not self._rules.may_change:
            if sent != len(get_fixed_rows(self.component, self.context)):
                self._refuse("", messages.FIXED_ROWS)
        elif sent > self._rules.maximum:
            self._refuse("", messages.TOO_MANY_ROWS, most=self._rules.maximum)
        elif filled < least:
            self._refuse("", messages.TOO_FEW_ROWS, least=least)

    @property
    def _rules(self) -> RowRules:
        return self.component.rows or RowRules(0, MAX_ROWS, 0, may_change=True)

    def _refuse(self, place: str, message: str, **parameters: object) -> None:
        text = self.context.say(message, **parameters)
        self.errors.setdefault(self.path + place, []).append(text)


def _has_error(errors: Mapping[str, list[str]], path: str) -> bool:
    return any(name == path or name.startswith(f"{path}.") for name in errors)


def _is_too_much(component: Component, value: Any) -> bool:
    """Tell of a computed amount whether no record can keep it; typed ones are checked before."""
    if component.type is not ComponentType.EXPRESSION or component.kind is not FieldKind.MONEY:
        return False
    amount = read_number(value)
    return amount is not None and abs(amount) > MAX_MONEY


def _shorten(name: object) -> str:
    text = str(name)[:_MAX_NAME_LENGTH]
    return text.encode("utf-8", "replace").decode()
