"""Manage accounts, roles and access tokens."""

import os
from uuid import UUID

import click

from ssflow.cli.surroundings import Installation, installation
from ssflow.domain.identity import ADMIN, User
from ssflow.errors import NotFoundError
from ssflow.services.access_tokens import create_token
from ssflow.services.credentials import create_sign_in_link
from ssflow.services.people import create_user, disable_user, grant_role, revoke_role
from ssflow.services.shipped import install_roles
from ssflow.store.people import find_user_by_name, list_users
from ssflow.store.unit_of_work import UnitOfWork

SCOPED_TO = (
    click.option("--customer", type=click.UUID, help="Only for this customer (its id)."),
    click.option("--service", type=click.UUID, help="Only for this service (its id)."),
)


@click.group()
def user() -> None:
    """Add, list and disable accounts."""


@user.command("add")
@click.argument("name")
@click.option("--email", help="Where notices go.")
@click.option("--full-name", default="", help="The name that others see.")
@click.option("--admin", is_flag=True, help="Let the user administer ssflow.")
def add_user(name: str, email: str | None, full_name: str, *, admin: bool) -> None:
    """Add an account and print a link that signs its owner in once."""
    with installation() as here:
        with here.work() as work:
            install_roles(work)
            roles = (ADMIN,) if admin else ()
            added = create_user(work, name, full_name, email=email, roles=roles)
            secret = create_sign_in_link(work, added.id)
        tell_sign_in_link(here, secret)


@user.command("list")
def list_accounts() -> None:
    """List all accounts."""
    with installation() as here, here.work(read_only=True) as work:
        cursor = None
        while True:
            page = list_users(work.session, cursor=cursor, limit=200)
            for found in page.items:
                state = "" if found.is_active else " (disabled)"
                click.echo(f"{found.name}\t{found.full_name}\t{found.email or '-'}{state}")
            if (cursor := page.next_cursor) is None:
                return


@user.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Keep somebody out, at once."""
    with installation() as here, here.work() as work:
        disable_user(work, find_account(work, name).id)


@user.command("link")
@click.argument("name")
def link(name: str) -> None:
    """Print a new link that signs somebody in once."""
    with installation() as here:
        with here.work() as work:
            secret = create_sign_in_link(work, find_account(work, name).id)
        tell_sign_in_link(here, secret)


@click.group()
def role() -> None:
    """Give and take roles."""


@role.command("grant")
@click.argument("name", metavar="USER")
@click.argument("role_key", metavar="ROLE")
@SCOPED_TO[0]
@SCOPED_TO[1]
def grant(name: str, role_key: str, customer: UUID | None, service: UUID | None) -> None:
    """Give a user a role."""
    with installation() as here, here.work() as work:
        install_roles(work)
        account = find_account(work, name)
        grant_role(work, account.id, role_key, customer_id=customer, service_id=service)


@role.command("revoke")
@click.argument("name", metavar="USER")
@click.argument("role_key", metavar="ROLE")
@SCOPED_TO[0]
@SCOPED_TO[1]
def revoke(name: str, role_key: str, customer: UUID | None, service: UUID | None) -> None:
    """Take a role from a user."""
    with installation() as here, here.work() as work:
        account = find_account(work, name)
        revoke_role(work, account.id, role_key, customer_id=customer, service_id=service)


@click.group()
def token() -> None:
    """Make access tokens for REST."""


@token.command("create")
@click.option("--user", "name", required=True, help="Whose rights the token has.")
@click.option("--name", "label", required=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, help="Limit the token; may be repeated.")
def create(name: str, label: str, scopes: tuple[str, ...]) -> None:
    """Make a token and print it once, alone on the last line."""
    with installation() as here:
        with here.work() as work:
            account = find_account(work, name)
            made = create_token(work, account.id, label, scopes=list(scopes) or None)
        click.echo("Keep this token now; it is not shown again:")
        click.echo(made.text)


def find_account(work: UnitOfWork, name: str) -> User:
    """Give the account of this name.

    Raises:
        NotFoundError: there is none.
    """
    found = find_user_by_name(work.session, name)
    if found is None:
        raise NotFoundError(f"There is no user {name}.")
    return found


def tell_sign_in_link(here: Installation, secret: str) -> None:
    """Print a link, and beside it what to do if it leads elsewhere than ssflow is served."""
    click.echo(sign_in_address(here, secret))
    if "SSFLOW_BASE_URL" not in os.environ:
        click.echo(
            f"If ssflow is not served at {here.config.base_url}, open the link where it is, and "
            "set SSFLOW_BASE_URL to that address for every command.",
            err=True,
        )


def sign_in_address(here: Installation, secret: str) -> str:
    """Write the address that signs somebody in once; the secret never reaches a server's log."""
    return f"{here.config.base_url}/sign-in-link#{secret}"
