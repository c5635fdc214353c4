"""What a database says when it cannot go on, as a sentence that tells what to do."""

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ringback.errors import StorageError

_ELSEWHERE = "Choose another place with RINGBACK_HOME or RINGBACK_DATABASE_URL, or keep nothing with --no-store."

_SENTENCES = (
    ("SQLITE_FULL", "The disk is full: {place} cannot grow. Free some space and run again."),
    ("SQLITE_READONLY", "The database {place} cannot be written: it, or its directory, is read-only. " + _ELSEWHERE),
    ("SQLITE_PERM", "The database {place} cannot be written: permission denied. " + _ELSEWHERE),
    ("SQLITE_CANTOPEN", "The database {place} cannot be opened or created. " + _ELSEWHERE),
    (
        "SQLITE_NOTADB",
        "{place} is not a database, or it is damaged. Move it away and a new one is made. " + _ELSEWHERE,
    ),
    (
        "SQLITE_CORRUPT",
        "The database {place} is damaged. Move it away and a new one is made; `sqlite3 FILE .recover` may save some.",
    ),
    (
        "SQLITE_BUSY",
        "The database {place} is held by another process that does not let go. Wait for it, or end it, and run again.",
    ),
    ("SQLITE_LOCKED", "The database {place} is held by another process that does not let go."),
    ("SQLITE_IOERR", "The disk under {place} does not take or give data (full, over a quota, or broken)."),
)

_OTHER_TABLES = (
    "The database {place} has not the tables that go with its schema number ({what}): an unreleased Ringback made it,"
    " or it was changed by hand. Move it away and a new one is made, or restore it from a backup."
)
_LACKS = ("no such table", "no such column", "has no column")
"""What SQLite says of it; its code is that of any error."""

_REACHED = "Check RINGBACK_DATABASE_URL, and that the server runs and can be reached from here."
_PARAMETER = "RINGBACK_DATABASE_URL has a port or parameter that PostgreSQL does not know, or a value that is none."

_BY_CODE = (
    ("53100", "The disk of the database {place} is full. Free some space there and try again."),
    ("53300", "The database {place} takes no more connections. Raise its max_connections, or run fewer workers."),
    ("53", "The server of the database {place} is short of memory or of another resource: {what}"),
    (
        "25006",
        "The database {place} cannot be written: it is read-only, a standby or set so. Use the primary server's URL.",
    ),
    ("42501", "The database {place} refuses: {what}. Grant the role of the URL what it needs, or use another role."),
    ("57014", "The database {place} took too long with a statement and was stopped."),
    ("55P03", "The database {place} is held by another transaction that does not let go. Find it in pg_stat_activity."),
    ("22003", "The database {place} holds no number as large as one that was asked for."),
    ("42P01", _OTHER_TABLES),
    ("42703", _OTHER_TABLES),
    ("XX001", "The database {place} is damaged: {what}. Restore it from a backup."),
    ("XX002", "The database {place} is damaged: {what}. Restore it from a backup."),
    ("57P", "The server of the database {place} was stopped or restarts. " + _REACHED),
    ("08", "The connection to the database {place} was lost. " + _REACHED),
)
"""What PostgreSQL says once there is a connection, by how its code begins."""

_BY_TEXT = (
    (
        "authentication failed",
        "The database {place} refuses the user or the password of RINGBACK_DATABASE_URL.",
    ),
    ("no password supplied", "The database {place} asks for a password; RINGBACK_DATABASE_URL has none."),
    ("role ", "The database {place} does not know the user of RINGBACK_DATABASE_URL."),
    ("database ", "There is no database {place}. Make it with `createdb`, or check RINGBACK_DATABASE_URL."),
    ("invalid sslmode", _PARAMETER),
    ("invalid port", _PARAMETER),
    ("connection option", _PARAMETER),
    ("bad value", _PARAMETER),
    ("no pg_hba.conf entry", "The server of the database {place} lets nobody in from this machine with that user."),
    ("too many", "The database {place} takes no more connections. Raise its limit, or run fewer workers."),
    ("the database system is", "The server of the database {place} was stopped or restarts. " + _REACHED),
    ("resolve host", "No machine of that name is known: the database {place} cannot be found. " + _REACHED),
    ("refused", "Nobody answers for the database {place}: the connection was refused. " + _REACHED),
    ("No such file", "Nobody answers for the database {place}: there is no such socket. " + _REACHED),
    ("timeout expired", "Nobody answers for the database {place} in time. " + _REACHED),
    ("SSL", "No encrypted connection to the database {place}: check sslmode in RINGBACK_DATABASE_URL."),
    ("NUL", "The database {place} holds no text with the character NUL."),
)
"""What PostgreSQL, or its client, says before there is a connection, where there are no codes."""


@contextmanager
def failures_as_sentences(place: str) -> Generator[None]:
    """Turn whatever the database or the file system raises into a `StorageError` that names the place."""
    try:
        yield
    except DBAPIError as error:
        raise StorageError(_sentence(error.orig, place)) from error
    except sqlite3.Error as error:
        raise StorageError(_sentence(error, place)) from error
    except PoolTimeout as error:
        raise StorageError(f"The database {place} had no connection free in time.") from error
    except SQLAlchemyError as error:
        raise StorageError(f"The database {place} cannot be used: {error}") from error
    except ValidationError as error:
        raise StorageError(f"The database {place} holds a record that cannot be read: {error.title}.") from error
    except OverflowError as error:
        raise StorageError(f"The database {place} holds no number as large as one that was asked for.") from error
    except OSError as error:
        raise StorageError(_file_sentence(error, place)) from error


def _file_sentence(error: OSError, place: str) -> str:
    """Why the file system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {place} cannot be made. Free some space and run again."
    return f"The database {place} cannot be made: {(error.strerror or 'unknown cause').lower()}. {_ELSEWHERE}"


def _sentence(error: BaseException | None, place: str) -> str:
    if hasattr(error, "sqlstate"):
        return _postgresql_sentence(error, place)
    name = getattr(error, "sqlite_errorname", "")
    for start, sentence in _SENTENCES:
        if name.startswith(start):
            return sentence.format(place=place)
    if any(part in str(error) for part in _LACKS):
        return _OTHER_TABLES.format(place=place, what=error)
    return f"The database {place} cannot be used: {error}"


def _postgresql_sentence(error: BaseException | None, place: str) -> str:
    code: str | None = getattr(error, "sqlstate", None)
    if code is None:
        return _connection_sentence(str(error), place)
    what = str(error).partition("\n")[0]
    for start, sentence in _BY_CODE:
        if code.startswith(start):
            return sentence.format(place=place, what=what)
    return f"The database {place} cannot be used: {what} ({code})"


def _connection_sentence(text: str, place: str) -> str:
    # After "FATAL:" come the server's own words; before it, the client's, with the address.
    said = text.rpartition("FATAL:")[2].strip()
    for part, sentence in _BY_TEXT:
        if said.startswith(part) if part.endswith(" ") else part in said:
            return sentence.format(place=place)
    return f"The connection to the database {place} failed or was lost. {_REACHED}"
