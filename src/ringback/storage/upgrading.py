"""Brings the tables of an older Ringback up to date; loaded only where that is asked for, for Alembic is heavy.

`ringback_schema.version` is the truth, for every Ringback can read it. Alembic's own note beside it is written from it
before each upgrade. The version of the tables, the revision of a step and `tables.SCHEMA_VERSION` are one number.
"""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from ringback.errors import StorageError
from ringback.storage import tables
from ringback.storage.failures import failures_as_sentences
from ringback.storage.sqlite import WRITES
from ringback.storage.version import lock_schema, version_of

_LOGGER = logging.getLogger("ringback.storage")


def upgrade(engine: Engine, place: str) -> int:
    """Take the steps that are missing, all or none; the version that was found.

    A file is copied first, beside itself.

    Raises:
        StorageError: it cannot be done, and nothing was changed.
    """
    try:
        with failures_as_sentences(place), engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            with connection.begin():
                lock_schema(connection)
                version = version_of(connection, place)
                if version is None or version >= tables.SCHEMA_VERSION:
                    return tables.SCHEMA_VERSION  # another process was faster
                copy = _copy(engine.url.database, version) if connection.dialect.name == "sqlite" else None
                take_steps(connection, version)
    except (ValueError, CommandError) as error:
        raise StorageError(
            f"The database {place} could not be brought up to date, and was left as it was: {error}."
        ) from error
    kept = f" The file as it was: {copy}" if copy else ""
    _LOGGER.warning("The database %s was brought from schema %s to %s.%s", place, version, tables.SCHEMA_VERSION, kept)
    return version


def take_steps(connection: Connection, version: int, to: int = tables.SCHEMA_VERSION) -> None:
    """Take the steps after one version up to another, in the connection's transaction."""
    if connection.dialect.name == "postgresql":
        # Large tables take their time.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    config = _config()
    config.attributes["connection"] = connection
    if version:
        command.stamp(config, str(version), purge=True)
    command.upgrade(config, str(to))


def steps_after(version: int) -> list[str]:
    """What each step after a version brings, the next one first."""
    script = ScriptDirectory.from_config(_config())
    revisions = [script.get_revision(str(number)) for number in range(version + 1, tables.SCHEMA_VERSION + 1)]
    return [f"{revision.revision}: {revision.doc}" for revision in revisions]


def _config() -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def _copy(database: str | None, version: int) -> Path | None:
    """Copy a database file while nobody can write to it; where the copy is. None in memory."""
    if database in (None, "", ":memory:"):
        return None
    path = Path(database)
    names = (f"{path.name}.schema-{version}{more}" for more in ("", *(f"-{number}" for number in range(2, 1000))))
    copy = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        shutil.copymode(path, copy)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy
