"""Look at business records, and maintain those that processes only refer to."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import ADMIN
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import Phase, Service, ServiceProposal
from ssflow.domain.registers.record import Record, record_as_json, record_values
from ssflow.errors import ConflictError, ForbiddenError, NotFoundError
from ssflow.forms.layout import Layout
from ssflow.forms.submission import FormError, read_submission
from ssflow.sentences import N_, Sentence
from ssflow.services.audit import record
from ssflow.services.form_view import FormView, form_context
from ssflow.services.register_forms import register_form
from ssflow.store import records as record_rows
from ssflow.store.paging import Page
from ssflow.store.unit_of_work import UnitOfWork

OWN_PART = N_("“%(cell)s” would be part of itself.")
MAX_FILTER_VALUES = 60
"""More than these nobody looks through in a list of choices."""
MAX_PAGES_LOOKED_AT = 20
"""For somebody who sees few of the records: how far a page looks for them."""


def readable_kinds(work: UnitOfWork) -> list[str]:
    """List the kinds of records that the actor may look at."""
    kinds = sorted(record_rows.RECORD_KINDS)
    return (
        kinds
        if not work.actor.is_outsider
        else [kind for kind in kinds if kind in _OUTSIDE_FILTERS]
    )


def list_register(
    work: UnitOfWork,
    kind: str,
    *,
    filters: Mapping[str, str] | None = None,
    q: str | None = None,
    sort: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Record]:
    """List the records of a kind that the actor may see; `-` before `sort` turns the order round.

    Raises:
        NotFoundError: there is no such kind, or none that the actor may see.
        InvalidInputError: a filter names no column or no value of it, or nothing sorts by `sort`.
    """
    _require_readable(work, kind)
    allowed = _filter_for_actor(work, kind)
    found: list[Record] = []
    for _ in range(MAX_PAGES_LOOKED_AT):
        page = record_rows.list_records(
            work.session,
            kind,
            filters=dict(filters or {}),
            q=q,
            sort=sort,
            cursor=cursor,
            limit=limit - len(found),
        )
        found += [record for record in page.items if allowed(record)]
        cursor = page.next_cursor
        if cursor is None or len(found) >= limit:
            break
    return Page(items=found, next_cursor=cursor)


def filter_values(work: UnitOfWork, kind: str, name: str) -> list[Any]:
    """List the values of a column that a list may be narrowed to; empty when there are too many.

    An outsider is offered closed sets only: which values others use would tell about them.

    Raises:
        NotFoundError: there is no such kind, or none that the actor may see.
        InvalidInputError: it has no such column.
    """
    _require_readable(work, kind)
    if work.actor.is_outsider:
        return record_rows.closed_set(kind, name)
    found = record_rows.values_in_use(work.session, kind, name, MAX_FILTER_VALUES + 1)
    return found if len(found) <= MAX_FILTER_VALUES else []


def read_record(work: UnitOfWork, kind: str, reference: str) -> Record:
    """Give one record by its id or number.

    Raises:
        NotFoundError: there is none, or none that the actor may see.
    """
    _require_readable(work, kind)
    found = record_rows.find_record(work.session, kind, reference)
    if found is None or not _filter_for_actor(work, kind)(found):
        raise NotFoundError(
            Sentence(
                "There is no %(reference)s in “%(register)s”, or you may not see it.",
                register=kind,
                reference=reference,
            )
        )
    return found


def read_records(work: UnitOfWork, kind: str, ids: Collection[UUID]) -> dict[UUID, Record]:
    """Look up those of several records that the actor may see."""
    if kind not in readable_kinds(work):
        return {}
    allowed = _filter_for_actor(work, kind)
    found = record_rows.find_records(work.session, kind, ids)
    return {record.id: record for record in found if allowed(record)}


def record_form(work: UnitOfWork, kind: str, reference: str | None = None) -> FormView:
    """Give the form with which a record is added or (with a reference) changed.

    Raises:
        NotFoundError: there is no such record, or only processes write this kind.
        ForbiddenError: the actor does not administer.
    """
    layout = _maintained(work, kind)
    values = record_as_json(read_record(work, kind, reference)) if reference else {}
    return FormView(layout=layout, values=values, draft=None, context=form_context(work, {}))


def add_record(work: UnitOfWork, kind: str, submitted: Mapping[str, Any]) -> Record:
    """Add a record of a kind that an administrator maintains.

    Raises:
        NotFoundError, ForbiddenError: as `record_form`.
        FormError: a field is wrong.
        ConflictError: there is one like it.
    """
    values = _read_values(work, kind, submitted)
    entity = record_rows.RECORD_KINDS[kind]
    added = entity(created_at=work.now, created_by=work.actor.key, **values)
    _require_no_twin(work, added)
    work.session.add(added)
    work.session.flush()
    _tell(work, AuditAction.RECORD_CREATED, added, after=record_as_json(added))
    return added


def change_record(
    work: UnitOfWork, kind: str, reference: str, submitted: Mapping[str, Any]
) -> Record:
    """Change a record of a kind that an administrator maintains.

    Raises:
        NotFoundError, ForbiddenError, FormError, ConflictError: as `add_record`.
    """
    values = _read_values(work, kind, submitted)
    found = read_record(work, kind, reference)
    _require_no_circle(work, found, values)
    before = record_as_json(found)
    for name, value in values.items():
        setattr(found, name, value)
    after = record_as_json(found)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        _require_no_twin(work, found)
        found.updated_at = work.now
        old, new = ({n: side[n] for n in changed} for side in (before, after))
        _tell(work, AuditAction.RECORD_CHANGED, found, before=old, after=new)
    return found


def _require_no_circle(work: UnitOfWork, found: Record, values: Mapping[str, Any]) -> None:
    """Refuse to make a record part of itself, or of what is part of it."""
    seen, above = {found.id}, values.get("parent_id")
    while above is not None and above not in seen:
        seen.add(above)
        above = getattr(work.session.get(type(found), above), "parent_id", None)
    if above == found.id:
        told = Sentence(OWN_PART, cell=getattr(found, "name", ""))
        raise FormError(told, errors={"parent_id": [told]})


def _read_values(work: UnitOfWork, kind: str, submitted: Mapping[str, Any]) -> dict[str, Any]:
    layout = _maintained(work, kind)
    fields = read_submission(layout, submitted, form_context(work, {}))
    return record_values(record_rows.RECORD_KINDS[kind], fields)


def _maintained(work: UnitOfWork, kind: str) -> Layout:
    layout = register_form(kind)
    if layout is None or kind not in record_rows.RECORD_KINDS:
        raise NotFoundError(
            Sentence("“%(register)s” is not a register that is maintained by hand.", register=kind)
        )
    if not work.actor.is_admin:
        raise ForbiddenError(
            Sentence("Only the role %(role)s maintains this register.", role=ADMIN)
        )
    return layout


def _require_no_twin(work: UnitOfWork, candidate: Record) -> None:
    with work.session.no_autoflush:
        if record_rows.find_twin(work.session, candidate) is not None:
            raise ConflictError(
                Sentence(
                    "There is one like this in “%(register)s” already.",
                    register=type(candidate).__name__,
                )
            )


def _tell(work: UnitOfWork, action: AuditAction, told: Record, **details: Any) -> None:
    number = getattr(told, "number", None)
    kind = type(told).__name__
    record(work, action, kind=kind, id=str(told.id), number=number, **details)


def _require_readable(work: UnitOfWork, kind: str) -> None:
    if kind not in readable_kinds(work):
        raise NotFoundError(
            Sentence("There is no register “%(register)s”, or you may not see it.", register=kind)
        )


def _filter_for_actor(work: UnitOfWork, kind: str) -> Any:
    """Give the test for what the actor may see: customers little, others all but what is secret."""
    if not work.actor.is_outsider:
        return lambda found: not isinstance(found, Feedback) or found.is_readable_by(work.actor)
    return lambda found: _OUTSIDE_FILTERS[kind](work, found)


def _is_in_catalogue(work: UnitOfWork, found: Service) -> bool:
    return found.phase is Phase.CATALOGUE


def _is_own_customer(work: UnitOfWork, found: Customer) -> bool:
    return found.mandate_holder == work.actor.user_id


def _is_own_proposal(work: UnitOfWork, found: ServiceProposal) -> bool:
    if found.initiator == work.actor.user_id:
        return True
    customer = work.session.get(Customer, found.customer_id) if found.customer_id else None
    return customer is not None and _is_own_customer(work, customer)


_OUTSIDE_FILTERS: Mapping[str, Any] = {
    "Service": _is_in_catalogue,
    "Customer": _is_own_customer,
    "ServiceProposal": _is_own_proposal,
}
