"""An event loop whose time jumps to the next timer as soon as nothing is left to do, so that tests need no waiting."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class _NeverBlocks(selectors.SelectSelector):
    """Tells the loop how long it would have slept instead of sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                msg = "Nothing is ready and no timer is set: the test would hang."
                raise RuntimeError(msg)
            self.skipped += timeout
        return ready


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """Begins at second 1000, so that offsets from the start of a call differ from times of the loop."""

    def __init__(self) -> None:
        self._virtual = _NeverBlocks()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Virtual seconds."""
        return 1000.0 + self._virtual.skipped

    def skip(self, seconds: float) -> None:
        """Let time go on without running anything, as if a callback had been busy for so long."""
        self._virtual.skipped += seconds


def run_virtually(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(main)
