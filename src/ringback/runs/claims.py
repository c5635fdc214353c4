"""Claims of runs that begin together are one transaction.

One is under way at a time: what is to be claimed meanwhile is gathered for the next one. The engine brings its runs one
after the other, so that a transaction for each moment would be one for each run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ringback.storage.queue import Claim

_GATHER = 0.005
"""Seconds: the engine brings runs in bunches."""

RunKey = tuple[int, int]
"""Run and attempt."""


class GroupedClaims:
    """Collects what is to be claimed for a moment, and claims it together."""

    def __init__(self, claim: Callable[[Sequence[RunKey]], Awaitable[Sequence[Claim | None]]]) -> None:
        self._claim = claim
        self._wanted: list[tuple[RunKey, asyncio.Future[Claim | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def claim(self, key: RunKey) -> Claim | None:
        """The run, if it may be carried out here. Raises `StorageError`."""
        answer: asyncio.Future[Claim | None] = asyncio.get_running_loop().create_future()
        self._wanted.append((key, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await answer

    async def settled(self) -> None:
        """Wait until all that was asked for is answered."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        try:
            while self._wanted:
                await asyncio.sleep(_GATHER)
                wanted, self._wanted = self._wanted, []
                await self._answer(wanted)
        finally:
            self._task = None

    async def _answer(self, wanted: Sequence[tuple[RunKey, asyncio.Future[Claim | None]]]) -> None:
        try:
            claims = await self._claim([key for key, _ in wanted])
        except Exception as error:  # noqa: BLE001 - raised where it was asked for
            for _, answer in wanted:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), claim in zip(wanted, claims, strict=True):
            if not answer.done():
                answer.set_result(claim)
