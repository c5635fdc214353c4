"""Looks whether the key at hand is the database's, before a process begins to work with it.

A worker with another key would take runs from those that can carry them out, and fail each of them.
"""

from sqlalchemy import Connection, insert, select

from ringback.storage.database import Database
from ringback.storage.sealing import Seal
from ringback.storage.tables import key_checks

_SEALED = "Whoever reads this has the key."


async def check_key(database: Database, seal: Seal) -> None:
    """Open what the first process sealed; be the first where there was none.

    Raises:
        StorageError: it was sealed with another key.
    """

    def first_or_known(connection: Connection) -> str:
        known = connection.execute(select(key_checks.c.sealed)).scalar()
        if known is None:
            known = seal.close(_SEALED)
            # Where another process is as quick, one of the two transactions fails, and begins again.
            connection.execute(insert(key_checks).values(id=1, sealed=known))
        return known

    seal.open(await database.write(first_or_known, repeat=True))
