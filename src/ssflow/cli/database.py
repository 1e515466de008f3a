"""Look after the database."""

import click

from ssflow.cli.surroundings import installation


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def upgrade() -> None:
    """Bring the tables up to this version of ssflow."""
    with installation():
        click.echo("The database is up to date.")
