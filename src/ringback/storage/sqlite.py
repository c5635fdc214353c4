"""SQLite: the engine, its pragmas, and transactions that begin when we say so."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

WRITES = "ringback_writes"
"""Execution option of a connection whose transactions write."""


def probe(path: Path, *, busy_timeout: float) -> None:
    """Open the file once and switch it to write-ahead logging; raises `sqlite3.Error` where that cannot be done."""
    with closing(sqlite3.connect(path, timeout=busy_timeout)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


CONNECTIONS = 4
"""Connections to a file, each used by one thread at a time: a reader need not wait for a writer."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def sqlite_engine(path: Path | None, *, busy_timeout: float) -> Engine:
    """An engine over a file, or over memory where there is no path.

    Commits survive the death of the process; the last ones may be lost (never torn) when the machine loses power.

    Args:
        path: the database file; None keeps everything in memory, gone with the engine.
        busy_timeout: how long to wait for another process's write, in seconds.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path) if path else ":memory:"),
        poolclass=QueuePool,
        # A database in memory lives as long as its one connection.
        pool_size=CONNECTIONS if path else 1,
        max_overflow=0,
        hide_parameters=True,  # rows are nobody's business, also where an error is logged whole
        connect_args={"check_same_thread": False},
    )

    def prepare(connection: Any, _record: object) -> None:
        # No BEGIN of the driver's own: SQLAlchemy's begin event below says which kind it is.
        connection.isolation_level = None
        # SQLite's own knows ASCII only: who looks for NÄME would find näme on PostgreSQL alone.
        connection.create_function("lower", 1, _lower, deterministic=True)
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")
        if path:
            cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can fail at once beside another writer; taking the
        # write lock at the start waits for it instead.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine
