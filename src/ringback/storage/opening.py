"""Opens a database: makes it where there is none, and refuses what this version cannot use."""

from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ringback.errors import StorageError
from ringback.storage import tables
from ringback.storage.failures import failures_as_sentences
from ringback.storage.postgresql import DRIVERS, place_of, postgresql_engine
from ringback.storage.sqlite import WRITES, probe, sqlite_engine


def engine_for(url: str, *, busy_timeout: float) -> tuple[Engine, str]:
    """An engine for a database URL, and what to call the database in a sentence.

    Raises:
        StorageError: the URL is none, names a kind of database that is not supported, or the file cannot be opened.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
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


def create_or_check(engine: Engine, place: str, *, upgrade: bool | None = None) -> None:  # noqa: ARG001 - comes with the migrations
    """Make the tables in an empty database; raise `StorageError` where the tables are not ours or too new."""
    with failures_as_sentences(place), engine.connect() as connection:
        version = _version(connection, place)
        connection.rollback()
        if version is None:
            writing = connection.execution_options(**{WRITES: True})
            with writing.begin():
                version = _create(writing, place)
    if version > tables.SCHEMA_VERSION:
        raise StorageError(
            f"The database {place} was written by a newer Ringback (schema {version}; this one knows "
            f"{tables.SCHEMA_VERSION}). Upgrade Ringback, or choose another place with RINGBACK_HOME."
        )


def _create(connection: Connection, place: str) -> int:
    # Another process may have made the tables while this one waited for the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("ringback_schema"))))
    version = _version(connection, place)
    if version is None:
        tables.metadata.create_all(connection, checkfirst=False)
        connection.execute(tables.schema.insert().values(version=tables.SCHEMA_VERSION))
        version = tables.SCHEMA_VERSION
    return version


def _version(connection: Connection, place: str) -> int | None:
    """The version of the tables; None in an empty database."""
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if tables.schema.name not in names:
        raise StorageError(f"The database {place} holds something else than Ringback's tables; choose another file.")
    version = connection.execute(select(tables.schema.c.version)).scalar_one_or_none()
    if version is None:
        raise StorageError(f"The database {place} does not say which version of Ringback's tables it holds.")
    return version
