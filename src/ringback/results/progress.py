"""Follows results while they run: who watches gets each run whose row changed, and the end.

However many people watch a result, this process asks the database once for all of them, a few times a second at most.
An event says how a run stands, not what was done to it: whoever gets one twice knows no less and no more.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ringback.errors import NotFound, StorageError
from ringback.results.reference_form import counted
from ringback.results.reference_lines import number_of, success_of
from ringback.storage.reading_rows import Counts, ResultLine, RunLine
from ringback.storage.reading_status import TERMINAL
from ringback.storage.readings import Readings

logger = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=5)
"""Changes are looked for again so far back: a row's time is written before its transaction is over."""

_PAGE = 500
_OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressEvent:
    """One server-sent event."""

    name: str
    """`result.progress`, `run.changed`, `result.completed` or `result.removed`."""
    data: dict[str, Any]
    id: str | None = None
    """What a client sends as Last-Event-ID to go on from here."""


@dataclass(slots=True, eq=False)
class _Follower:
    """What one client has not been told yet; a slow one is told of the last state of each run only."""

    waiting: dict[int, tuple[RunLine, datetime]] = field(default_factory=dict[int, tuple[RunLine, datetime]])
    told: dict[int, datetime] = field(default_factory=dict[int, datetime])
    """The change of each run that it knows."""
    ended: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class _Watch:
    """One result that somebody follows."""

    followers: set[_Follower] = field(default_factory=set[_Follower])
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    seen: dict[int, datetime] = field(default_factory=dict[int, datetime])
    since: datetime | None = None
    head: tuple[ResultLine, Counts] | None = None
    over: bool = False
    """There will be nothing more to see; else the watch ended because the server stops, or for a defect."""
    task: "asyncio.Task[None] | None" = None


class ProgressFeed:
    """Tells followers how results go on."""

    def __init__(self, readings: Readings, *, interval: float = 0.5, spacing: float = 0.1) -> None:
        """How often to look.

        Args:
            readings: where rows are read.
            interval: seconds between two looks at a result where nobody in this process says that it changed.
            spacing: seconds between two looks at least, whatever happens.
        """
        self._readings = readings
        self._interval = interval
        self._spacing = spacing
        self._watches: dict[int, _Watch] = {}
        self._closed = False

    def close(self) -> None:
        """End every stream, for the server stops; nobody is told an end that is none."""
        self._closed = True
        for watch in self._watches.values():
            if watch.task is not None:
                watch.task.cancel()

    def wake(self) -> None:
        """Rows of runs were changed by this process: look now."""
        for watch in self._watches.values():
            watch.wake.set()

    @property
    def followed(self) -> int:
        """How many results are followed now."""
        return len(self._watches)

    async def is_told(self, result_id: int, last_event_id: str | None) -> bool:
        """Whether a client that comes back was told the end already. Raises `NotFound`."""
        line, counts = await self._readings.counts(result_id)
        told = last_event_id is not None and last_event_id.endswith(f"-{_OVER}")
        return told and counts.status(line.run_type) in TERMINAL

    async def follow(self, result_id: int, last_event_id: str | None = None) -> AsyncGenerator[ProgressEvent]:
        """How the result stands, each run that changes (or changed behind the last event), and the end.

        Args:
            result_id: the result.
            last_event_id: the id of the last event that the client got; without one, every run that has begun is told.

        Raises:
            NotFound: there is no such result.
        """
        line, counts = await self._readings.counts(result_id)
        follower = _Follower()
        if self._closed:
            return
        watch = self._join(result_id, follower)
        try:
            yield ProgressEvent(name="result.progress", data=_result_data(line, counts))
            since, after = _position(last_event_id)
            while page := await self._readings.changed_runs(result_id, since=since, after=after, limit=_PAGE):
                for run, changed_at in page:
                    follower.told[run.id] = changed_at
                    yield _run_event(run, changed_at, line, counts)
                since, after = page[-1][1], page[-1][0].id
            async for event in self._news(watch, follower, line, counts):
                yield event
        finally:
            self._leave(result_id, watch, follower)

    async def _news(
        self, watch: _Watch, follower: _Follower, line: ResultLine, counts: Counts
    ) -> AsyncGenerator[ProgressEvent]:
        last = datetime.now(UTC)
        while True:
            if not follower.waiting and not follower.ended:
                await follower.news.wait()
            follower.news.clear()
            line, counts = watch.head or (line, counts)
            told, follower.waiting = follower.waiting, {}
            for run, changed_at in told.values():
                last = changed_at
                if follower.told.get(run.id) != changed_at:
                    follower.told[run.id] = changed_at
                    yield _run_event(run, changed_at, line, counts)
            if follower.ended and not follower.waiting and not watch.over:
                return  # clients come back with the id of their last event
            if follower.ended and not follower.waiting:
                name = "result.completed" if watch.head else "result.removed"
                yield ProgressEvent(name=name, data=_result_data(line, counts), id=f"{_micros(last)}-{_OVER}")
                return

    def _join(self, result_id: int, follower: _Follower) -> _Watch:
        watch = self._watches.get(result_id)
        if watch is None:
            watch = self._watches[result_id] = _Watch()
            watch.task = asyncio.create_task(self._look_on(result_id, watch), name=f"follow result {result_id}")
        watch.followers.add(follower)
        watch.wake.set()
        return watch

    def _leave(self, result_id: int, watch: _Watch, follower: _Follower) -> None:
        watch.followers.discard(follower)
        if not watch.followers:
            if watch.task is not None:
                watch.task.cancel()
            if self._watches.get(result_id) is watch:
                del self._watches[result_id]

    async def _look_on(self, result_id: int, watch: _Watch) -> None:
        try:
            while not await self._look_safely(result_id, watch):
                for follower in watch.followers:
                    if follower.waiting:
                        follower.news.set()
                await asyncio.sleep(self._spacing)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._interval):
                        await watch.wake.wait()
                watch.wake.clear()
            watch.over = True
        finally:
            # Whoever comes from now on begins a watch of their own: the result may be scored again later.
            if self._watches.get(result_id) is watch:
                del self._watches[result_id]
            for follower in watch.followers:
                follower.ended = True
                follower.news.set()

    async def _look_safely(self, result_id: int, watch: _Watch) -> bool:
        """Whether there is nothing more to see; a database that is away for a while is looked at again later."""
        try:
            return await self._look(result_id, watch)
        except NotFound:
            watch.head = None
            return True
        except StorageError as error:
            logger.warning("Result %s cannot be followed at this moment: %s", result_id, error)
            return False

    async def _look(self, result_id: int, watch: _Watch) -> bool:
        """Tell all followers what changed; whether the result is over."""
        # Counted first: what ends afterwards is found by the next look.
        line, counts = await self._readings.counts(result_id)
        if watch.since is None:
            newest = await self._readings.newest_change(result_id)
            watch.since = (newest or datetime.now(UTC)) - OVERLAP
        since, after = watch.since, 0
        while page := await self._readings.changed_runs(result_id, since=since, after=after, limit=_PAGE):
            for run, changed_at in page:
                if watch.seen.get(run.id) != changed_at:
                    watch.seen[run.id] = changed_at
                    for follower in watch.followers:
                        follower.waiting[run.id] = (run, changed_at)
            since, after = page[-1][1], page[-1][0].id
        watch.head = line, counts
        watch.since = max(watch.since, since - OVERLAP)
        watch.seen = {number: at for number, at in watch.seen.items() if at >= watch.since}
        return counts.status(line.run_type) in TERMINAL


def _run_event(run: RunLine, changed_at: datetime, result: ResultLine, counts: Counts) -> ProgressEvent:
    over = run.is_over
    data = {
        "result_id": run.result_id,
        "run_id": run.id,
        "scenario": run.scenario_id,
        "scenario_name": run.scenario_name,
        "number": number_of(run),
        "attempt": run.attempt,
        "status": run.shown.value,
        "success": success_of(run),
        "outcome": run.outcome if over else None,
        "changed_at": changed_at,
        "result_status": counts.status(result.run_type).value,
        "counts": counted(counts, result.run_type),
    }
    return ProgressEvent(name="run.changed", data=data, id=f"{_micros(changed_at)}-{run.id}")


def _result_data(result: ResultLine, counts: Counts) -> dict[str, Any]:
    return {
        "result_id": result.id,
        "name": result.name,
        "status": counts.status(result.run_type).value,
        "counts": counted(counts, result.run_type),
    }


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _position(last_event_id: str | None) -> tuple[datetime | None, int]:
    """Where to go on; an id that is none of ours begins from the start."""
    micros, _, rest = (last_event_id or "").partition("-")
    if not (micros.isdecimal() and rest) or len(micros) > 17:  # noqa: PLR2004 - years up to five thousand
        return None, 0
    return datetime.fromtimestamp(int(micros) / 1_000_000, UTC) - OVERLAP, 0
