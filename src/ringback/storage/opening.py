"""Opens a database: makes it where there is none, brings it up to date, or refuses what this version cannot use."""

from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ringback.errors import StorageError
from ringback.storage import tables
from ringback.storage.failures import failures_as_sentences
from ringback.storage.postgresql import DRIVERS, place_of, postgresql_engine
from ringback.storage.sqlite import WRITES, probe, sqlite_engine
from ringback.storage.version import lock_schema, version_of


def engine_for(url: str, *, busy_timeout: float) -> tuple[Engine, str]:
    """An engine for a database URL, and what to call the database in a sentence.

    Raises:
        StorageError: the URL is none, names a kind of database that is not supported, or the file cannot be opened.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The URL itself may hold a password, so it is not repeated.
        raise StorageError(
            "The database URL cannot be read. Examples: sqlite:////var/lib/ringback.db, postgresql://user@host/ringback"
        ) from None
    if parsed.drivername in DRIVERS:
        return postgresql_engine(parsed, lock_timeout=busy_timeout), place_of(parsed)
    if parsed.drivername not in ("sqlite", "sqlite+aiosqlite"):
        raise StorageError(
            f"Databases of the kind {parsed.drivername} are not supported; use sqlite:///path/to/file.db or "
            "postgresql://user:password@host/name."
        )
    if parsed.database in (None, "", ":memory:"):
        return sqlite_engine(None, busy_timeout=busy_timeout), "in memory"
    path = Path(parsed.database)
    with failures_as_sentences(str(path)):
        # Transcripts are nobody else's business.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe(path, busy_timeout=busy_timeout)
    return sqlite_engine(path, busy_timeout=busy_timeout), str(path)


def create_or_check(engine: Engine, place: str, *, upgrade: bool | None = None) -> None:
    """Make the tables in an empty database, and bring older ones up to date where that may be done.

    Args:
        engine: of the database.
        place: what to call it in a sentence.
        upgrade: whether to bring older tables up to date; None: those of an SQLite file only, after it was copied.

    Raises:
        StorageError: the tables are not ours, too new, or too old and may not be changed.
    """
    with failures_as_sentences(place), engine.connect() as connection:
        version = version_of(connection, place)
        connection.rollback()
        if version is None:
            writing = connection.execution_options(**{WRITES: True})
            with writing.begin():
                version = _create(writing, place)
    refuse_newer(version, place)
    if version < tables.SCHEMA_VERSION:
        # Others may be at work in a database server; a file is one machine's.
        if not (engine.dialect.name == "sqlite" if upgrade is None else upgrade):
            raise StorageError(
                f"The database {place} was written by an older Ringback (schema {version}; this one needs "
                f"{tables.SCHEMA_VERSION}). Make a backup, stop its servers and workers, and run `ringback db upgrade`."
            )
        from ringback.storage import upgrading  # noqa: PLC0415 - Alembic is heavy, and rarely needed

        upgrading.upgrade(engine, place)


def refuse_newer(version: int, place: str) -> None:
    """Raise `StorageError` where the tables are newer than this Ringback."""
    if version > tables.SCHEMA_VERSION:
        raise StorageError(
            f"The database {place} was written by a newer Ringback (schema {version}; this one knows "
            f"{tables.SCHEMA_VERSION}). Upgrade Ringback, or choose another place with RINGBACK_HOME."
        )


def _create(connection: Connection, place: str) -> int:
    lock_schema(connection)
    # Another process may have made the tables while this one waited for the lock.
    version = version_of(connection, place)
    if version is None:
        tables.metadata.create_all(connection, checkfirst=False)
        connection.execute(tables.schema.insert().values(version=tables.SCHEMA_VERSION))
        version = tables.SCHEMA_VERSION
    return version
