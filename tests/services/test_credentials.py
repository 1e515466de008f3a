"""One-time links, passwords and sessions."""

from datetime import timedelta

import pytest

from ssflow.domain.identity import Actor, User
from ssflow.errors import ConflictError
from ssflow.services import credentials, people
from ssflow.services.credentials import LinkNotValidError
from tests.services.office import Office


def test_a_link_signs_in_once(office: Office, admin: Actor, ann: User) -> None:
    secret = office.act(admin, credentials.create_sign_in_link, ann.id)

    with office.work() as work:
        assert credentials.use_sign_in_link(work, secret).id == ann.id
    with pytest.raises(LinkNotValidError), office.work() as work:
        credentials.use_sign_in_link(work, secret)


def test_a_link_works_for_a_day_and_until_the_next_one(
    office: Office, admin: Actor, ann: User
) -> None:
    replaced = office.act(admin, credentials.create_sign_in_link, ann.id)
    old = office.act(admin, credentials.create_sign_in_link, ann.id)
    office.now += timedelta(hours=24, seconds=1)

    for secret in (replaced, old, "", "made up", "\ud800"):
        with pytest.raises(LinkNotValidError), office.work() as work:
            credentials.use_sign_in_link(work, secret)


def test_a_disabled_account_has_no_links(office: Office, admin: Actor, ann: User) -> None:
    secret = office.act(admin, credentials.create_sign_in_link, ann.id)
    office.act(admin, people.disable_user, ann.id)

    with pytest.raises(ConflictError):
        office.act(admin, credentials.create_sign_in_link, ann.id)
    with pytest.raises(LinkNotValidError), office.work() as work:
        credentials.use_sign_in_link(work, secret)


def test_the_first_link_makes_the_first_administrator_only(office: Office) -> None:
    told = {"name": "ann", "full_name": "Ann", "password_hash": "hash"}
    with office.work() as work:
        secret = credentials.first_run_link(work)
    assert secret is not None

    with office.work() as work:
        first = credentials.use_first_run_link(work, secret, **told)
    with pytest.raises(LinkNotValidError), office.work() as work:
        credentials.use_first_run_link(work, secret, **{**told, "name": "eve"})
    with office.work() as work:
        assert credentials.first_run_link(work) is None

    with office.look() as work:
        assert people.roles_held(work, first.id) == {"admin"}
