"""How many requests a key may make in a minute; counted by each server process for itself."""

import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from ringback.errors import TooManyRequests


class RequestRate:
    """Lets a number of requests a minute through for each key. The window slides: no minute has twice as many."""

    def __init__(self, requests_per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(requests_per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def spend(self, key_id: int) -> None:
        """Count one request. Raises `TooManyRequests`."""
        if await self._limiter.hit(self._limit, str(key_id)):
            return
        free = (await self._limiter.get_window_stats(self._limit, str(key_id))).reset_time
        raise TooManyRequests(
            f"Request was throttled: this API key may make {self._limit.amount} requests a minute.",
            retry_after=max(1.0, free - time.time()),
        )
