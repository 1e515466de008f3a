"""Queries for imports: what names stand for, and many records at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ssflow.domain.identity import User
from ssflow.domain.registers.budget import CostEntry
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service
from ssflow.domain.registers.working_time import Holiday

_ROWS_AT_ONCE = 1_000


def lock_imports(session: Session, kind: str) -> None:
    """Keep others from importing this kind until the end of the transaction.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"import:{kind}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def services_by_name(session: Session) -> dict[str, UUID]:
    """Map numbers, names, and both together as exports have them, to the ids of services.

    Capitals make no difference.
    """
    rows = session.execute(select(Service.id, Service.number, Service.name))
    return {
        called.casefold(): found
        for found, number, name in rows
        for called in (f"{number} {name}", number, name)
    }


def customers_by_name(session: Session) -> dict[str, UUID]:
    """Map names of customers, without regard to case, to their ids."""
    rows = session.execute(select(Customer.id, Customer.name))
    return {name.casefold(): found for found, name in rows}


def users_by_name(session: Session) -> dict[str, UUID]:
    """Map account names and addresses of people, without regard to case, to their ids."""
    rows = session.execute(select(User.id, User.email, User.name).where(User.is_active))
    return {name.casefold(): found for found, *names in rows for name in names if name}


def people_by_name(session: Session) -> dict[str, UUID]:
    """Map what people are called by, also the full names that only one bears, to their ids."""
    people = session.execute(select(User.id, User.full_name).where(User.is_active)).all()
    bearers = Counter(name.casefold() for _, name in people)
    alone = {name.casefold(): found for found, name in people if bearers[name.casefold()] == 1}
    return alone | users_by_name(session)


def holiday_days(session: Session) -> set[date]:
    """Find the days that are holidays already."""
    return set(session.scalars(select(Holiday.day)))


def insert_costs(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add many costs in few statements."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        session.execute(insert(CostEntry), list(rows[start : start + _ROWS_AT_ONCE]))
