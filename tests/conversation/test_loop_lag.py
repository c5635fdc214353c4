"""Lag of the event loop, on a clock of its own."""

import asyncio

from virtual_clock import VirtualClockLoop, run_virtually

from ringback.conversation.loop_lag import LoopLag


def _blocked(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """The loop was busy for so long: its time goes on while nothing else does."""
    assert isinstance(loop, VirtualClockLoop)
    loop.skip(seconds)


def test_an_idle_loop_does_not_lag() -> None:
    async def run() -> float:
        with LoopLag() as lag:
            await asyncio.sleep(5)
            return lag.largest

    assert run_virtually(run()) < 0.001


def test_the_largest_lag_since_the_start_counts() -> None:
    async def run() -> tuple[float, float, float]:
        loop = asyncio.get_running_loop()
        with LoopLag() as first:
            await asyncio.sleep(1)
            _blocked(loop, 3.0)
            await asyncio.sleep(1)
            with LoopLag() as second:
                _blocked(loop, 1.0)
                now = second.largest
                await asyncio.sleep(1)
                return first.largest, second.largest, now

    first, second, now = run_virtually(run())
    assert 2.8 < first <= 3.0
    assert 0.8 < second <= 1.0
    assert 0.8 < now <= 1.0


def test_nothing_is_left_behind() -> None:
    async def run() -> None:
        for _ in range(3):
            with LoopLag(), LoopLag():
                await asyncio.sleep(1)

    run_virtually(run())
