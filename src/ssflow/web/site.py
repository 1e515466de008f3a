"""What every request of one application shares."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from ssflow.config import Config
from ssflow.domain.identity import Actor
from ssflow.store.database import Database
from ssflow.store.unit_of_work import Submit, UnitOfWork, open_work
from ssflow.web.request_ids import current_request_id

_EXTENSION = "ssflow"


@dataclass(frozen=True)
class Site:
    """The settings, the database, the clock, and the way to hand a job to its carrier."""

    config: Config
    database: Database
    clock: Callable[[], datetime]
    submit: Submit

    @property
    def is_https(self) -> bool:
        """Whether people reach the site over TLS."""
        return self.config.base_url.startswith("https://")

    def open_work(
        self, actor: Actor, *, read_only: bool = False
    ) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work of this request for `actor`."""
        return open_work(
            self.database,
            actor=actor,
            now=self.clock(),
            timezone=self.config.timezone,
            submit=self.submit,
            read_only=read_only,
            request_id=current_request_id(),
            message_ttl=self.config.message_ttl,
        )

    def attach(self, app: Flask) -> None:
        """Let the requests of `app` find the site."""
        app.extensions[_EXTENSION] = self


def current_site() -> Site:
    """Give the site of the current application."""
    site = current_app.extensions[_EXTENSION]
    assert isinstance(site, Site)  # noqa: S101 - says the type; only `attach` writes it
    return site
