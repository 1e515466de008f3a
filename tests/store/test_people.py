from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.identity import Role, RoleGrant, User
from ssflow.errors import NotFoundError
from ssflow.store.people import (
    any_user_exists,
    find_user_by_name,
    find_user_by_session_key,
    get_user,
    grants_of,
    list_roles,
    list_users,
    names_of,
    roles_of,
    users_with_role,
)
from tests.conftest import NOW, MakeUser

TODAY = NOW.date()
DAY = timedelta(days=1)


def test_a_user_is_got_by_id_or_session_key(session: Session, make_user: MakeUser) -> None:
    user = make_user("ann")

    assert get_user(session, user.id) is user
    assert find_user_by_session_key(session, user.session_key) is user
    assert find_user_by_session_key(session, "other") is None
    with pytest.raises(NotFoundError):
        get_user(session, uuid4())


@pytest.mark.parametrize("name", ["Åsa", "åsa", "ÅSA"])
def test_a_name_is_the_same_in_any_case(session: Session, make_user: MakeUser, name: str) -> None:
    user = make_user("Åsa")
    make_user("asa")

    assert find_user_by_name(session, name) is user


def test_of_two_names_the_exact_one_wins(session: Session, make_user: MakeUser) -> None:
    first, second = make_user("ann"), make_user("Ann")

    assert find_user_by_name(session, "ann") is first
    assert find_user_by_name(session, "Ann") is second
    assert find_user_by_name(session, "an") is None


def test_the_first_run_is_over_once_there_is_a_user(session: Session, make_user: MakeUser) -> None:
    before = any_user_exists(session)
    make_user("ann")

    assert (before, any_user_exists(session)) == (False, True)


def test_users_are_listed_by_name_page_by_page(session: Session, make_user: MakeUser) -> None:
    for name in ("cas", "ann", "bob"):
        make_user(name)

    first = list_users(session, limit=2)
    second = list_users(session, limit=2, cursor=first.next_cursor)

    assert [user.name for user in [*first.items, *second.items]] == ["ann", "bob", "cas"]


def test_users_are_searched_by_names_and_address(session: Session, make_user: MakeUser) -> None:
    make_user("ann").email = "X@example.org"
    make_user("bob").full_name = "Mr. X"
    make_user("xavier").is_active = False
    make_user("cas")
    session.flush()

    assert [user.name for user in list_users(session, q="x").items] == ["ann", "bob", "xavier"]
    assert [user.name for user in list_users(session, q="x", is_active=False).items] == ["xavier"]


def test_full_names_are_looked_up_together(session: Session, make_user: MakeUser) -> None:
    ann, bob = make_user("ann"), make_user("bob")

    assert names_of(session, [ann.id, bob.id, ann.id, uuid4()]) == {ann.id: "Ann", bob.id: "Bob"}
    assert names_of(session, []) == {}


@pytest.fixture
def ann(session: Session, make_user: MakeUser) -> User:
    session.add(Role(key="brm", title="Business relationship manager"))
    session.flush()
    return make_user("ann")


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "holds"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (TODAY - DAY, TODAY + DAY, True),
        (TODAY + DAY, None, False),
        (None, TODAY - DAY, False),
    ],
)
def test_a_role_is_held_from_its_first_to_its_last_day(
    session: Session, ann: User, valid_from: date | None, valid_to: date | None, *, holds: bool
) -> None:
    grant = RoleGrant(user_id=ann.id, role="brm", valid_from=valid_from, valid_to=valid_to)
    session.add(grant)
    session.flush()

    assert roles_of(session, ann.id, TODAY) == (frozenset({"brm"}) if holds else frozenset())
    assert list(users_with_role(session, "brm", TODAY)) == ([ann] if holds else [])
    assert list(grants_of(session, ann.id)) == [grant]


def test_a_role_for_one_customer_or_service_counts_too(session: Session, ann: User) -> None:
    session.add(RoleGrant(user_id=ann.id, role="brm", customer_id=uuid4()))
    session.add(RoleGrant(user_id=ann.id, role="brm", service_id=uuid4()))
    session.flush()

    assert roles_of(session, ann.id, TODAY) == {"brm"}
    assert list(users_with_role(session, "brm", TODAY)) == [ann]


def test_roles_are_each_users_own(session: Session, make_user: MakeUser) -> None:
    ann = make_user("ann", "brm", "customer")
    bob = make_user("bob", "customer")

    assert roles_of(session, ann.id, TODAY) == {"brm", "customer"}
    assert roles_of(session, bob.id, TODAY) == {"customer"}


def test_holders_of_a_role_are_active_and_come_by_name(
    session: Session, make_user: MakeUser
) -> None:
    bob, ann, gone = (make_user(name, "brm") for name in ("bob", "ann", "gone"))
    cas = make_user("cas", "customer")
    gone.is_active = False
    session.flush()

    assert list(users_with_role(session, "brm", TODAY)) == [ann, bob]
    assert list(users_with_role(session, None, TODAY)) == [ann, bob, cas]


def test_roles_are_listed_by_title(session: Session) -> None:
    session.add_all([Role(key="b", title="alpha"), Role(key="a", title="Beta")])
    session.flush()

    assert [role.key for role in list_roles(session)] == ["b", "a"]
