"""What a form's fields may pick from outside the form: records, people and uploaded files."""

from collections.abc import Callable, Sequence
from uuid import UUID

from ssflow.forms.context import Choice, ChoiceKind, ChoiceQuery
from ssflow.services.working_days import calendar_of
from ssflow.store import notes, people, records
from ssflow.store.unit_of_work import UnitOfWork

MAX_CHOICES = 500


def choices_for(work: UnitOfWork) -> Callable[[ChoiceQuery], Sequence[Choice]]:
    """Make the function that looks up a field's choices; each runs once in a piece of work."""
    found: dict[str, Sequence[Choice]] = {}

    def look_up(query: ChoiceQuery) -> Sequence[Choice]:
        key = repr(query)
        if key not in found:
            found[key] = _FINDERS[query.kind](work, query)
        return found[key]

    return look_up


def _records(work: UnitOfWork, query: ChoiceQuery) -> Sequence[Choice]:
    rows = records.choices_of(
        work.session, query.entity, query.filters, MAX_CHOICES, ids=_uuids(query.values)
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


def _files(work: UnitOfWork, query: ChoiceQuery) -> Sequence[Choice]:
    names = notes.attachment_names(work.session, _uuids(query.values) or [])
    return [Choice(str(file_id), name) for file_id, name in names.items()]


def _uuids(values: tuple[str, ...] | None) -> list[UUID] | None:
    if values is None:
        return None
    return [identifier for text in values if (identifier := _uuid(text)) is not None]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None


_FINDERS = {ChoiceKind.RECORD: _records, ChoiceKind.USER: _users, ChoiceKind.FILE: _files}
