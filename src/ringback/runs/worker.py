"""Carries out the service's runs in one process: claims them, stops them when asked, gives signs of life."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringback.domain.event import Event
from ringback.domain.run import Run
from ringback.errors import RingbackError, TakenOver
from ringback.runs.checkpoint import Progress
from ringback.runs.claims import GroupedClaims
from ringback.runs.periodic import every
from ringback.storage.owner import Owner
from ringback.storage.queue import Claim, RunQueue
from ringback.storage.store import Store
from ringback.storage.workers import Workers

log = logging.getLogger(__name__)

_CANCEL_LOOK = 0.3
"""Seconds between two looks for runs that somebody wants to end."""

_CHECKPOINT = 10.0
"""Seconds between two writes of what is known of the conversations under way."""

_ORPHAN = 10.0
"""Seconds after which a run in a worker's name, on which it does not work, is handed back."""

_PARTING = 2.0
"""Seconds that conversations which are handed back have for their end_call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One run in this process's hands."""

    claim: Claim
    store: Store
    stop: asyncio.Event
    """Set: the agent gets an end_call and the run ends as cancelled."""
    on_event: Callable[[Event], None]


CarryOut = Callable[[Call], Awaitable[Run]]
"""Holds and evaluates what is missing of a run, and stores it. Raises `StorageError`."""


class Worker:
    """One process's hands. `body` is what the engine calls; `run` keeps the worker alive."""

    def __init__(
        self,
        *,
        queue: RunQueue,
        workers: Workers,
        open_store: Callable[[Owner], Store],
        carry_out: CarryOut,
        places: int,
        heartbeat: float,
    ) -> None:
        """`heartbeat` is the seconds between two signs of life; `open_store` makes a store that writes as an owner."""
        self._queue = queue
        self._workers = workers
        self._open_store = open_store
        self._carry_out = carry_out
        self._places = places
        self._heartbeat = heartbeat
        self._claims = GroupedClaims(lambda keys: queue.claim(keys, str(self.owner)))
        self._calls: dict[int, tuple[Call, Progress]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = False
        self._begin()

    def _begin(self) -> None:
        self.owner = Owner.newborn("service")
        self._store = self._open_store(self.owner)

    @property
    def busy(self) -> int:
        """How many runs are under way here."""
        return len(self._calls)

    async def register(self) -> None:
        """Say that this process takes runs. Raises `StorageError`."""
        await self._workers.register(self.owner, places=self._places)
        self._queue.wake()

    async def body(self, run_id: int, attempt: int) -> None:
        """Carry out one attempt of one run, or what is missing of it; nothing, where it is not to be had any more."""
        claim = await self._claims.claim((run_id, attempt))
        if claim is None:
            return
        progress = Progress(claim.run)
        call = Call(claim=claim, store=self._store, stop=asyncio.Event(), on_event=progress.take)
        self._calls[run_id] = (call, progress)
        self._idle.clear()
        try:
            await self._carry_out(call)
        except TakenOver as error:
            log.info("%s", error, extra={"run_id": run_id, "result_id": claim.run.result_id})
        finally:
            if self._calls.get(run_id, (None,))[0] is call:
                del self._calls[run_id]
            if not self._calls:
                self._idle.set()
            self._queue.wake()

    async def run(self) -> None:
        """Give signs of life, look for cancellations and keep checkpoints, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(every(self._heartbeat, self._beat))
            group.create_task(every(_CANCEL_LOOK, self._look_for_cancellations))
            group.create_task(every(_CHECKPOINT, self._keep_checkpoints))

    async def drain(self, seconds: float) -> int:
        """Let the runs under way end, for so long; hand the others back. How many were handed back."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        self._leaving = True
        await self._workers.stop(self.owner)
        handed_back = await self._workers.hand_back(self.owner)
        # Their rows are not this worker's any more, so whatever still comes of them is not stored.
        await self._part()
        self._queue.wake()
        return len(handed_back)

    async def _part(self) -> None:
        for call, _ in self._calls.values():
            call.stop.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PARTING):
                await self._idle.wait()

    async def _beat(self) -> None:
        if self._leaving:
            return
        if await self._workers.beat(self.owner):
            under_way = set(self._calls)
            # What a lost answer of the database left in this worker's name, without anybody working on it.
            orphans = await self._workers.hand_back(self.owner, all_but=under_way, older_than=_ORPHAN)
            if orphans:
                self._queue.wake()
            return
        if self._leaving:  # it said so itself, while this was on its way
            return
        log.warning(
            "This worker was silent for so long that its runs were given to others; it goes on under a new name."
        )
        for call, _ in self._calls.values():
            call.stop.set()
        self._calls.clear()
        self._begin()
        await self.register()

    async def _look_for_cancellations(self) -> None:
        if not self._calls:
            return
        for run_id in await self._queue.cancelled(str(self.owner)):
            if run_id in self._calls:
                self._calls[run_id][0].stop.set()

    async def _keep_checkpoints(self) -> None:
        for call, progress in tuple(self._calls.values()):
            partial = progress.checkpoint()
            if partial is not None:
                with contextlib.suppress(RingbackError):  # it is tried again with the next one
                    await call.store.save_progress(partial)
