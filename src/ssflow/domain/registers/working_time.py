"""Days on which nobody works."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base
from ssflow.domain.registers.record import Record


class Holiday(Record, Base):
    """A day that is not a working day."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(unique=True)
    name: Mapped[str]
