"""Follow a record to the cases that wrote it, and a case to its records."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from ssflow.domain.audit import AuditEvent
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.registers.record import Record
from ssflow.ids import read_id
from ssflow.services.registers import read_records
from ssflow.services.trail_path import details_of
from ssflow.store import record_trail as rows
from ssflow.store.records import RECORD_KINDS
from ssflow.store.unit_of_work import UnitOfWork

MAX_EVENTS = 100
MAX_CASES = 50
MAX_EVENTS_OF_CASE = 2_000
_SLACK = timedelta(minutes=1)


def trail_of_record(work: UnitOfWork, record: Record) -> Sequence[AuditEvent]:
    """List what happened to a record, newest first, as far as the actor may see it.

    Events outside of cases are for those who see everything.
    """
    first = record.created_at - _SLACK
    last = (record.updated_at or record.created_at) + _SLACK
    return rows.events_of_record(
        work.session, work.actor, record.id, first=first, last=last, limit=MAX_EVENTS
    )


def cases_of_record(work: UnitOfWork, record: Record) -> Sequence[ProcessInstance]:
    """List the cases that wrote or carry a record and that the actor may see, newest first."""
    told = {event.instance_id for event in trail_of_record(work, record)}
    told.add(getattr(record, "instance_id", None))
    ids = {found for found in told if found is not None}
    number = getattr(record, "number", None)
    return rows.cases_named(work.session, work.actor, ids, number, MAX_CASES)


def records_of_case(work: UnitOfWork, instance_id: UUID) -> list[Record]:
    """List the records that a case made or changed, in the order it first did so.

    The caller has checked that the actor may see the case; records are checked here.
    """
    events = rows.record_events_of_case(work.session, instance_id, MAX_EVENTS_OF_CASE)
    told = dict.fromkeys(named for event in events if (named := _record_of(event)))
    by_kind: dict[str, list[UUID]] = {}
    for kind, record_id in told:
        by_kind.setdefault(kind, []).append(record_id)
    found = {
        (kind, record_id): record
        for kind, ids in by_kind.items()
        for record_id, record in read_records(work, kind, ids).items()
    }
    return [found[key] for key in told if key in found]


def _record_of(event: AuditEvent) -> tuple[str, UUID] | None:
    details = details_of(event)
    kind, record_id = str(details.get("kind")), read_id(details.get("id"))
    return (kind, record_id) if kind in RECORD_KINDS and record_id else None
