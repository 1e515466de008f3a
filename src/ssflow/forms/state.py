"""What a form looks like with the answers so far: what is hidden, what is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError

from ssflow.forms.answer import Surrounding
from ssflow.forms.answers import build_answer
from ssflow.forms.bounds import MAX_ROWS
from ssflow.forms.component import Component, ComponentType, FieldKind, flatten
from ssflow.forms.context import FormContext, overlay
from ssflow.forms.evaluation import evaluate, is_true
from ssflow.forms.numbers import read_number, round_to_cents, to_json_number


@dataclass(frozen=True)
class ScopeState:
    """The answers of one form, or of one row, as far as they can be read.

    `values` has every key (hidden ones empty), `names` adds what expressions see beside them,
    `hidden` holds component ids, `rows` the states of the rows of each editable table.
    """

    values: Mapping[str, Any]
    names: Mapping[str, Any]
    hidden: frozenset[str]
    rows: Mapping[str, tuple["ScopeState", ...]] = field(default_factory=dict)


def read_state(
    components: tuple[Component, ...],
    submitted: Mapping[str, Any],
    context: FormContext,
    facts: Mapping[str, Any] | None = None,
    outer: Mapping[str, Any] | None = None,
) -> ScopeState:
    """Read answers leniently: what cannot be read counts as empty, what is missing as its default.

    `facts` is what `prefill` gave a row; `outer` are the names that a row sees of its form.
    """
    names = context.variables if outer is None else outer
    entered = {
        component.key: _read_entered(component, submitted, context, facts or {})
        for component in flatten(components)
        if component.is_input and component.type is not ComponentType.DYNAMICLIST
    }
    return _Settling(components, submitted, entered, names, context, facts or {}).settle()


def get_initial(component: Component, context: FormContext, facts: Mapping[str, Any]) -> Any:
    """Give the answer to show before anybody answers; it may be of any type."""
    if component.key in facts:
        return facts[component.key]
    if component.prefill is None:
        return component.default
    value = evaluate(component.prefill, context.variables, context)
    return component.default if value is None else value


def get_fixed_rows(component: Component, context: FormContext) -> list[Mapping[str, Any]]:
    """Give the rows that `prefill` gives a table."""
    rows = get_initial(component, context, {})
    if not isinstance(rows, list):
        return []
    return [row if isinstance(row, Mapping) else {} for row in rows[:MAX_ROWS]]


def get_submitted_rows(
    component: Component, submitted: Mapping[str, Any], context: FormContext
) -> list[Any]:
    """Give the rows of a table as sent, up to its maximum, or as they are at first; unchecked."""
    if component.key in submitted and component.is_answerable:
        rows = submitted[component.key]
        most = component.rows.maximum if component.rows else MAX_ROWS
        return rows[:most] if isinstance(rows, list) else []
    given = get_fixed_rows(component, context)
    initial = component.rows.initial if component.rows else 0
    return [*given, *[{}] * (initial - len(given))]


def is_required(component: Component, state: ScopeState, context: FormContext) -> bool:
    """Say whether the field must be answered, with the other answers as they are."""
    return component.limits.is_required or is_true(component.required_when, state.names, context)


def _read_entered(
    component: Component,
    submitted: Mapping[str, Any],
    context: FormContext,
    facts: Mapping[str, Any],
) -> Any:
    is_sent = component.is_answerable and component.key in submitted
    raw = submitted[component.key] if is_sent else get_initial(component, context, facts)
    if raw is None:
        return component.empty
    try:
        return build_answer(component, Surrounding(context, {}, is_required=False)).read(raw)
    except ValidationError:
        return component.empty


@dataclass(frozen=True)
class _Settling:
    """Works out what is hidden and computed until nothing changes any more."""

    components: tuple[Component, ...]
    submitted: Mapping[str, Any]
    entered: Mapping[str, Any]
    outer: Mapping[str, Any]
    context: FormContext
    facts: Mapping[str, Any]

    def settle(self) -> ScopeState:
        keyed = [component for component in flatten(self.components) if component.key]
        blank = {component.key: component.empty for component in keyed}
        state = self._pass(ScopeState(blank, self.outer, frozenset()))
        if not any(map(_is_conditional, self.components)):
            return state
        # A form without circles settles after as many passes as its longest chain has links.
        for _ in range(len(keyed) + len(self.components) + 1):
            following = self._pass(state)
            if following.hidden == state.hidden and following.values == state.values:
                return following
            state = following
        return state

    def _pass(self, before: ScopeState) -> ScopeState:
        rows: dict[str, tuple[ScopeState, ...]] = {}
        values: dict[str, Any] = {}
        names = overlay(before.values, self.outer)
        for component in flatten(self.components):
            if component.key:
                value = self._get_value(component, names, before.hidden, rows)
                values[component.key] = names[component.key] = value
        hidden = frozenset(self._find_hidden(self.components, names, is_hidden=False))
        return ScopeState(values, names, hidden, rows)

    def _get_value(
        self,
        component: Component,
        names: Mapping[str, Any],
        hidden: frozenset[str],
        rows: dict[str, tuple[ScopeState, ...]],
    ) -> Any:
        if component.id in hidden:
            return component.empty
        if component.type is ComponentType.EXPRESSION:
            return self._compute(component, names)
        if component.type is ComponentType.DYNAMICLIST:
            rows[component.key] = self._read_rows(component, names)
            return [row.values for row in rows[component.key]]
        return self.entered[component.key]

    def _compute(self, component: Component, names: Mapping[str, Any]) -> Any:
        if component.expression is None:
            return None
        value = evaluate(component.expression, names, self.context)
        if component.kind is FieldKind.MONEY:
            amount = read_number(value)
            return None if amount is None else to_json_number(round_to_cents(Decimal(amount)))
        return value

    def _read_rows(self, component: Component, names: Mapping[str, Any]) -> tuple[ScopeState, ...]:
        fixed = get_fixed_rows(component, self.context)
        sent = get_submitted_rows(component, self.submitted, self.context)
        is_fixed = component.rows is not None and not component.rows.may_change
        is_sent = component.is_answerable and component.key in self.submitted
        states = []
        for index, row in enumerate(sent):
            facts = fixed[index] if (is_fixed or not is_sent) and index < len(fixed) else {}
            answers = row if isinstance(row, Mapping) and is_sent else {}
            states.append(read_state(component.children, answers, self.context, facts, names))
        return tuple(states)

    def _find_hidden(
        self, components: tuple[Component, ...], names: Mapping[str, Any], *, is_hidden: bool
    ) -> list[str]:
        found: list[str] = []
        for component in components:
            is_out = is_hidden or is_true(component.hide, names, self.context)
            if is_out:
                found.append(component.id)
            if component.type is ComponentType.GROUP:
                found.extend(self._find_hidden(component.children, names, is_hidden=is_out))
        return found


def _is_conditional(component: Component) -> bool:
    return (
        component.hide is not None
        or component.expression is not None
        or any(map(_is_conditional, component.children))
    )
