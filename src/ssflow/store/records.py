"""Queries for business records."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ssflow.domain.registers.working_time import Holiday


def holidays(session: Session) -> frozenset[date]:
    """Read the days on which nobody works."""
    return frozenset(session.scalars(select(Holiday.day)))
