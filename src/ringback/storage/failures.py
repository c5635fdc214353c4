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
    name = getattr(error, "sqlite_errorname", "")
    for start, sentence in _SENTENCES:
        if name.startswith(start):
            return sentence.format(place=place)
    return f"The database {place} cannot be used: {error}"
