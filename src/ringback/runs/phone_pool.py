"""Numbers of `ringback run` for an agent that calls us: each belongs to one run at a time, for one dial window.

The service gives numbers away by its database; here one process has them all to itself.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from ringback.callers.caller import Caller
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held
from ringback.conversation.recorder import Recorder
from ringback.domain.run import Run
from ringback.domain.telephone import DialWindow, plain_number
from ringback.errors import Interrupted
from ringback.runs.cutting import unless_stopped
from ringback.runs.talking import Talk


def _now() -> datetime:
    return datetime.now(UTC)


class PhonePool:
    """Our numbers; the one that has been free for longest is given next, so that late calls meet nobody's run."""

    def __init__(self, numbers: Iterable[str], *, seconds: int, now: Callable[[], datetime] = _now) -> None:
        """Make all numbers free.

        Args:
            numbers: telephone numbers or SIP users, in any spelling; one that is there twice counts once.
            seconds: how long a dial window is open.
            now: the time of day.
        """
        plain = dict.fromkeys(number for number in map(plain_number, numbers) if number)
        self._size = len(plain)
        self._seconds = seconds
        self._now = now
        self._free: asyncio.Queue[str] = asyncio.Queue()
        for number in plain:
            self._free.put_nowait(number)

    def __len__(self) -> int:
        """How many numbers there are, free or not."""
        return self._size

    @asynccontextmanager
    async def window(self, stop: asyncio.Event) -> AsyncGenerator[DialWindow]:
        """A number for as long as the context lasts, once one is free; its window opens at once.

        Raises:
            Interrupted: `stop` was set before one was free.
        """
        number = None if stop.is_set() else await unless_stopped(stop, self._free.get(), None)
        if number is None:
            raise Interrupted("The run was stopped before one of our numbers was free.")
        try:
            yield DialWindow(number=number, opens_at=self._now(), seconds=self._seconds)
        finally:
            self._free.put_nowait(number)


def on_numbers_of(pool: PhonePool, talk: Talk) -> Talk:
    """The same conversations, each with a number of the pool and a window of its own."""

    async def talk_on_number(
        run: Run, caller: Caller, recorder: Recorder, *, limits: Limits, stop: asyncio.Event
    ) -> Held:
        async with pool.window(stop) as window:
            return await talk(replace(run, dial_window=window), caller, recorder, limits=limits, stop=stop)

    return talk_on_number
