"""What REST tests share: programs that call the application on behalf of people."""

from collections.abc import Callable, Sequence

import pytest
from flask import Flask

from ssflow.domain.identity import Actor
from ssflow.services.access_tokens import create_token
from tests.services.office import Office
from tests.web.api.calling import Caller

Connect = Callable[..., Caller]


@pytest.fixture
def connect(app: Flask, office: Office) -> Connect:
    """Programs with a token of somebody, limited to scopes or not."""

    def make(actor: Actor, scopes: Sequence[str] | None = None) -> Caller:
        assert actor.user_id is not None
        with office.work() as work:
            return Caller(app, create_token(work, actor.user_id, "test", scopes=scopes).text)

    return make


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


@pytest.fixture
def as_owner(connect: Connect, owner: Actor) -> Caller:
    return connect(owner)


@pytest.fixture
def as_admin(connect: Connect, admin: Actor) -> Caller:
    return connect(admin)
