"""Accounts and roles."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from ssflow.domain.identity import Actor, User
from ssflow.domain.registers.customers import Customer
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import access_tokens, credentials, people
from ssflow.services.people import LastAdministratorError
from tests.services.office import Office


def roles_of(office: Office, user: User) -> frozenset[str]:
    with office.look() as work:
        return people.actor_of(work, user).roles


def a_customer(office: Office) -> Customer:
    with office.work() as work:
        customer = Customer(name="Production", created_at=work.now, created_by="x")
        work.session.add(customer)
    return customer


# --- accounts -------------------------------------------------------------------------------------


def test_a_new_account_has_no_password(ann: User) -> None:
    assert (ann.name, ann.full_name, ann.password, ann.is_active) == ("ann", "Ann Ek", None, True)


@pytest.mark.parametrize("role", ["auditor", "process_designer", "portfolio_manager"])
def test_only_administrators_manage_people(office: Office, ann: User, role: str) -> None:
    actor = office.hire(role)
    attempts: list[tuple[Any, ...]] = [
        (people.create_user, "ben"),
        (people.disable_user, ann.id),
        (people.enable_user, ann.id),
        (people.grant_role, ann.id, "brm"),
        (people.revoke_role, ann.id, "brm"),
        (credentials.create_sign_in_link, ann.id),
        (credentials.end_sessions_of, ann.id),
        (credentials.set_password, ann.id, "hash"),
        (access_tokens.create_token, ann.id, "mine"),
    ]

    for do, *given in attempts:
        with pytest.raises(ForbiddenError):
            office.act(actor, do, *given)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": "", "full_name": "Ben"}, "name"),
        ({"name": "a\0", "full_name": "Ben"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "ben", "full_name": "x" * 201}, "full_name"),
        ({"name": "ben", "full_name": "a\nb"}, "full_name"),
        ({"name": "ben", "email": "nowhere"}, "email"),
        ({"name": "ben", "email": "a\0@b"}, "email"),
        ({"name": "ben", "language": "xx"}, "language"),
        ({"name": "ben", "timezone": "Mars/Olympus"}, "timezone"),
        ({"name": "ben", "roles": ["emperor"]}, "role"),
    ],
)
def test_a_malformed_account_is_told_by_field(
    office: Office, admin: Actor, told: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, people.create_user, **told)

    assert set(refused.value.errors) == {field}


def test_names_differ_by_more_than_case(office: Office, admin: Actor, ann: User) -> None:
    with pytest.raises(ConflictError):
        office.act(admin, people.create_user, "ANN")


def test_a_disabled_account_acts_no_more(office: Office, admin: Actor, ann: User) -> None:
    office.act(admin, people.grant_role, ann.id, "brm")
    before = ann.session_key

    off = office.act(admin, people.disable_user, ann.id)
    none = roles_of(office, off)
    on = office.act(admin, people.enable_user, ann.id)

    assert (none, roles_of(office, on)) == (frozenset(), frozenset({"brm"}))
    assert on.session_key != before


def test_the_last_administrator_stays(office: Office, admin: Actor) -> None:
    assert admin.user_id is not None
    for do, *more in ((people.disable_user,), (people.revoke_role, "admin")):
        with pytest.raises(LastAdministratorError):
            office.act(admin, do, admin.user_id, *more)

    office.hire("admin")
    office.act(admin, people.disable_user, admin.user_id)


# --- roles ----------------------------------------------------------------------------------------


def test_a_role_counts_from_day_to_day(office: Office, admin: Actor, ann: User) -> None:
    days = {"valid_from": date(2026, 3, 3), "valid_to": date(2026, 3, 4)}
    office.act(admin, people.grant_role, ann.id, "brm", **days)
    held: list[bool] = []

    for _ in range(4):
        held.append("brm" in roles_of(office, ann))
        office.now += timedelta(days=1)

    assert held == [False, True, True, False]


def test_a_role_is_granted_once(office: Office, admin: Actor, ann: User) -> None:
    first = office.act(admin, people.grant_role, ann.id, "brm")

    assert office.act(admin, people.grant_role, ann.id, "brm").id == first.id


@pytest.mark.parametrize("scope", ["customer", "service"])
def test_a_role_is_not_limited_to_what_nobody_knows(
    office: Office, admin: Actor, ann: User, scope: str
) -> None:
    unknown = uuid4()

    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, people.grant_role, ann.id, "brm", **{f"{scope}_id": unknown})

    assert refused.value.errors == {scope: [f"There is no {scope} {unknown}."]}
    assert roles_of(office, ann) == frozenset()


def test_one_grant_is_revoked_by_itself(office: Office, admin: Actor, ann: User) -> None:
    office.act(admin, people.grant_role, ann.id, "customer", customer_id=a_customer(office).id)
    everywhere = office.act(admin, people.grant_role, ann.id, "customer")

    office.act(admin, people.revoke_grant, ann.id, everywhere.id)

    assert roles_of(office, ann) == {"customer"}
    with pytest.raises(NotFoundError):
        office.act(admin, people.revoke_grant, ann.id, everywhere.id)
    with pytest.raises(NotFoundError):
        office.act(admin, people.revoke_role, ann.id, "customer")


def test_days_in_the_wrong_order_are_refused(office: Office, admin: Actor, ann: User) -> None:
    days = {"valid_from": date(2026, 3, 3), "valid_to": date(2026, 3, 2)}

    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, people.grant_role, ann.id, "brm", **days)

    assert set(refused.value.errors) == {"valid_to"}
