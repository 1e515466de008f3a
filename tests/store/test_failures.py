import sqlite3

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from ssflow.store.failures import is_away, is_lost_race, is_read_only


def failure(original: Exception) -> DBAPIError:
    """What SQLAlchemy makes of a driver's error."""
    base = sqlite3.Error if isinstance(original, sqlite3.Error) else psycopg.Error
    wrapped = DBAPIError.instance("SELECT 1", {}, original, base)
    assert isinstance(wrapped, DBAPIError)
    return wrapped


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("told by its code")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "original",
    [
        errors.SerializationFailure(),
        errors.DeadlockDetected(),
        errors.LockNotAvailable(),
        errors.UniqueViolation(),
        sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT_UNIQUE),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY),
    ],
)
def test_whoever_lost_a_race_may_try_again(original: Exception) -> None:
    assert is_lost_race(failure(original))


@pytest.mark.parametrize(
    "original",
    [
        errors.ConnectionFailure(),
        errors.TooManyConnections(),
        errors.DiskFull(),
        errors.AdminShutdown(),
        errors.CannotConnectNow(),
        errors.IoError(),
        psycopg.OperationalError("connection refused"),
        psycopg.InterfaceError("the connection is closed"),
        sqlite_error(sqlite3.SQLITE_BUSY),
        sqlite_error(sqlite3.SQLITE_LOCKED),
        sqlite_error(sqlite3.SQLITE_FULL),
        sqlite_error(sqlite3.SQLITE_IOERR_WRITE),
        sqlite_error(sqlite3.SQLITE_CANTOPEN),
        sqlite_error(sqlite3.SQLITE_CORRUPT_INDEX),
        sqlite_error(sqlite3.SQLITE_NOTADB),
    ],
)
def test_a_database_that_cannot_be_used_is_away(original: Exception) -> None:
    error = failure(original)

    assert is_away(error)
    assert not is_lost_race(error)


@pytest.mark.parametrize(
    "original",
    [
        errors.SyntaxError(),
        errors.ForeignKeyViolation(),
        errors.NotNullViolation(),
        errors.ReadOnlySqlTransaction(),
        errors.InsufficientPrivilege(),
        sqlite_error(sqlite3.SQLITE_ERROR),
        sqlite_error(sqlite3.SQLITE_READONLY),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT_TRIGGER),
        sqlite3.ProgrammingError("without a code"),
    ],
)
def test_faults_of_ours_are_neither(original: Exception) -> None:
    error = failure(original)

    assert not is_away(error)
    assert not is_lost_race(error)


@pytest.mark.parametrize(
    "original", [errors.ReadOnlySqlTransaction(), sqlite_error(sqlite3.SQLITE_READONLY_DBMOVED)]
)
def test_what_may_not_be_written_is_told(original: Exception) -> None:
    assert is_read_only(failure(original))
    assert not is_read_only(failure(sqlite_error(sqlite3.SQLITE_FULL)))
