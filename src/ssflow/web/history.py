"""Events of the trail in the words of forms and registers, for the pages that list them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.store import user_tasks as task_rows
from ssflow.store.records import RECORD_KINDS
from ssflow.web.case_data import DataFact, tell_answers
from ssflow.web.names import Names
from ssflow.web.records import ToldChange, tell_changes
from ssflow.web.trail import ToldEvent, labels_of, tell_events


@dataclass(frozen=True)
class HistoryEvent:
    """One event with what was filled in and what changed, by the names that people know."""

    told: ToldEvent
    answers: Sequence[DataFact]
    changes: Sequence[ToldChange]


def tell_history(
    names: Names, events: Iterable[AuditEvent]
) -> tuple[list[HistoryEvent], dict[str, str]]:
    """Prepare events for a page; gives also the names of what stands in them by its id."""
    found = tell_events(names, events)
    labels = labels_of(names, found)
    told = [HistoryEvent(e, _answers(names, e, labels), _changes(names, e)) for e in found]
    return told, labels


def _answers(names: Names, told: ToldEvent, labels: Mapping[str, str]) -> list[DataFact]:
    if not told.fields or told.case is None:
        return []
    form_id = _form_of(names, told)
    return tell_answers(names.work, told.case, form_id, told.fields, labels)


def _form_of(names: Names, told: ToldEvent) -> str | None:
    """Name the form that the completed task of an event had."""
    if told.event.action is not AuditAction.TASK_COMPLETED:
        return None
    task = task_rows.find_user_task(names.work.session, UUID(str(told.details["task"])))
    return task.form_id if task else None


def _changes(names: Names, told: ToldEvent) -> list[ToldChange]:
    kind = RECORD_KINDS.get(str(told.details.get("kind")))
    return tell_changes(names.work, kind, told.changes) if kind and told.changes else []
