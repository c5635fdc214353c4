"""Groups writes: what many runs finish within a few milliseconds is saved in one transaction.

What a database charges for is the commit, not the row.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus

_LARGEST_GROUP = 500
"""More in one transaction would keep the others waiting for longer than they gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """New values of one run's row."""

    id: int
    status: RunStatus
    attempt: int
    outcome: Outcome | None
    started_at: datetime | None
    finished_at: datetime | None
    record: str
    ending: str | None = None
    """The ending's code."""
    duration: float | None = None
    """Seconds."""
    expectation_met: bool | None = None
    """Whether all of the expected outcome is met; None: it was not judged."""
    provider_call_id: str | None = None
    """What the other side, or the telephone, calls the conversation."""
    measured: str | None = None
    """Numbers and slugs of its metric entries, each between commas."""
    brief: str | None = None
    """The run's entry of its result's detail, as JSON text."""


_Write = Callable[[Sequence[RunChange]], Awaitable[Collection[int]]]
"""Saves changes in one transaction and returns the ids of those that were refused."""


class GroupedWriter:
    """Collects changes for a short while and writes them together; every `write` waits until its change is safe."""

    def __init__(self, write: _Write, *, window: float) -> None:
        self._write = write
        self._window = window
        self._waiting: list[tuple[RunChange, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, change: RunChange) -> bool:
        """Whether the change was written; False where it was refused. Raises what the database raised."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, written))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await written

    async def close(self) -> None:
        """Wait until all that was handed over is written, or refused."""
        while self._task is not None:
            with contextlib.suppress(Exception):
                await asyncio.shield(self._task)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                # Before each group: what came while the last one was written is a run or two, and a transaction with
                # its trip to the thread costs as much as saving ten of them.
                await asyncio.sleep(self._window)
                group, self._waiting = self._waiting[:_LARGEST_GROUP], self._waiting[_LARGEST_GROUP:]
                await self._write_group(group)
        finally:
            self._task = None

    async def _write_group(self, group: Sequence[tuple[RunChange, asyncio.Future[bool]]]) -> None:
        try:
            refused = await self._write([change for change, _ in group])
        except BaseException as error:
            for _, written in group:
                if not written.done():
                    written.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
        else:
            for change, written in group:
                if not written.done():  # whoever waited may have been cancelled
                    written.set_result(change.id not in refused)
