"""Show ssflow with a sample organisation in a database that is thrown away."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from ssflow.cli.serve import DEFAULT_HOST, DEFAULT_PORT, Server, leave_on_signal
from ssflow.cli.surroundings import Installation, now
from ssflow.config import read_config
from ssflow.domain.user_task import UserTask
from ssflow.services.demo import DemoPerson, build_demo, stage_late_task
from ssflow.services.jobs import run_due_jobs
from ssflow.store.database import open_database, upgrade_schema

_WHOLE = 100


@click.command()
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
def demo(port: int) -> None:
    """Serve a sample organisation with running cases; everything is gone afterwards."""
    leave_on_signal()
    with (
        tempfile.TemporaryDirectory(prefix="ssflow-demo-") as folder,
        _installation(Path(folder), port) as here,
    ):
        server = Server(here, DEFAULT_HOST, port)
        people = _make_organisation(here)
        with here.work() as work:
            staged = stage_late_task(work)
        _tell(here, people, staged)
        server.run()


@contextmanager
def _installation(folder: Path, port: int) -> Iterator[Installation]:
    given = {k: v for k, v in os.environ.items() if k == "SSFLOW_TIMEZONE"}
    config = read_config(
        {
            "SSFLOW_TIMEZONE": "Europe/Amsterdam",
            **given,
            "SSFLOW_HOME": str(folder),
            "SSFLOW_BASE_URL": f"http://localhost:{port}",
        }
    )
    config = replace(config, is_demo=True)
    database = open_database(config.database_url, is_durable=False)
    upgrade_schema(database)
    try:
        yield Installation(config, database)
    finally:
        database.close()


def _make_organisation(here: Installation) -> list[DemoPerson]:
    """Let its story happen, while a bar shows how far it is."""
    config = here.config
    with click.progressbar(length=_WHOLE, label="Making a sample organisation") as bar:
        return build_demo(
            here.database,
            config.timezone,
            now(),
            run_due_jobs,
            config.outside,
            told=lambda share: bar.update(int(share * _WHOLE) - bar.pos),
        )


def _tell(here: Installation, people: list[DemoPerson], staged: UserTask | None) -> None:
    address = here.config.base_url
    click.echo(f"\nssflow is at {address}\n")
    click.echo("Sign in as one of these people; each link works once, and inside you can switch:")
    for person in people:
        click.echo(f"  {person.title:<30} {address}/sign-in-link#{person.secret}")
    if staged is not None:
        click.echo(
            f"\nIn a minute “{staged.name}” is reminded of, in two it is late and another role"
        )
        click.echo(f"may do it, too. Watch it, and more like it, at {address}/demo/people")
    click.echo("\nPress Ctrl+C to stop; the data is thrown away.")
