"""How many requests a key may make in a minute; counted by each server process for itself."""

import math

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from ringback.errors import TooManyRequests

_MINUTE = 60


class RequestRate:
    """Lets a number of requests a minute through for each key. The window slides: no minute has twice as many."""

    def __init__(self, requests_per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(requests_per_minute)
        self._storage = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def spend(self, key_id: int) -> None:
        """Count one request. Raises `TooManyRequests`."""
        if not await self._limiter.hit(self._limit, str(key_id)):
            raise TooManyRequests(
                f"Request was throttled: this API key may make {self._limit.amount} requests a minute.",
                retry_after=math.floor(await self._wait(key_id)) + 1,
            )

    async def _wait(self, key_id: int) -> float:
        """Seconds until the weight of the window has fallen below the limit; those of the library end too early."""
        before, before_left, now, now_left = await self._storage.get_sliding_window(
            self._limit.key_for(str(key_id)), _MINUTE
        )
        if now < self._limit.amount and before:
            return before_left - (self._limit.amount - now) * _MINUTE / before
        return now_left - _MINUTE  # the library keeps a window for one more after its end
