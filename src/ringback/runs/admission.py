"""Lets runs of the service in, as places come free, and hands them to the engine."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ringback.errors import StorageError
from ringback.runs.sharing import Waiting, share_out
from ringback.storage.letting_in import Load
from ringback.storage.queue import RunQueue

log = logging.getLogger(__name__)

_GATHER = 0.03
"""Seconds: what is asked for or ends within them is one admission."""

_LOOK = 1.0
"""Seconds after which it looks again, whether or not anybody woke it: other processes' runs end too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """Bounds over all workers of one database; None: no bound."""

    runs: int | None = None
    """At once."""
    runs_with_agent: int | None = None
    """At once with one agent."""
    starts_per_second: float | None = None

    @property
    def window(self) -> float:
        """Seconds over which starts are counted: as long as whole starts take, a second or a little more."""
        rate = self.starts_per_second
        return 1.0 if rate is None else math.ceil(rate) / rate

    def shares(self, load: Load) -> dict[int, int]:
        """How many runs of each result begin now."""
        rate = self.starts_per_second
        return share_out(
            [
                Waiting(
                    result_id=result.id,
                    agent_id=result.agent_id,
                    waiting=result.waiting,
                    active=result.active,
                    limit=result.limit,
                    numbers=result.numbers,
                    provided=result.provided,
                )
                for result in load.results
            ],
            places=load.places if self.runs is None else min(self.runs, load.places),
            agent_active=load.agent_active,
            agent_limit=self.runs_with_agent,
            starts=None if rate is None else max(0, math.ceil(rate) - load.started_lately),
        )


Enqueue = Callable[[Sequence[tuple[int, int]]], Awaitable[None]]
"""Hands (run, attempt) pairs to the engine."""


class Admission:
    """One process's part in letting runs in; every process of a database does it, one at a time."""

    def __init__(self, queue: RunQueue, enqueue: Enqueue, limits: QueueLimits) -> None:
        self._queue = queue
        self._enqueue = enqueue
        self._limits = limits
        self._woken = asyncio.Event()
        queue.on_wake = self._woken.set
        queue.let_in_now = self.once

    async def run(self) -> None:
        """Let runs in until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._woken.wait()
            await asyncio.sleep(_GATHER)
            self._woken.clear()
            try:
                await self.once()
            except StorageError as error:
                log.warning("No run can be let in at the moment: %s", error)
            except Exception:  # a server that answers and lets nothing in would be worse than one that tries again
                log.exception("A defect in Ringback kept runs from being let in; it is tried again.")

    async def once(self) -> int:
        """Let in what may begin now; how many runs that were. Raises `StorageError`."""
        admitted = await self._queue.admit(self._limits.shares, window=self._limits.window)
        if admitted:
            await self._enqueue(admitted)
        return len(admitted)
