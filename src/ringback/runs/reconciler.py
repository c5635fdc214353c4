"""Compares what should be under way with what is: gives up dead workers and brings back what got lost."""

import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ringback.runs.periodic import every
from ringback.storage.queue import RunQueue
from ringback.storage.workers import Workers

log = logging.getLogger(__name__)

_TAKEN_UP_WITHIN = 15.0
"""Seconds within which a run that was let in is begun, or something got lost between the tables and the engine."""

_FOR_EVER = 10.0 * 365 * 86400
"""Seconds."""

RunKey = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the others wait for a worker."""

    silence: float
    """Seconds without a sign of life after which a worker counts as dead."""
    most_losses: int
    """How many workers may die with one run before it is given up."""
    taken_up_within: float
    """Seconds within which a run whose worker died has to be taken up again."""


class Reconciler:
    """One process's part in looking after the others; every process of a database does it."""

    def __init__(
        self,
        queue: RunQueue,
        workers: Workers,
        *,
        known: Callable[[Sequence[RunKey]], Awaitable[dict[RunKey, str]]],
        forget: Callable[[Sequence[str]], Awaitable[None]],
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`known` and `forget` are the engine's `known` and `recover`; `clock` counts seconds."""
        self._queue = queue
        self._workers = workers
        self._known = known
        self._forget = forget
        self._patience = patience
        self._clock = clock
        self._looked: float | None = None
        self._lenient_until = -math.inf

    async def run(self, seconds: float) -> None:
        """Look every so many seconds, until cancelled."""
        await every(seconds, self.once)

    async def once(self) -> None:
        """Look once. Raises `StorageError`."""
        recovery = await self._workers.recover(
            silence=self._silence(),
            most_losses=self._patience.most_losses,
            patience=self._patience.taken_up_within,
        )
        self._looked = self._clock()
        if recovery.workers:
            log.warning(
                "%d workers are gone: %d runs are begun again, %d are given up.",
                len(recovery.workers),
                len(recovery.queued),
                len(recovery.given_up),
            )
            await self._forget(recovery.workers)
        if recovery.queued or recovery.given_up or recovery.late:
            self._queue.wake()
        await self._bring_back()

    def _silence(self) -> float:
        """Seconds after which to call a worker dead.

        Whoever could not look for so long, since the database was away or this process slept, has not heard of anybody:
        the others get as long as they always have to give a sign of life.
        """
        now = self._clock()
        if self._looked is not None and now - self._looked > self._patience.silence:
            self._lenient_until = now + self._patience.silence
        return _FOR_EVER if now < self._lenient_until else self._patience.silence

    async def _bring_back(self) -> None:
        """What was let in long ago and neither waits in the engine nor was claimed gets another attempt."""
        stuck = await self._queue.stuck(seconds=_TAKEN_UP_WITHIN)
        if stuck:
            known = await self._known(stuck)
            await self._queue.queue_again([key for key in stuck if known.get(key) != "enqueued"])
