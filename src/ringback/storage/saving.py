"""Saving what many runs came to, in one statement where the database can.

The driver of SQLite gives the interpreter's lock away around every statement. With a statement a run, the event loop
and the thread that writes took it from each other so often that this cost more than the writing.
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from ringback.domain.run import RunStatus
from ringback.storage.owner import Owner
from ringback.storage.rows import SAVE, bound
from ringback.storage.writer import RunChange

_NOT_SAVED = frozenset({"run", "writer"})
"""Parameters of `SAVE` that only say which row."""

_KNOWS_UPDATE_FROM = sqlite3.sqlite_version_info >= (3, 33)


def save_all(connection: Connection, changes: Sequence[RunChange], owner: Owner) -> int:
    """Save changes of runs that are this owner's and not done; how many were."""
    rows = [bound(change, owner) for change in changes]
    # Where a run changes twice, the order of the changes counts, and one statement has none.
    distinct = len({change.id for change in changes}) == len(changes)
    if connection.dialect.name == "sqlite" and _KNOWS_UPDATE_FROM and distinct:
        names = tuple(name for name in rows[0] if name not in _NOT_SAVED)
        values = [_as_sqlite(row[name]) for row in rows for name in ("run", *names)]
        values += [str(owner), str(RunStatus.DONE)]
        return connection.exec_driver_sql(_statement(len(rows), names), tuple(values)).rowcount
    return connection.execute(SAVE, rows).rowcount


@lru_cache(maxsize=512)
def _statement(rows: int, names: tuple[str, ...]) -> str:
    """`SAVE`, its fence included, for so many rows; SQLite calls the columns of VALUES column1, column2, …"""
    places = {name: f"new.column{place}" for place, name in enumerate(names, 2)}
    assigned = ", ".join(f"{name} = {place}" for name, place in places.items())
    row = f"({', '.join('?' * (len(names) + 1))})"
    return (
        f"UPDATE runs SET {assigned} FROM (VALUES {', '.join([row] * rows)}) AS new"  # noqa: S608 - names of our own
        f" WHERE runs.id = new.column1 AND runs.owner = ? AND runs.attempt <= {places['attempt']} AND runs.status != ?"
    )


def _as_sqlite(value: Any) -> Any:
    """The value as the types of the columns write it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return str(value) if isinstance(value, str) else value
