"""Access tokens."""

from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.identity import Actor, User
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.services import access_tokens, people
from tests.services.office import Office


def owner_of(office: Office, text: str) -> Actor | None:
    with office.look() as work:
        return access_tokens.find_token_actor(work, text)


def test_a_token_acts_for_its_owner_with_the_roles_of_today(
    office: Office, admin: Actor, ann: User
) -> None:
    with office.work() as work:
        text = access_tokens.create_token(work, ann.id, "Nightly", scopes=["read"]).text
    office.act(admin, people.grant_role, ann.id, "brm")

    actor = owner_of(office, text)

    assert actor is not None
    assert (actor.user_id, actor.roles) == (ann.id, frozenset({"brm"}))
    assert actor.scopes == frozenset({"read"})


def test_what_is_no_token_acts_for_nobody(office: Office, ann: User) -> None:
    with office.work() as work:
        text = access_tokens.create_token(work, ann.id, "Nightly").text
    prefix, _, secret = text.partition(".")

    for wrong in ("", "x", prefix, secret, f"{prefix}.{'x' * 43}", f"{text}x", text.upper(), "\0"):
        assert owner_of(office, wrong) is None


def test_tokens_end(office: Office, admin: Actor, ann: User) -> None:
    with office.work() as work:
        short = access_tokens.create_token(work, ann.id, "a", life=timedelta(days=1))
        revoked = access_tokens.create_token(work, ann.id, "b")
        off = access_tokens.create_token(work, ann.id, "c")
    office.act(admin, access_tokens.revoke_token, revoked.token.id)
    office.now += timedelta(days=1, seconds=1)

    assert [owner_of(office, t.text) is not None for t in (short, revoked, off)] == [
        *(False, False, True),
    ]
    office.act(admin, people.disable_user, ann.id)
    assert owner_of(office, off.text) is None


def test_tokens_of_others_are_not_there(office: Office, ann: User) -> None:
    with office.work() as work:
        token = access_tokens.create_token(work, ann.id, "a").token

    with pytest.raises(NotFoundError):
        office.act(office.hire("brm"), access_tokens.revoke_token, token.id)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "a", "scopes": ["everything"]}, "scopes"),
        ({"name": "a", "life": timedelta(0)}, "life"),
        ({"name": "a", "life": timedelta(days=367)}, "life"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    office: Office, ann: User, told: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused, office.work() as work:
        access_tokens.create_token(work, ann.id, **told)

    assert set(refused.value.errors) == {field}
