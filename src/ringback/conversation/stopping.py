"""One user's wish to stop, told to many conversations: a single task waits for the event, whoever is interested."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

from ringback.errors import Interrupted


class _Watch:
    __slots__ = ("callbacks", "task")

    def __init__(self, stop: asyncio.Event) -> None:
        self.callbacks: set[Callable[[], None]] = set()
        self.task = asyncio.get_running_loop().create_task(self._wait(stop))

    async def _wait(self, stop: asyncio.Event) -> None:
        await stop.wait()
        for callback in tuple(self.callbacks):
            callback()


_watches: WeakKeyDictionary[asyncio.Event, _Watch] = WeakKeyDictionary()


class WhenStopped:
    """Calls back, while a `with` block lasts, when the event is set (soon, where it is set already)."""

    __slots__ = ("_callback", "_stop")

    def __init__(self, stop: asyncio.Event | None, callback: Callable[[], None]) -> None:
        self._stop = stop
        self._callback = callback

    def __enter__(self) -> Self:
        stop = self._stop
        if stop is None:
            return self
        if stop.is_set():
            self._callback()
            self._stop = None
            return self
        watch = _watches.get(stop)
        if watch is None:
            watch = _watches[stop] = _Watch(stop)
        watch.callbacks.add(self._callback)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stop is not None:
            watch = _watches[self._stop]
            watch.callbacks.discard(self._callback)
            if not watch.callbacks:
                watch.task.cancel()
                del _watches[self._stop]


async def open_unless_stopped(opening: Callable[[], Awaitable[None]], stop: asyncio.Event | None) -> None:
    """Connect, unless the user stops meanwhile: a slow handshake must not keep anybody waiting.

    Raises what `opening` does, and Interrupted where the user stopped.
    """
    try:
        async with asyncio.timeout(None) as limit:
            with WhenStopped(stop, lambda: limit.reschedule(0.0)):
                await opening()
    except TimeoutError:
        if stop is None or not stop.is_set():
            raise
        raise Interrupted("The run was stopped before the agent was reached.") from None
