"""Mark what the demonstration made, so that nobody takes it for real."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from ssflow.domain.instance import ProcessInstance
from ssflow.domain.registers.working_time import Holiday
from ssflow.store.records import RECORD_KINDS


def mark_all_as_demo(session: Session) -> None:
    """Mark every case and business record of this database; holidays are real ones."""
    session.execute(update(ProcessInstance).values(is_demo=True))
    for kind in RECORD_KINDS.values():
        if kind is not Holiday:
            session.execute(update(kind).values(is_demo=True))
