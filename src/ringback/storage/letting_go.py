"""Closes a database's connections while threads may still be at work with some of them."""

from typing import Any

from sqlalchemy import Engine, event


def let_go(engine: Engine) -> None:
    """Close the connections that nobody uses, and the others as soon as they come back.

    SQLAlchemy's own `dispose` forgets those in use: they come back to a pool that is gone, which drops them open.
    """
    event.listen(engine.pool, "checkin", _close)
    engine.dispose()


def _close(connection: Any, _record: object) -> None:
    if connection is not None:  # None: it was lost before
        connection.close()
