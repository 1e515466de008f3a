"""Incidents on pages: which are asked for, and the editor of the data that faulty code names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask_babel import gettext, lazy_gettext

from ssflow.domain.incident import IncidentKind, IncidentStatus
from ssflow.errors import InvalidInputError
from ssflow.services.incidents import FaultyCode
from ssflow.store.incidents import IncidentFilter
from ssflow.web.site import current_site

_KINDS = {
    IncidentKind.SCRIPT: lazy_gettext("Script"),
    IncidentKind.CONDITION: lazy_gettext("Condition"),
    IncidentKind.DECISION: lazy_gettext("Decision table"),
    IncidentKind.OPERATION: lazy_gettext("Operation"),
    IncidentKind.EXPRESSION: lazy_gettext("Expression"),
    IncidentKind.BUDGET: lazy_gettext("Limit"),
    IncidentKind.DATA: lazy_gettext("Data"),
    IncidentKind.SANDBOX: lazy_gettext("Script worker"),
    IncidentKind.ENGINE: lazy_gettext("Engine"),
}
AGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_MAX_EDITED = 200
_MAX_SEARCH_CHARACTERS = 200


class ValueKind(StrEnum):
    """How a value is typed."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    JSON = "json"


@dataclass(frozen=True)
class EditedValue:
    """One variable in the editor; `is_missing` when the code names it and there is none."""

    name: str
    kind: ValueKind
    text: str
    is_missing: bool = False

    @property
    def rows(self) -> int:
        """How many lines its field has."""
        return min(12, self.text.count("\n") + 1)

    @property
    def has_choice(self) -> bool:
        """Whether its kind may be another: often a text stands where a number should."""
        is_short = self.kind in (ValueKind.TEXT, ValueKind.NUMBER) and self.rows == 1
        return self.is_missing or is_short


def incident_kind_title(kind: str) -> str:
    """Say what kind of fault keeps a case from going on."""
    known = _KINDS.get(IncidentKind(kind)) if kind in set(IncidentKind) else None
    return str(known or kind)


def read_filter(asked: Mapping[str, str | None]) -> IncidentFilter:
    """Read which incidents a list, or a bulk retry, is about; nonsense counts as not asked."""
    age = AGES.get(asked.get("age") or "")
    kind, status = asked.get("kind"), asked.get("status")
    return IncidentFilter(
        status=IncidentStatus(status) if status in set(IncidentStatus) else IncidentStatus.OPEN,
        key=asked.get("key") or None,
        activity_id=asked.get("activity") or None,
        kind=IncidentKind(kind) if kind in set(IncidentKind) else None,
        q=(asked.get("q") or "").strip()[:_MAX_SEARCH_CHARACTERS] or None,
        before=current_site().clock() - age if age else None,
    )


def asked_in(given: Mapping[str, str]) -> dict[str, Any]:
    """Give the parts of a filter as an address carries them; what was not asked is None."""
    names = ("status", "key", "activity", "kind", "q", "age")
    return {name: given.get(name) or None for name in names}


def edited_values(code: FaultyCode) -> list[EditedValue]:
    """Make the editor of what the faulty code names, with what it holds."""
    given = [_as_typed(name, value) for name, value in code.given.items()]
    missing = [EditedValue(name, ValueKind.TEXT, "", is_missing=True) for name in code.missing]
    return given + missing


def read_edited(form: Mapping[str, str], code: FaultyCode) -> dict[str, Any]:
    """Read what was changed in the editor, and what was added as JSON.

    Raises:
        InvalidInputError: a value is not what it is said to be; `errors` says which.
    """
    known = {value.name: value for value in edited_values(code)}
    changes: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for value in typed_values(form):
        if value.name in code.given and value == known[value.name]:
            continue
        if value.is_missing and not value.text.strip():
            continue
        try:
            changes[value.name] = _read(value)
        except ValueError:
            errors[value.name] = [_expected(value.kind)]
    try:
        changes |= _read_object(form.get("more", ""))
    except ValueError:
        errors["more"] = [gettext('Write a JSON object, such as {"days": 3}.')]
    if errors:
        raise InvalidInputError(gettext("Some of the data cannot be read."), errors=errors)
    return changes


def typed_values(form: Mapping[str, str]) -> list[EditedValue]:
    """Give the values as they stand in the editor's form."""
    found = []
    for number in range(_MAX_EDITED):
        name, kind = form.get(f"name-{number}"), form.get(f"kind-{number}", "")
        if name is None:
            break
        found.append(
            EditedValue(
                name,
                ValueKind(kind) if kind in set(ValueKind) else ValueKind.TEXT,
                form.get(f"value-{number}", "").replace("\r\n", "\n"),
                is_missing=f"missing-{number}" in form,
            )
        )
    return found


def _as_typed(name: str, value: Any) -> EditedValue:
    if isinstance(value, bool):
        return EditedValue(name, ValueKind.YES_NO, "true" if value else "false")
    if isinstance(value, int | float):
        return EditedValue(name, ValueKind.NUMBER, json.dumps(value))
    if isinstance(value, str):
        return EditedValue(name, ValueKind.TEXT, value)
    return EditedValue(name, ValueKind.JSON, json.dumps(value, indent=2, ensure_ascii=False))


def _read(value: EditedValue) -> Any:
    if value.kind is ValueKind.TEXT:
        return value.text
    read = _read_json(value.text.strip().replace(",", ".") if _is_number(value) else value.text)
    if _is_number(value) and (isinstance(read, bool) or not isinstance(read, int | float)):
        raise ValueError("no number")
    if value.kind is ValueKind.YES_NO and not isinstance(read, bool):
        raise ValueError("neither yes nor no")
    return read


def _is_number(value: EditedValue) -> bool:
    return value.kind is ValueKind.NUMBER


def _read_object(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    read = _read_json(text)
    if not isinstance(read, dict):
        raise ValueError("no object")
    return read


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error


def _expected(kind: ValueKind) -> str:
    if kind is ValueKind.NUMBER:
        return str(gettext("Write a number, such as 12.50."))
    if kind is ValueKind.YES_NO:
        return str(gettext("Choose yes or no."))
    return str(gettext('Write JSON, such as ["a", "b"] or {"days": 3}.'))
