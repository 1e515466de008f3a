"""Take back part of a transaction."""

from sqlalchemy.orm import Session, SessionTransaction


class Savepoint:
    """A mark in a transaction, set only when something is about to be done that may be undone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: SessionTransaction | None = None

    @property
    def is_set(self) -> bool:
        """Whether a mark stands."""
        return self._open is not None

    def set(self) -> None:
        """Mark this moment, unless a mark stands already."""
        if self._open is None:
            self._open = self._session.begin_nested()

    def keep(self) -> None:
        """Let everything since the mark stand, and forget the mark."""
        if self._open is not None and self._open.is_active:
            self._open.commit()
        self._open = None

    def undo(self) -> None:
        """Take everything since the mark back, and forget the mark."""
        if self._open is not None and self._open.is_active:
            self._open.rollback()
        self._open = None
