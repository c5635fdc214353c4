"""Does something again and again, whatever the database is doing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ringback.errors import StorageError

log = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work every so many seconds until cancelled; where the database is away, try again the next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except StorageError as error:
            log.warning("%s", error)
