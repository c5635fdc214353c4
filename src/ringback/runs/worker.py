"""Carries out the service's runs in one process: claims them, stops them when asked, gives signs of life."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass

from ringback.domain.event import CallTaken, Event
from ringback.domain.log_context import logged_with
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

_FAREWELL = 10.0
"""Seconds after which a worker that stops waits for the database no more."""

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
        most_losses: int = 2,
    ) -> None:
        """Take no runs before `register`.

        Args:
            queue: where runs are claimed.
            workers: where signs of life go.
            open_store: makes a store that writes as an owner.
            carry_out: does the work.
            places: runs at once.
            heartbeat: seconds between two signs of life.
            most_losses: how often a run may be dropped here, by a defect or an answer that was lost, before it is
                given up.
        """
        self._queue = queue
        self._workers = workers
        self._open_store = open_store
        self._carry_out = carry_out
        self._places = places
        self._heartbeat = heartbeat
        self._most_losses = most_losses
        self._claims = GroupedClaims(lambda keys: queue.claim(keys, str(self.owner)))
        self._calls: dict[int, tuple[Call, Progress]] = {}
        self._bodies = 0
        self._notes: set[asyncio.Task[None]] = set()
        self._registered = asyncio.Event()
        """What is claimed in a name that the others do not know would be taken for a dead worker's."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = False
        self._take_name(Owner.newborn("service"))

    def _take_name(self, owner: Owner) -> None:
        self.owner = owner
        self._store = self._open_store(owner)

    @property
    def busy(self) -> int:
        """How many runs are under way here."""
        return len(self._calls)

    async def register(self) -> None:
        """Say that this process takes runs. Raises `StorageError`."""
        await self._workers.register(self.owner, places=self._places, heartbeat=self._heartbeat)
        self._registered.set()
        self._queue.wake()

    async def body(self, run_id: int, attempt: int) -> None:
        """Carry out one attempt of one run, or what is missing of it; nothing, where it is not to be had any more."""
        await self._registered.wait()
        if self._leaving:
            await self._queue.queue_again([(run_id, attempt)])  # for another worker
            return
        with self._under_way():
            await self._claimed(run_id, attempt)

    async def _claimed(self, run_id: int, attempt: int) -> None:
        store = self._store
        claim = await self._claims.claim((run_id, attempt))
        # Claims are asked for a moment later: what was claimed in a name that is given up by then is begun elsewhere.
        if claim is None or store is not self._store:
            return
        progress = Progress(claim.run)
        call = Call(claim=claim, store=store, stop=asyncio.Event(), on_event=self._noting(progress))
        if self._leaving:
            call.stop.set()
        self._calls[run_id] = (call, progress)
        try:
            with logged_with(result_id=claim.run.result_id, run_id=run_id, attempt=attempt):
                await self._say_how_it_ended(call)
        finally:
            if self._calls.get(run_id, (None,))[0] is call:
                del self._calls[run_id]
            self._queue.wake()

    def _noting(self, progress: Progress) -> Callable[[Event], None]:
        """What takes the events of a run; that its agent has called is written at once, for whoever polls."""
        owner = str(self.owner)

        def note(event: Event) -> None:
            progress.take(event)
            if isinstance(event, CallTaken):
                task = asyncio.create_task(self._note_call(progress.run, owner))
                self._notes.add(task)
                task.add_done_callback(self._notes.discard)

        return note

    async def _note_call(self, run: Run, owner: str) -> None:
        try:
            await self._queue.call_taken(run.id, run.attempt, owner)
        except RingbackError as error:
            log.warning("It could not be noted that the agent of run %d has called. %s", run.id, error)

    async def _say_how_it_ended(self, call: Call) -> None:
        try:
            run = await self._carry_out(call)
        except TakenOver as error:
            log.info("%s", error)
            return
        outcome = run.evaluation.outcome.value if run.evaluation else None
        log.info("The run is over.", extra={"outcome": outcome})

    @contextlib.contextmanager
    def _under_way(self) -> Generator[None]:
        self._bodies += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._bodies -= 1
            if not self._bodies:
                self._idle.set()

    async def run(self) -> None:
        """Give signs of life, look for cancellations and keep checkpoints, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(every(self._heartbeat, self._beat))
            group.create_task(every(_CANCEL_LOOK, self._look_for_cancellations))
            group.create_task(every(_CHECKPOINT, self._keep_checkpoints))

    async def drain(self, seconds: float) -> int:
        """Let the runs under way end, for so long; hand the others back. How many were handed back.

        Where the database is away, the others find out by themselves that this worker is gone.
        """
        async with _for_at_most(seconds):
            with contextlib.suppress(RingbackError):
                await self._workers.offer(self.owner, places=0)
            await self._idle.wait()
        self._leaving = True
        handed_back = await self._hand_all_back()
        # How a call ends now is not how its run ends.
        self._store.give_up()
        await self._part()
        self._queue.wake()
        return handed_back

    async def _hand_all_back(self) -> int:
        try:
            async with asyncio.timeout(_FAREWELL):
                # What is claimed after the rest was handed back, or the others were told, is taken for a dead one's.
                await self._claims.settled()
                handed_back = await self._workers.hand_back(self.owner)
                await self._workers.stop(self.owner)
                return len(handed_back)
        except (RingbackError, TimeoutError) as error:
            log.warning("The runs of this worker could not be handed back; others take them up later. %s", error)
            return 0

    async def _part(self) -> None:
        for call, _ in self._calls.values():
            call.stop.set()
        self._registered.set()  # what was still waiting goes back, too
        async with _for_at_most(_PARTING):
            await self._idle.wait()

    async def _beat(self) -> None:
        if self._leaving:
            return
        if await self._workers.beat(self.owner):
            # What a lost answer of the database or a defect left in this worker's name, without anybody working on it.
            orphans = await self._workers.hand_back(
                self.owner, all_but=self._calls.keys(), older_than=_ORPHAN, most_losses=self._most_losses
            )
            if orphans:
                self._queue.wake()
            return
        if self._leaving:  # it said so itself, while this was on its way
            return
        log.warning(
            "This worker was silent for so long that its runs were given to others; it goes on under a new name."
        )
        self._store.give_up()
        for call, _ in self._calls.values():
            call.stop.set()
        self._calls.clear()
        self._registered.clear()
        # A new name each time: an answer that is lost leaves a name that nobody uses, and the next beat takes another.
        self._take_name(Owner.newborn("service"))
        await self.register()

    async def _look_for_cancellations(self) -> None:
        if not self._calls:
            return
        for run_id in await self._queue.cancelled(str(self.owner)):
            if run_id in self._calls:
                self._calls[run_id][0].stop.set()

    async def _keep_checkpoints(self) -> None:
        await asyncio.gather(*(_keep(call, progress) for call, progress in tuple(self._calls.values())))


async def _keep(call: Call, progress: Progress) -> None:
    partial = progress.checkpoint()
    if partial is None:
        return
    try:
        kept = await call.store.save_progress(partial)
    except RingbackError:
        progress.not_kept()  # it is tried again with the next one
        return
    if not kept and not progress.over:
        call.stop.set()  # it is another worker's by now, and its agent is talked to twice


@contextlib.asynccontextmanager
async def _for_at_most(seconds: float) -> AsyncGenerator[None]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            yield
