"""Slow down whoever guesses: per account and per address, counted before any hash is computed."""

from datetime import timedelta

from flask import request

from ssflow.domain.identity import SYSTEM
from ssflow.services.credentials import give_back_attempt
from ssflow.store import sign_in as rows
from ssflow.web.site import current_site


def reserve_attempt(name: str = "") -> timedelta | None:
    """Count one attempt to sign in; gives the time to wait when there were too many."""
    site = current_site()
    with site.open_work(SYSTEM) as work:
        return rows.reserve_attempt(work.session, _subjects(name), work.now) or None


def forgive(name: str = "") -> None:
    """Forget the account's attempts after one that succeeded, and take this one off the address."""
    address, *account = _subjects(name)
    with current_site().open_work(SYSTEM) as work:
        rows.clear_attempts(work.session, account)
        give_back_attempt(work, address)


def _subjects(name: str) -> list[str]:
    """Give what is counted: the address, and the account when one is named."""
    address = f"address:{request.remote_addr or '-'}"
    return [address, f"account:{name.casefold()[:64]}"] if name else [address]
