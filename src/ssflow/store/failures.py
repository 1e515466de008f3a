"""What a driver's error means, whatever the database."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_LOST_RACES = {"40001", "40P01", "55P03", "23505"}
"""PostgreSQL: serialization failure, deadlock, lock not available, unique violation."""
_AWAY_CLASSES = ("08", "53", "57", "58")
"""PostgreSQL: connection, resources, operator intervention, system error."""
_READ_ONLY = "25006"
_SQLITE_LOST_RACES = {
    sqlite3.SQLITE_BUSY_SNAPSHOT,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
}
_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
_PRIMARY_CODE = 0xFF


def is_lost_race(error: DBAPIError) -> bool:
    """Tell whether somebody else wrote at the same moment, so that trying again may succeed."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) in _SQLITE_LOST_RACES
    return _sqlstate(error) in _LOST_RACES


def is_away(error: DBAPIError) -> bool:
    """Tell whether the database cannot be reached, is busy for too long, full or broken."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) & _PRIMARY_CODE in _SQLITE_AWAY
    if state := _sqlstate(error):
        return state.startswith(_AWAY_CLASSES)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def is_read_only(error: DBAPIError) -> bool:
    """Tell whether nothing may be written: a file without the right to, a standby server."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) & _PRIMARY_CODE == sqlite3.SQLITE_READONLY
    return _sqlstate(error) == _READ_ONLY


def _sqlite_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) or 0


def _sqlstate(error: DBAPIError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None
