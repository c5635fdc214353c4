"""The API keys of the settings' database, for doors that need nothing else of the service."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ringback.settings import Settings
from ringback.storage.database import Database
from ringback.storage.keys import KeyStore


@asynccontextmanager
async def open_keys(settings: Settings) -> AsyncGenerator[KeyStore]:
    """The keys, for as long as the context lasts. Raises `StorageError`."""
    database = await Database.open(settings.effective_database_url, patience=settings.database_patience)
    try:
        yield KeyStore(database)
    finally:
        await database.close()
