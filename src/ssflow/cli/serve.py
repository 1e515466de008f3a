"""Serve the pages and REST, and do due jobs."""

import logging
import signal
import sys
from types import FrameType

import click
from waitress.server import create_server

from ssflow.cli.carriers import embedded_worker, postgresql_submit, run_worker
from ssflow.cli.surroundings import Installation, installation, now
from ssflow.services import housekeeping
from ssflow.services.credentials import first_run_link
from ssflow.web.app import create_app

THREADS = 8
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8080
MAX_BUFFERED_BYTES = 64 * 1024 * 1024
"""What is larger is not even taken in; what the application refuses is less than this."""
_ANY_OR_OWN = ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104 - how people name this machine


@click.command()
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
def serve(host: str, port: int) -> None:
    """Serve the pages and REST; on SQLite due jobs are done here too."""
    leave_on_signal()
    _log_to_screen()
    with installation({"SSFLOW_BASE_URL": _address(host, port)}) as here:
        server = Server(here, host, port)
        with here.work() as work:
            secret = first_run_link(work)
        click.echo(f"ssflow serves {here.config.base_url} (listening on {host}:{port})")
        if secret:
            click.echo(f"Make the first administrator: {here.config.base_url}/first-run#{secret}")
        server.run()


@click.command()
def worker() -> None:
    """Do due jobs; run as many as you like beside `ssflow serve` on PostgreSQL."""
    leave_on_signal()
    _log_to_screen()
    with installation() as here:
        housekeeping.begin(here.system_work())
        click.echo("ssflow worker is looking for due jobs.")
        run_worker(here)


class Server:
    """The pages and REST, and on SQLite due jobs; holds its address before it serves."""

    def __init__(self, here: Installation, host: str, port: int) -> None:
        """Take the address.

        Raises:
            ClickException: somebody else has it, or it is not an address of this machine.
        """
        self._here = here
        self._worker = embedded_worker(here) if here.database.is_sqlite else None
        submit = self._worker.submit if self._worker else postgresql_submit()
        app = create_app(here.config, here.database, clock=now, submit=submit)
        try:
            self._server = create_server(
                app,
                host=host,
                port=port,
                threads=THREADS,
                ident="ssflow",
                max_request_body_size=MAX_BUFFERED_BYTES,
                # The application believes as many proxies as it was told of, by itself.
                clear_untrusted_proxy_headers=not here.config.trusted_proxies,
            )
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error).rstrip(".")
            raise click.ClickException(f"Cannot listen on {host}:{port}: {reason}.") from error

    def run(self) -> None:
        """Serve until the process is told to stop; what has begun is finished."""
        housekeeping.begin(self._here.system_work())
        if self._worker:
            self._worker.start()
        try:
            self._server.run()
        finally:
            self._server.close()
            if self._worker:
                self._worker.stop()


def leave_on_signal() -> None:
    """End in good order when the process is told to stop: it was asked to, so that is no fault."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


def _log_to_screen() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # httpx would tell whole addresses of calls, with what diagrams put into them.
    for chatty in ("alembic", "procrastinate", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _address(host: str, port: int) -> str:
    """Write where people find the server, unless SSFLOW_BASE_URL says it."""
    name = "localhost" if host in _ANY_OR_OWN else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"
