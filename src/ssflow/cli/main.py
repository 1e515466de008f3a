"""The command `ssflow` and its groups."""

import os
import sys

import click

from ssflow.cli.audit import audit
from ssflow.cli.bundles import deploy, lint, test
from ssflow.cli.database import db
from ssflow.cli.demo import demo
from ssflow.cli.people import role, token, user
from ssflow.cli.serve import serve, worker
from ssflow.errors import SsflowError

_OTHERS_MAY_NOTHING = 0o077


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ssflow")
def commands() -> None:
    """Run the processes of ITIL service strategy: inbox, diagrams to edit, audit trail."""


for command in (demo, serve, worker, deploy, lint, test, user, role, token, db, audit):
    commands.add_command(command)


def main() -> None:
    """Run a command; what people can mend is told in one line, without a traceback."""
    former = os.umask(_OTHERS_MAY_NOTHING)  # the database holds hashes, sessions and case files
    try:
        commands()
    except SsflowError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    finally:
        os.umask(former)
