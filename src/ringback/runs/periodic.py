"""Does something again and again, whatever the database is doing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ringback.errors import StorageError

log = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work every so many seconds until cancelled; where it fails, for whatever reason, try again the next time.

    A worker without signs of life, or a service that looks after nobody, is worse than a defect that is logged.
    """
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except StorageError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("A defect in Ringback; it goes on.")
