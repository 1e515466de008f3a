"""What a form's fields may pick from outside the form: records, people and uploaded files."""

from collections.abc import Callable, Sequence
from uuid import UUID

from ssflow.forms.context import Choice, ChoiceKind, ChoiceQuery
from ssflow.ids import read_id
from ssflow.services.working_days import calendar_of
from ssflow.store import feedback, notes, people, records
from ssflow.store.unit_of_work import UnitOfWork

MAX_CHOICES = 500


def choices_for(
    work: UnitOfWork, instance_id: UUID | None = None
) -> Callable[[ChoiceQuery], Sequence[Choice]]:
    """Make the function that looks up a field's choices; each runs once in a piece of work.

    Files are those of the case, and what the actor uploaded for no case yet.
    """
    found: dict[str, Sequence[Choice]] = {}

    def look_up(query: ChoiceQuery) -> Sequence[Choice]:
        key = repr(query)
        if key not in found:
            found[key] = _find(work, query, instance_id)
        return found[key]

    return look_up


def _find(work: UnitOfWork, query: ChoiceQuery, instance_id: UUID | None) -> Sequence[Choice]:
    if query.kind is ChoiceKind.FILE:
        return _files(work, query, instance_id)
    return _users(work, query) if query.kind is ChoiceKind.USER else _records(work, query)


def _records(work: UnitOfWork, query: ChoiceQuery) -> Sequence[Choice]:
    only = feedback.is_readable_by(work.actor) if query.entity == "Feedback" else None
    ids = _uuids(query.values)
    rows = records.choices_of(
        work.session, query.entity, query.filters, MAX_CHOICES, ids=ids, only=only
    )
    return [Choice(str(record_id), label) for record_id, label in rows]


def _users(work: UnitOfWork, query: ChoiceQuery) -> Sequence[Choice]:
    if query.values is not None:
        names = people.names_of(work.session, _uuids(query.values) or [])
        return [Choice(str(user_id), name) for user_id, name in names.items()]
    day = calendar_of(work).local_date(work.now)
    roles = query.roles or (None,)
    users = {u.id: u for role in roles for u in people.users_with_role(work.session, role, day)}
    ordered = sorted(users.values(), key=lambda user: user.full_name.casefold())
    return [Choice(str(user.id), user.full_name) for user in ordered]


def _files(work: UnitOfWork, query: ChoiceQuery, instance_id: UUID | None) -> Sequence[Choice]:
    ids = _uuids(query.values) or []
    found = list(notes.unbound_attachments(work.session, ids, work.actor.user_id))
    if instance_id is not None:
        found += [f for f in notes.attachments_of(work.session, instance_id) if f.id in ids]
    return [Choice(str(file.id), file.name) for file in found]


def _uuids(values: tuple[str, ...] | None) -> list[UUID] | None:
    if values is None:
        return None
    return [identifier for text in values if (identifier := read_id(text)) is not None]
