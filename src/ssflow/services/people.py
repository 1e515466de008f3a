"""Accounts, and the roles that people hold."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import (
    ADMIN,
    NOBODY,
    Actor,
    NoticePace,
    RoleGrant,
    User,
)
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.sentences import Sentence
from ssflow.services.audit import record
from ssflow.store import people as rows
from ssflow.store import sign_in as secret_rows
from ssflow.store.unit_of_work import UnitOfWork

LANGUAGES = ("en", "nl", "sv")
MAX_NAME_CHARACTERS = 200
_NAME = re.compile(r"[\w.@+-]{1,64}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class LastAdministratorError(ConflictError):
    """Without this person nobody could administer ssflow."""


# --- who acts ------------------------------------------------------------------------------------


def actor_of(work: UnitOfWork, user: User) -> Actor:
    """Give the user as one who acts, with the roles of today; nobody when the account is off."""
    if not user.is_active:
        return NOBODY
    return Actor(
        user_id=user.id,
        name=user.full_name,
        roles=roles_held(work, user.id),
        language=user.language,
        timezone=user.timezone,
    )


def roles_held(work: UnitOfWork, user_id: UUID) -> frozenset[str]:
    """Tell which roles somebody holds today."""
    return rows.roles_of(work.session, user_id, _today(work))


def names_of(work: UnitOfWork, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Look up the full names of people."""
    return rows.names_of(work.session, user_ids)


def role_titles(work: UnitOfWork) -> dict[str, str]:
    """Give the roles, by key, with the title that people know them by."""
    return {role.key: role.title for role in rows.list_roles(work.session)}


# --- accounts ------------------------------------------------------------------------------------


def create_user(
    work: UnitOfWork,
    name: str,
    full_name: str = "",
    *,
    email: str | None = None,
    language: str = "en",
    timezone: str | None = None,
    roles: Sequence[str] = (),
    is_demo: bool = False,
) -> User:
    """Add an account without a password; a sign-in link lets its owner in.

    Raises:
        ForbiddenError: the actor does not administer.
        ConflictError: the name is taken.
        InvalidInputError: the name or the address is malformed, or there is no such role.
    """
    require_admin(work)
    check_account(name, full_name or name, email)
    _check_settings(language, timezone)
    if rows.find_user_by_name(work.session, name) is not None:
        raise ConflictError(Sentence("There is a user %(name)s already.", name=name))
    user = User(
        name=name,
        full_name=full_name.strip() or name,
        created_at=work.now,
        email=email or None,
        language=language,
        timezone=timezone or None,
        is_demo=is_demo,
    )
    work.session.add(user)
    work.session.flush()
    record(work, AuditAction.USER_CREATED, user=str(user.id), name=name)
    for role in roles:
        grant_role(work, user.id, role)
    return user


def change_user(work: UnitOfWork, user_id: UUID, *, full_name: str, email: str | None) -> User:
    """Correct somebody's name or address.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; the actor does not administer.
        InvalidInputError: the name is empty, or the address is malformed.
    """
    require_admin(work)
    user = rows.get_user(work.session, user_id)
    check_account(user.name, full_name, email)
    before = {"full_name": user.full_name, "email": user.email}
    user.full_name, user.email = full_name.strip(), email or None
    after = {"full_name": user.full_name, "email": user.email}
    record(work, AuditAction.USER_CHANGED, user=str(user.id), before=before, after=after)
    return user


def disable_user(work: UnitOfWork, user_id: UUID) -> User:
    """Switch an account off: its sessions end at once, its tokens do not work any more.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; the actor does not administer.
        LastAdministratorError: nobody else could administer.
    """
    require_admin(work)
    user = rows.get_user(work.session, user_id)
    if user.is_active:
        _require_another_admin(work, user_id)
        user.is_active = False
        end_sessions(work, user)
        record(work, AuditAction.USER_CHANGED, user=str(user.id), after={"is_active": False})
    return user


def enable_user(work: UnitOfWork, user_id: UUID) -> User:
    """Switch an account on again.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; the actor does not administer.
    """
    require_admin(work)
    user = rows.get_user(work.session, user_id)
    if not user.is_active:
        user.is_active = True
        record(work, AuditAction.USER_CHANGED, user=str(user.id), after={"is_active": True})
    return user


def change_settings(
    work: UnitOfWork, *, language: str, timezone: str | None, notices: str | None = None
) -> User:
    """Let the actor choose language, time zone and how notices come; None leaves the last as it is.

    Raises:
        ForbiddenError: nobody is signed in.
        InvalidInputError: ssflow does not know the language, the zone or that way.
    """
    user = own_account(work)
    _check_settings(language, timezone)
    user.language, user.timezone = language, timezone or None
    user.notices = _read_pace(notices) if notices else user.notices
    settings = {"language": user.language, "timezone": user.timezone, "notices": user.notices}
    record(work, AuditAction.USER_CHANGED, user=str(user.id), after=settings)
    return user


def _read_pace(text: str) -> NoticePace:
    try:
        return NoticePace(text)
    except ValueError as error:
        told = ["Choose one of the list."]
        raise InvalidInputError(
            "Notices cannot come like that.", errors={"notices": told}
        ) from error


def end_sessions(work: UnitOfWork, user: User) -> None:
    """End every session of a user."""
    user.session_key = uuid4().hex
    secret_rows.delete_sessions_of(work.session, user.id)


def own_account(work: UnitOfWork) -> User:
    """Give the account of the actor.

    Raises:
        ForbiddenError: nobody is signed in.
    """
    if work.actor.user_id is None:
        raise ForbiddenError("This is for people who have signed in.")
    return rows.get_user(work.session, work.actor.user_id)


# --- roles ---------------------------------------------------------------------------------------


def grant_role(
    work: UnitOfWork,
    user_id: UUID,
    role: str,
    *,
    customer_id: UUID | None = None,
    service_id: UUID | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> RoleGrant:
    """Give somebody a role, everywhere or for one customer or service; it counts at once.

    Raises:
        NotFoundError, ForbiddenError: there is no such user; the actor does not administer.
        InvalidInputError: there is no such role, customer or service, or the days make no sense.
    """
    require_admin(work)
    user = rows.get_user(work.session, user_id)
    wanted = RoleGrant(
        user_id=user.id,
        role=role,
        customer_id=customer_id,
        service_id=service_id,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    _check_grant(work, wanted)
    for grant in rows.grants_of(work.session, user_id):
        if _facts_of(grant) == _facts_of(wanted):
            return grant
    work.session.add(wanted)
    work.session.flush()
    record(work, AuditAction.ROLE_GRANTED, user=str(user.id), **_told(wanted))
    return wanted


def scope_of(work: UnitOfWork, grant: RoleGrant) -> str:
    """Name the customer or service that a grant is limited to; nothing when it holds everywhere."""
    session = work.session
    customer = session.get(Customer, grant.customer_id) if grant.customer_id else None
    service = session.get(Service, grant.service_id) if grant.service_id else None
    return ", ".join(one.name for one in (customer, service) if one is not None)


def revoke_role(
    work: UnitOfWork,
    user_id: UUID,
    role: str,
    *,
    customer_id: UUID | None = None,
    service_id: UUID | None = None,
) -> None:
    """Take a role from somebody; it counts at once.

    Raises:
        NotFoundError: there is no such user, or the user does not hold the role.
        ForbiddenError: the actor does not administer.
        LastAdministratorError: nobody else could administer.
    """
    require_admin(work)
    rows.get_user(work.session, user_id)
    scope = (role, customer_id, service_id)
    grants = [g for g in rows.grants_of(work.session, user_id) if _facts_of(g)[:3] == scope]
    if not grants:
        raise NotFoundError(Sentence("This user does not hold the role %(role)s.", role=role))
    _remove_grants(work, user_id, grants)


def revoke_grant(work: UnitOfWork, user_id: UUID, grant_id: UUID) -> None:
    """Take one grant of a role from somebody; it counts at once.

    Raises:
        NotFoundError: there is no such grant.
        ForbiddenError: the actor does not administer.
        LastAdministratorError: nobody else could administer.
    """
    require_admin(work)
    grants = [g for g in rows.grants_of(work.session, user_id) if g.id == grant_id]
    if not grants:
        raise NotFoundError("This role was taken away already.")
    _remove_grants(work, user_id, grants)


# --- checks --------------------------------------------------------------------------------------


def require_admin(work: UnitOfWork) -> None:
    """Refuse whoever does not administer ssflow.

    Raises:
        ForbiddenError: the actor is no administrator.
    """
    if not work.actor.is_admin:
        raise ForbiddenError("Only an administrator may change accounts and roles.")


def _remove_grants(work: UnitOfWork, user_id: UUID, grants: Sequence[RoleGrant]) -> None:
    if any(grant.role == ADMIN for grant in grants):
        _require_another_admin(work, user_id)
    for grant in grants:
        work.session.delete(grant)
        record(work, AuditAction.ROLE_REVOKED, user=str(user_id), **_told(grant))


def _require_another_admin(work: UnitOfWork, user_id: UUID) -> None:
    admins = rows.users_with_role(work.session, ADMIN, _today(work))
    ids = {admin.id for admin in admins}
    if user_id in ids and len(ids) == 1:
        raise LastAdministratorError("This is the last administrator. Make another one first.")


def check_account(name: str, full_name: str, email: str | None) -> None:
    """Refuse names and addresses that no account may have.

    Raises:
        InvalidInputError: says per field what to mend.
    """
    errors: dict[str, list[str]] = {}
    if not _NAME.fullmatch(name):
        errors["name"] = ["Use 1 to 64 letters, digits and . @ + - _ without blanks."]
    if not full_name.strip() or len(full_name) > MAX_NAME_CHARACTERS or not full_name.isprintable():
        errors["full_name"] = ["Give the person's name."]
    if email and (not email.isprintable() or not _EMAIL.fullmatch(email)):
        errors["email"] = ["This is not an e-mail address."]
    raise_if(errors)


def _check_settings(language: str, timezone: str | None) -> None:
    errors: dict[str, list[str]] = {}
    if language not in LANGUAGES:
        errors["language"] = [Sentence("Choose one of %(choices)s.", choices=LANGUAGES)]
    if timezone and timezone not in available_timezones():
        errors["timezone"] = ["Choose a zone such as Europe/Stockholm."]
    raise_if(errors)


def _check_grant(work: UnitOfWork, wanted: RoleGrant) -> None:
    errors: dict[str, list[str]] = {}
    valid_from, valid_to = wanted.valid_from, wanted.valid_to
    customer_id, service_id = wanted.customer_id, wanted.service_id
    if wanted.role not in {known.key for known in rows.list_roles(work.session)}:
        errors["role"] = [Sentence("There is no role %(key)s.", key=wanted.role)]
    if customer_id and work.session.get(Customer, customer_id) is None:
        errors["customer"] = [Sentence("There is no customer %(id)s.", id=customer_id)]
    if service_id and work.session.get(Service, service_id) is None:
        errors["service"] = [Sentence("There is no service %(id)s.", id=service_id)]
    if valid_from and valid_to and valid_to < valid_from:
        errors["valid_to"] = ["The last day comes before the first."]
    raise_if(errors)


def raise_if(errors: Mapping[str, list[str]]) -> None:
    """Refuse what has wrong fields, with a sentence for each.

    Raises:
        InvalidInputError: there are errors.
    """
    if errors:
        raise InvalidInputError(next(iter(errors.values()))[0], errors=errors)


def _today(work: UnitOfWork) -> date:
    return work.now.astimezone(work.timezone).date()


def _facts_of(grant: RoleGrant) -> tuple[str, UUID | None, UUID | None, date | None, date | None]:
    return (grant.role, grant.customer_id, grant.service_id, grant.valid_from, grant.valid_to)


def _told(grant: RoleGrant) -> dict[str, str]:
    names = ("role", "customer", "service", "valid_from", "valid_to")
    facts = zip(names, _facts_of(grant), strict=True)
    return {name: str(value) for name, value in facts if value is not None}
