"""What tests of pages share: the application over a real database, and browsers of people."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from ssflow.config import Config
from ssflow.domain.identity import Actor
from ssflow.services import credentials
from ssflow.services.definitions import SANDBOX
from ssflow.store.database import Database
from ssflow.store.unit_of_work import no_submit
from ssflow.web.app import create_app
from ssflow.web.site import Site
from tests.conftest import NOW, TIMEZONE
from tests.services.office import Office
from tests.web.browsing import Browser

SignIn = Callable[[Actor], Browser]


@pytest.fixture(scope="session", autouse=True)
def _closed_sandbox() -> Iterator[None]:
    yield
    SANDBOX.close()


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    return Office(sqlite_database)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        database_url="sqlite://",
        home=tmp_path,
        base_url="http://localhost:8080",
        timezone=TIMEZONE,
        secret_key="k" * 64,
        message_ttl=timedelta(days=2),
    )


@pytest.fixture(scope="session")
def _app_in_turn() -> list[Flask]:
    """The application that tests take in turn; empty until the first has made it."""
    return []


@pytest.fixture
def app(
    request: pytest.FixtureRequest, config: Config, office: Office, _app_in_turn: list[Flask]
) -> Flask:
    """The application of this test's office; only the endpoints and templates are of others."""
    if request.node.get_closest_marker("adds_endpoints"):
        return create_app(config, office.database, clock=lambda: office.now)
    if not _app_in_turn:
        _app_in_turn.append(create_app(config, office.database, clock=lambda: office.now))
    [app] = _app_in_turn
    Site(config, office.database, lambda: office.now, no_submit).attach(app)
    return app


@pytest.fixture
def browser(app: Flask) -> Browser:
    """The browser of somebody who has not signed in."""
    return Browser(app)


@pytest.fixture
def sign_in(app: Flask, office: Office) -> SignIn:
    """Browsers of people, signed in by one-time link."""

    def let_in(actor: Actor) -> Browser:
        assert actor.user_id is not None
        with office.work() as work:
            secret = credentials.create_sign_in_link(work, actor.user_id)
        browser = Browser(app)
        assert browser.send("/sign-in-link", token=secret).status_code == 303
        browser.open("/profile")  # which says what is said once after signing in
        return browser

    return let_in


def later(**distance: float) -> datetime:
    return NOW + timedelta(**distance)
