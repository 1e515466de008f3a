"""From the fields of an HTML form to the JSON that `read_submission` takes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ssflow.forms.bounds import MAX_ROWS
from ssflow.forms.component import Component, ComponentType, flatten
from ssflow.forms.context import FormContext
from ssflow.forms.layout import Layout
from ssflow.forms.numbers import parse_number, to_json_number
from ssflow.forms.state import ScopeState, read_state

ADD = "_add"
REMOVE = "_remove"
REDRAW = "_redraw"
WRONG = "_wrong"
"""Carries the names of what was handed in wrongly; no key of a form begins like this."""

_MANY = frozenset({ComponentType.CHECKLIST, ComponentType.TAGLIST})
_FILE_ID = re.compile(r"[0-9a-fA-F-]{36}")
_FILE_TO_COME = "[object File]"
_MAX_WRONG_FIELDS = 500


class HtmlFields(Protocol):
    """The fields of an HTML form, each with any number of texts, as Werkzeug gives them."""

    def getlist(self, key: str) -> list[str]:
        """Give the texts of a field; none when it was not sent."""

    def keys(self) -> Iterable[str]:
        """Give the names of the fields."""


def asks_for_redraw(fields: HtmlFields) -> bool:
    """Say whether a button was pressed that changes the form, such as adding a row."""
    return any(fields.getlist(name) for name in (ADD, REMOVE, REDRAW))


def read_wrong_fields(fields: HtmlFields) -> tuple[str, ...]:
    """Give the fields that were handed in wrongly, by the names they have once a row is removed.

    Left out are those of the removed row, and those for which a file is chosen but not sent yet.
    """
    found = fields.getlist(WRONG)[:_MAX_WRONG_FIELDS]
    for gone in fields.getlist(REMOVE):
        found = [moved for path in found if (moved := _move_up(path, gone.replace("-", ".")))]
    return tuple(
        path for path in found if _FILE_TO_COME not in fields.getlist(path.replace(".", "-"))
    )


def read_html_form(layout: Layout, fields: HtmlFields, context: FormContext) -> dict[str, Any]:
    """Turn the fields into answers as REST would send them; add or remove the row asked for.

    Numbers are read in the notation of the reader's language; what is none stays as it was typed.
    Fields that are hidden now, or read-only, are left out: a browser may still send them.
    """
    reader = _Reader(fields, frozenset(fields.keys()), context)
    answers = reader.read(layout.components, "")
    state = read_state(layout.components, answers, context)
    return _drop_hidden(layout.components, answers, state)


@dataclass(frozen=True)
class _Reader:
    fields: HtmlFields
    names: frozenset[str]
    context: FormContext

    def read(self, components: tuple[Component, ...], prefix: str) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for component in flatten(components):
            if not component.is_answerable:
                continue
            name = prefix + component.key
            if component.type is ComponentType.DYNAMICLIST:
                self._read_rows(component, name, answers)
            elif name in self.names:
                texts = self.fields.getlist(name)
                answers[component.key] = _read_texts(component, texts, self.context.language)
        return answers

    def _read_rows(self, component: Component, name: str, answers: dict[str, Any]) -> None:
        indexes = self._find_indexes(f"{name}-")
        # The page sends the list's own name along, so that a list without rows is told from none.
        if name not in self.names and not indexes:
            return
        removed = self.fields.getlist(REMOVE)
        rows = [
            self.read(component.children, f"{name}-{index}-")
            for index in indexes
            if f"{name}-{index}" not in removed or not _may_change(component)
        ]
        if name in self.fields.getlist(ADD) and _may_change(component) and len(rows) < MAX_ROWS:
            rows.append({})
        answers[component.key] = rows

    def _find_indexes(self, start: str) -> list[int]:
        rests = (name[len(start) :].split("-")[0] for name in self.names if name.startswith(start))
        found = {int(rest) for rest in rests if _is_index(rest)}
        return sorted(found)[:MAX_ROWS]


def _move_up(path: str, gone: str) -> str:
    """Name a field as it is called without the row `gone`; empty when it stood in that row."""
    table, _, number = gone.rpartition(".")
    start = f"{table}."
    index, dot, rest = path.removeprefix(start).partition(".")
    if not (path.startswith(start) and _is_index(index) and _is_index(number)):
        return path
    if int(index) == int(number):
        return ""
    return f"{start}{int(index) - (int(index) > int(number))}{dot}{rest}"


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def _may_change(component: Component) -> bool:
    return component.rows is not None and component.rows.may_change


def _read_texts(component: Component, texts: list[str], language: str) -> Any:
    if component.type is ComponentType.FILEPICKER:
        # A file that is chosen but not stored yet travels apart; scripts send a stand-in for it.
        return [text for text in texts if _FILE_ID.fullmatch(text)]
    if component.type in _MANY:
        return [text for text in texts if text]
    last = texts[-1] if texts else ""
    if component.type is ComponentType.CHECKBOX:
        return last == "true"
    if component.type is ComponentType.NUMBER:
        number = parse_number(last, language)
        return to_json_number(number) if number is not None else last or None
    return last


def _drop_hidden(
    components: tuple[Component, ...], answers: Mapping[str, Any], state: ScopeState
) -> dict[str, Any]:
    kept = dict(answers)
    for component in flatten(components):
        if component.id in state.hidden:
            kept.pop(component.key, None)
        elif component.type is ComponentType.DYNAMICLIST and component.key in kept:
            kept[component.key] = [
                _drop_hidden(component.children, row, row_state)
                for row, row_state in zip(
                    kept[component.key], state.rows[component.key], strict=True
                )
            ]
    return kept
