"""How late the event loop is: one sampler a loop, shared by all conversations on it.

A loop that is late stamps arrivals late, so latency figures taken meanwhile say less about the agent.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

_INTERVAL = 0.1
"""Seconds between samples."""

_KEPT = 4096
"""Peaks that are remembered; each is smaller than the one before it, so more cannot matter."""


class _Sampler:
    __slots__ = ("__weakref__", "_expected", "_loop", "_peaks", "_timer", "watchers")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._expected = 0.0
        self.watchers = 0

    def start(self) -> None:
        self._peaks.clear()
        self._plan(self._loop.time())

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _plan(self, now: float) -> None:
        self._expected = now + _INTERVAL
        self._timer = self._loop.call_at(self._expected, self._sample)

    def _sample(self) -> None:
        now = self._loop.time()
        lag = max(0.0, now - self._expected)
        while self._peaks and self._peaks[-1][1] <= lag:
            self._peaks.pop()
        self._peaks.append((now, lag))
        self._plan(now)

    def largest_since(self, start: float) -> float:
        index = bisect_left(self._peaks, (start, 0.0))
        seen = self._peaks[index][1] if index < len(self._peaks) else 0.0
        return max(seen, self._loop.time() - self._expected)  # a sample that is late right now counts too


_samplers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Sampler] = WeakKeyDictionary()


class LoopLag:
    """The largest lag of the running loop while a `with` block lasts, in seconds."""

    __slots__ = ("_sampler", "_start")

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        sampler = _samplers.get(loop)
        if sampler is None:
            sampler = _samplers[loop] = _Sampler(loop)
        self._sampler = sampler
        self._start = loop.time()

    def __enter__(self) -> Self:
        self._sampler.watchers += 1
        if self._sampler.watchers == 1:
            self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sampler.watchers -= 1
        if self._sampler.watchers == 0:
            self._sampler.stop()

    @property
    def largest(self) -> float:
        """Seconds; to be read inside the block."""
        return self._sampler.largest_since(self._start)
