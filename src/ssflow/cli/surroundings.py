"""What commands share: the settings, the database, the clock, a piece of work of the operator."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from ssflow.config import Config, read_config
from ssflow.domain.identity import OPERATOR, SYSTEM, Actor
from ssflow.services.jobs import OpenWork
from ssflow.store.database import Database, open_database, upgrade_schema
from ssflow.store.unit_of_work import Submit, UnitOfWork, no_submit, open_work

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Installation:
    """One installed ssflow: its settings and its database, brought up to date."""

    config: Config
    database: Database

    def work(
        self,
        actor: Actor = OPERATOR,
        *,
        submit: Submit = no_submit,
        read_only: bool = False,
        clock: Clock | None = None,
    ) -> AbstractContextManager[UnitOfWork]:
        """Open a piece of work at the present moment."""
        return open_work(
            self.database,
            actor=actor,
            now=(clock or now)(),
            timezone=self.config.timezone,
            submit=submit,
            read_only=read_only,
            outside=self.config.outside,
            message_ttl=self.config.message_ttl,
        )

    def system_work(
        self,
        submit: Submit = no_submit,
        *,
        read_only: bool = False,
        clock: Clock | None = None,
    ) -> OpenWork:
        """Give what opens pieces of work of the system itself."""
        return lambda: self.work(SYSTEM, submit=submit, read_only=read_only, clock=clock)


def now() -> datetime:
    """Tell the present moment; the only place that reads the clock for commands."""
    return datetime.now(UTC)


@contextmanager
def installation(defaults: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """Open what the SSFLOW_… variables (else `defaults`) describe, with the newest schema."""
    config = read_config({**(defaults or {}), **os.environ})
    database = open_database(config.database_url)
    try:
        upgrade_schema(database)
        yield Installation(config, database)
    finally:
        database.close()
