"""Serve the pages and REST, and do due jobs."""

import logging
import signal
import threading
from types import FrameType

import click
import waitress

from ssflow.cli.surroundings import Installation, installation, now
from ssflow.services.people import first_run_link
from ssflow.store.unit_of_work import no_submit
from ssflow.web.app import create_app
from ssflow.worker.embedded import EmbeddedWorker

THREADS = 8
DEFAULT_PORT = 8080


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Serve the pages and REST; on SQLite due jobs are done here too."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with installation() as here:
        with here.work() as work:
            secret = first_run_link(work)
        click.echo(f"ssflow serves {here.config.base_url} (listening on {host}:{port})")
        if secret:
            click.echo(f"Make the first administrator: {here.config.base_url}/first-run#{secret}")
        run_server(here, host, port)


@click.command()
def worker() -> None:
    """Do due jobs; run as many as you like beside `ssflow serve` on PostgreSQL."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with installation() as here:
        loop = EmbeddedWorker(here.system_work())
        stop_on_signal(loop)
        click.echo("ssflow worker is looking for due jobs.")
        loop.run()


def run_server(here: Installation, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    loop = EmbeddedWorker(here.system_work()) if here.database.is_sqlite else None
    app = create_app(
        here.config, here.database, clock=now, submit=loop.submit if loop else no_submit
    )
    if loop:
        loop.start()
    try:
        waitress.serve(app, host=host, port=port, threads=THREADS, ident="ssflow", _quiet=True)
    finally:
        if loop:
            loop.stop()


def stop_on_signal(loop: EmbeddedWorker) -> None:
    """Let the worker finish its job when the process is told to stop."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=loop.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
