"""When and how long to wait before a request is tried again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from ringback.models.provider import Trouble

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Exponential backoff with jitter; a server's Retry-After goes first."""

    attempts: int = 5
    """Tries in all, the first included."""
    first_wait: float = 0.5
    """Seconds before the second try at most; doubled for each further one."""
    longest_wait: float = 30.0
    """Seconds; a server that asks for a longer wait is not waited for."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    """Even between 0 and 1."""

    async def run(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Call until it succeeds. Raises the last `Trouble` when it cannot be, or was too often, tried again."""
        attempt = 1
        while True:
            try:
                return await ask()
            except Trouble as trouble:
                trouble.tries = attempt
                wait = self._wait(attempt, trouble)
                if wait is None:
                    raise
            await self.sleep(wait)
            attempt += 1

    def _wait(self, attempt: int, trouble: Trouble) -> float | None:
        if not trouble.retryable or attempt >= self.attempts:
            return None
        backoff = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        if trouble.retry_after is None:
            # From half of the backoff to all of it: callers that failed together do not come back together.
            return backoff * (0.5 + self.jitter() / 2)
        if trouble.retry_after > self.longest_wait:
            return None
        return trouble.retry_after + self.jitter() * self.first_wait


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date); None where there is none to be read."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if seconds == seconds else None  # noqa: PLR0124 - "nan" is a float
