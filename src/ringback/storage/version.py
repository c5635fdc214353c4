"""The version of the tables that a database holds."""

from sqlalchemy import Connection, func, inspect, select

from ringback.errors import StorageError
from ringback.storage import tables


def version_of(connection: Connection, place: str) -> int | None:
    """The version of the tables; None in an empty database.

    Raises:
        StorageError: the tables are not ours, or do not say.
    """
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if tables.schema.name not in names:
        raise StorageError(f"The database {place} holds something else than Ringback's tables; choose another one.")
    version = connection.execute(select(tables.schema.c.version)).scalar_one_or_none()
    if version is None:
        raise StorageError(f"The database {place} does not say which version of Ringback's tables it holds.")
    return version


def lock_schema(connection: Connection) -> None:
    """Let one process at a time make or change tables, until the transaction ends. SQLite writes one at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(tables.schema.name))))
