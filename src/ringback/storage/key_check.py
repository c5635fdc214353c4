"""Looks whether the key at hand opens what is sealed in a database, before a process begins to work with it.

A worker with another key would take runs from those that can carry them out, and fail each of them.
"""

from sqlalchemy import Connection, select

from ringback.storage.database import Database
from ringback.storage.sealing import Seal
from ringback.storage.tables import agents, results


async def check_key(database: Database, seal: Seal) -> None:
    """Open what was sealed last. Raises `StorageError` where that was done with another key."""

    def newest(connection: Connection) -> list[str]:
        columns = ((results.c.agent, results.c.id), (agents.c.sealed, agents.c.id))
        queries = (
            select(sealed).where(sealed.is_not(None)).order_by(number.desc()).limit(1) for sealed, number in columns
        )
        return [found for query in queries if (found := connection.execute(query).scalar()) is not None]

    for sealed in await database.read(newest):
        seal.open(sealed)
