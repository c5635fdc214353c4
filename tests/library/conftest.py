"""The library over SQLite and over PostgreSQL."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ringback.storage.database import Database
from ringback.storage.sealing import Seal, new_key

sys.path.insert(0, str(Path(__file__).parent))

from library_rooms import Rooms, rooms_of


@pytest.fixture
async def rooms(database_url: str) -> AsyncGenerator[Rooms]:
    """All rooms of the library, once on SQLite and once on PostgreSQL."""
    database = await Database.open(database_url, busy_timeout=10)
    yield await rooms_of(database, Seal(new_key()))
    await database.close()
