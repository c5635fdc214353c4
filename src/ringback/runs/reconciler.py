"""Compares what should be under way with what is: gives up dead workers and brings back what got lost."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ringback.runs.periodic import every
from ringback.storage.queue import RunQueue
from ringback.storage.workers import Workers

log = logging.getLogger(__name__)

_TAKEN_UP_WITHIN = 15.0
"""Seconds within which a run that was let in is begun, or something got lost between the tables and the engine."""

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
    ) -> None:
        """`known` and `forget` are the engine's `known` and `recover`."""
        self._queue = queue
        self._workers = workers
        self._known = known
        self._forget = forget
        self._patience = patience

    async def run(self, seconds: float) -> None:
        """Look every so many seconds, until cancelled."""
        await every(seconds, self.once)

    async def once(self) -> None:
        """Look once. Raises `StorageError`."""
        recovery = await self._workers.recover(
            silence=self._patience.silence,
            most_losses=self._patience.most_losses,
            patience=self._patience.taken_up_within,
        )
        if recovery.workers:
            log.warning(
                "%d workers are gone: %d runs are begun again, %d are given up.",
                len(recovery.workers),
                len(recovery.queued),
                len(recovery.given_up),
            )
            await self._forget(recovery.workers)
        if recovery.queued or recovery.given_up:
            self._queue.wake()
        await self._bring_back()

    async def _bring_back(self) -> None:
        """What was let in long ago and neither waits in the engine nor was claimed gets another attempt."""
        stuck = await self._queue.stuck(seconds=_TAKEN_UP_WITHIN)
        if stuck:
            known = await self._known(stuck)
            await self._queue.queue_again([key for key in stuck if known.get(key) != "enqueued"])
