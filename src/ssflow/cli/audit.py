"""Prove that the audit trail is whole."""

import sys

import click

from ssflow.cli.surroundings import installation
from ssflow.services.audit import verify_all


@click.group()
def audit() -> None:
    """Prove that the audit trail is whole."""


@audit.command("verify")
def verify() -> None:
    """Walk every chain of the trail and compare each link."""
    streams = events = 0
    broken = []
    with installation() as here, here.work(read_only=True) as work:
        for found in verify_all(work):
            streams, events = streams + 1, events + found.events
            if found.problem:
                broken.append(found)
                click.echo(f"{found.stream}: {found.problem}")
    click.echo(f"{streams} chains with {events} events, {len(broken)} broken")
    sys.exit(1 if broken else 0)
