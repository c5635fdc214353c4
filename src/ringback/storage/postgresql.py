"""PostgreSQL: the engine, what its connections agree on, and how the database is called in a sentence."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

DRIVERS = ("postgresql", "postgres", "postgresql+psycopg")
"""What a URL of PostgreSQL may begin with."""

CONNECTIONS = 8
"""Connections of one process, each used by one thread at a time."""

_STATEMENT_TIMEOUT = 60.0
"""Seconds; no statement of ours takes nearly as long, so one that does is stuck."""

_NETWORK = {
    "connect_timeout": 5,
    # A cut that nobody announces is noticed within about 15 seconds, whether we wait for an answer or send.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
    "application_name": "ringback",
}


def place_of(url: URL) -> str:
    """What to call the database in a sentence: never with user or password."""
    # Behind the last "@" alone: before it may stand the end of a password that was not escaped.
    host = (url.host or "").rpartition("@")[2] or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"{url.database or 'of the user'} on {host}{port}"


def postgresql_engine(url: URL, *, lock_timeout: float) -> Engine:
    """An engine over a PostgreSQL database; nothing is connected yet.

    Args:
        url: with one of `DRIVERS`; libpq's parameters may be given in its query and go before ours.
        lock_timeout: how long to wait for another transaction's lock, in seconds.
    """
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,  # rows are nobody's business, also where an error is logged whole
        connect_args={name: value for name, value in _NETWORK.items() if name not in url.query},
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, _without_nul())
        connection.autocommit = True
        connection.execute(
            "SELECT set_config('TimeZone', 'UTC', false),"
            f" set_config('statement_timeout', '{int(_STATEMENT_TIMEOUT * 1000)}', false),"
            f" set_config('lock_timeout', '{int(lock_timeout * 1000)}', false),"
            # Somebody who was paused inside a transaction keeps others from their rows no longer than this.
            f" set_config('idle_in_transaction_session_timeout', '{int(_STATEMENT_TIMEOUT * 1000)}', false)"
        )
        connection.autocommit = False

    event.listen(engine, "connect", prepare)
    return engine


def _without_nul() -> type[Any]:
    """PostgreSQL's text holds no NUL, and agents send what they like: it becomes U+FFFD."""
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - the driver is loaded where it is used

    class WithoutNul(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

    return WithoutNul
