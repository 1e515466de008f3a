"""Who acts, and what that lets them do."""

from uuid import uuid4

import pytest

from ssflow.domain.identity import NOBODY, OPERATOR, ROLE_TITLES, SYSTEM, Actor
from ssflow.errors import ForbiddenError


def person(*roles: str, name: str = "ann") -> Actor:
    return Actor(user_id=uuid4(), name=name, roles=frozenset(roles))


@pytest.mark.parametrize(
    ("actor", "is_system", "is_admin", "sees_everything"),
    [
        (SYSTEM, True, True, True),
        (OPERATOR, True, True, True),
        (NOBODY, False, False, False),
        (person("admin"), False, True, True),
        (person("auditor"), False, False, True),
        (person("brm", "process_designer"), False, False, False),
        (person(name="system"), False, False, False),
        (person(name="operator"), False, False, False),
    ],
)
def test_what_an_actor_is(
    actor: Actor,
    is_system: bool,  # noqa: FBT001 - a table of what is expected
    is_admin: bool,  # noqa: FBT001
    sees_everything: bool,  # noqa: FBT001
) -> None:
    assert (actor.is_system, actor.is_admin, actor.sees_everything) == (
        *(is_system, is_admin, sees_everything),
    )


def test_an_actor_is_known_by_id_or_by_the_name_of_the_system() -> None:
    ann = person()

    assert (ann.key, SYSTEM.key, OPERATOR.key) == (str(ann.user_id), "system", "operator")


def test_one_of_the_roles_is_enough() -> None:
    person("brm", "slm").require_role("admin", "slm")
    SYSTEM.require_role("admin")

    with pytest.raises(ForbiddenError, match="admin, auditor"):
        person("brm").require_role("admin", "auditor")
    with pytest.raises(ForbiddenError):
        NOBODY.require_role("admin")


def test_every_role_has_a_title() -> None:
    assert all(title[0].isupper() or title.startswith("IT") for title in ROLE_TITLES.values())
    assert {"admin", "auditor", "process_designer"} <= set(ROLE_TITLES)
