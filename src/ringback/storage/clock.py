"""One clock for all processes: the database's, where several machines share one."""

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

_NOW = select(func.clock_timestamp())


def now_of(connection: Connection) -> datetime:
    """The time by which signs of life are compared; machines' own clocks may differ by minutes."""
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(_NOW).scalar_one()
        return now.astimezone(UTC)
    return datetime.now(UTC)
