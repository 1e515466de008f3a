"""Events of the audit trail as a page tells them: what happened to what, and what changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.instance import ProcessInstance
from ssflow.services.trail_path import details_of
from ssflow.store import instances as instance_rows
from ssflow.web.names import Names
from ssflow.web.sentences import tell
from ssflow.web.texts import register_title, role_title


@dataclass(frozen=True)
class Change:
    """One value before and after; `before` is None where there was nothing yet."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class DecisionHit:
    """Which rows of a decision table were hit, by what, and what came of it."""

    name: str
    rows: str
    inputs: Any
    outputs: Any


@dataclass(frozen=True)
class ToldEvent:
    """One event, ready to be shown."""

    event: AuditEvent
    subject: str
    case: ProcessInstance | None
    said: str
    is_by_person: bool
    fields: Mapping[str, Any]
    changes: Sequence[Change]
    decisions: Sequence[DecisionHit]
    details: Mapping[str, Any]


def tell_events(names: Names, events: Iterable[AuditEvent]) -> list[ToldEvent]:
    """Prepare events for a page."""
    found = list(events)
    names.load_people(event.actor for event in found)
    ids = {event.instance_id for event in found if event.instance_id}
    cases = {i: instance_rows.get_instance(names.work.session, i) for i in ids}
    return [_tell(names, event, cases) for event in found]


def labels_of(names: Names, told: Iterable[ToldEvent]) -> dict[str, str]:
    """Name everything whose id stands in what the events tell."""
    values = [[e.fields, [[c.before, c.after] for c in e.changes]] for e in told]
    return names.labels(values)


def _tell(names: Names, event: AuditEvent, cases: Mapping[UUID, ProcessInstance]) -> ToldEvent:
    details = details_of(event)
    case = cases.get(event.instance_id) if event.instance_id else None
    return ToldEvent(
        event=event,
        subject=_subject(names, event, case, details),
        case=case,
        said=_said(event.action, details),
        is_by_person=event.action not in _BY_THE_ENGINE,
        fields=_mapping(details.get("fields")),
        changes=_changes(details),
        decisions=[_hit(hit) for hit in _list(details.get("decisions"))],
        details=details,
    )


def _said(action: AuditAction, details: Mapping[str, Any]) -> str:
    """Give what somebody typed, or what ssflow said, in the reader's language."""
    if action is AuditAction.ATTEMPT_REFUSED:
        return tell(str(details.get("reason") or ""))
    typed = details.get("reason") or details.get("text")
    return str(typed or "") or tell(str(details.get("message") or ""))


def _subject(
    names: Names,
    event: AuditEvent,
    case: ProcessInstance | None,
    details: Mapping[str, Any],
) -> str:
    """Say to what it happened: a step, a record, a person, a file."""
    if event.activity_id and case is not None:
        return names.activity(case.key, event.activity_id)
    if event.action in (AuditAction.INSTANCE_STARTED, AuditAction.ATTEMPT_REFUSED):
        return names.process(str(details.get("key", "")))
    if "kind" in details and "id" in details:
        return " ".join(filter(None, [register_title(str(details["kind"])), details.get("number")]))
    if "role" in details and "user" in details:
        role = role_title(str(details["role"]))
        return str(
            gettext("%(role)s: %(name)s", role=role, name=names.person(str(details["user"])))
        )
    for name in ("user", "process", "file", "name", "recipient", "key"):
        if details.get(name):
            value = str(details[name])
            return _SUBJECTS[name](names, value) if name in _SUBJECTS else value
    return ""


_SUBJECTS: Mapping[str, Callable[[Names, str], str]] = {
    "user": Names.person,
    "process": Names.process,
}
_BY_THE_ENGINE = frozenset(
    {AuditAction.TASK_CREATED, AuditAction.TASK_CANCELLED, AuditAction.INCIDENT_OPENED}
)
"""What follows from somebody's deed, but is not theirs."""


def _changes(details: Mapping[str, Any]) -> list[Change]:
    before, after = _mapping(details.get("before")), _mapping(details.get("after"))
    names = [name for name in after if after.get(name) not in (None, "", [], {}) or name in before]
    return [Change(name, before.get(name), after[name]) for name in names]


def _hit(hit: Any) -> DecisionHit:
    told = _mapping(hit)
    rows = ", ".join(str(row) for row in _list(told.get("rows")))
    return DecisionHit(str(told.get("decision", "")), rows, told.get("inputs"), told.get("outputs"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
