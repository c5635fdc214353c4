"""The engine's own connections: SQLite and PostgreSQL, so that a pause, a power cut or a cut line does little harm."""

import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from ringback.errors import StorageError
from ringback.storage.failures import failures_as_sentences
from ringback.storage.sqlite import probe

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer of the file."""

_IDLE = 1.0
"""Seconds after which a connection that nobody used is asked whether it is still there."""
_GIVEN_BACK = "given_back"
"""Where a connection keeps when it was last given back to the pool, on the monotonic clock."""

SQLITE_CONNECTIONS = 1
"""Threads queue for the one connection, in turn, instead of each asking time and again for the file's lock."""


def connect(url: str, *, threads: int) -> tuple[Engine, str]:
    """Connections for the engine, and what to call the database in a sentence.

    Args:
        url: `sqlite:///file` or `postgresql://…`.
        threads: connections to PostgreSQL that are kept.

    Raises:
        StorageError: another kind of database, or a file that cannot be opened.
    """
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return _postgresql(parsed, threads=threads), parsed.render_as_string(hide_password=True)
    if kind != "sqlite" or not parsed.database:
        raise StorageError("The engine keeps its queue in a file (sqlite:///path) or in PostgreSQL (postgresql://…).")
    path = Path(parsed.database)
    with failures_as_sentences(str(path)):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe(path, busy_timeout=BUSY_TIMEOUT)
    return _sqlite(path), str(path)


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=SQLITE_CONNECTIONS,
        max_overflow=0,
        connect_args={"check_same_thread": False},
    )

    def prepare(connection: Any, _record: object) -> None:
        # Taking the write lock when a transaction begins, not at its first write, so that nobody fails half-way.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")
        # What a power cut takes from the end of this file, the reconciler puts back from the run table.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    event.listen(engine, "connect", prepare)
    return engine


def _postgresql(url: URL, *, threads: int) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=threads,
        max_overflow=4,
        pool_timeout=30,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "ringback",
            # A cut line is noticed within about half a minute, in either direction.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
            # A process that was stopped in mid-transaction must not hold rows against the others.
            "options": "-c idle_in_transaction_session_timeout=30000",
        },
    )
    _ask_idle_ones(engine)
    return engine


def _ask_idle_ones(engine: Engine) -> None:
    """Whether a connection is still there is asked where it was idle: the engine's own way asks before each use."""

    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_GIVEN_BACK] = time.monotonic()

    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        given_back = record.info.get(_GIVEN_BACK)
        if given_back is None or time.monotonic() - given_back < _IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            raise InvalidatePoolError("The connection was cut while nobody used it.") from gone  # all are made anew

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", ask)
