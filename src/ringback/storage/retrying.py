"""What may pass when it is tried again: a lost connection, a server that restarts, another transaction in the way."""

import math
import random
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.exc import DBAPIError

from ringback.errors import StorageError

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0

_IN_THE_WAY = ("40001", "40P01", "55P03", "23505")
"""Another transaction won: could not serialise, deadlock, waited too long for a lock, or it inserted the same key.
In each case ours has left nothing behind, and finds what the other did when it begins again."""

_GONE = ("08", "57P01", "57P02", "57P03", "57P05", "25P03", "53300")
"""The server or the connection went away, or has no room for one more (53300)."""

_RESTARTING = ("the database system is", "server closed the connection", "too many")
"""How a server that comes or goes refuses a connection; there is no code for it in that case."""

_FOR_GOOD = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
    "invalid sslmode",
    "invalid port",
    "connection option",
    "is not currently accepting connections",
)
"""How a server that is well refuses a connection."""


_asker_waits: ContextVar[float] = ContextVar("asker_waits", default=math.inf)


@contextmanager
def asker_waits(seconds: float) -> Generator[None]:
    """Who asks in here wants an answer within so many seconds, however patient the database's setting is."""
    before = _asker_waits.set(seconds)
    try:
        yield
    finally:
        _asker_waits.reset(before)


def patience(seconds: float) -> float:
    """How long to try again, in seconds: the given time, or less where who asks does not wait that long."""
    return min(seconds, _asker_waits.get())


class CommitCut(StorageError):
    """The connection was lost before the answer to COMMIT came: nobody knows whether it was saved."""


def was_cut(error: BaseException | None) -> bool:
    """Whether the connection was lost, or none could be had; SQLite has none that could be."""
    if not isinstance(error, DBAPIError) or not _is_postgresql(error):
        return False
    code: str | None = getattr(error.orig, "sqlstate", None)
    if code is not None:
        return code.startswith(_GONE)
    if type(error.orig).__name__ not in ("OperationalError", "InterfaceError"):
        return False
    return error.connection_invalidated or not any(text in str(error.orig) for text in _FOR_GOOD)


def may_pass(error: BaseException | None) -> bool:
    """Whether the same work may succeed a moment later."""
    if was_cut(error):
        return True
    return (
        isinstance(error, DBAPIError) and _is_postgresql(error) and getattr(error.orig, "sqlstate", None) in _IN_THE_WAY
    )


def in_the_way(error: BaseException | None) -> bool:
    """Whether another transaction won, rather than the connection being lost."""
    return may_pass(error) and not was_cut(error)


def is_restarting(error: BaseException | None) -> bool:
    """Whether there is a server, only not just now."""
    return was_cut(error) and isinstance(error, DBAPIError) and any(text in str(error.orig) for text in _RESTARTING)


def pauses() -> Generator[float]:
    """How long to wait before each further try, in seconds: longer and longer, never in step with others."""
    longest = _FIRST_PAUSE
    while True:
        yield longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it
        longest = min(longest * 2, _LONGEST_PAUSE)


def _is_postgresql(error: DBAPIError) -> bool:
    return hasattr(error.orig, "sqlstate")
