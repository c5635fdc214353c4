"""Work that ends when a person wants it to."""

import asyncio

import pytest

from ringback.runs.cutting import unless_stopped


async def test_work_that_ends_by_itself_returns_what_it_found() -> None:
    async def work() -> str:
        return "found"

    assert await unless_stopped(asyncio.Event(), work(), "otherwise") == "found"


@pytest.mark.parametrize("before", [True, False])
async def test_work_is_cut_when_somebody_wants_it_to_end(before: bool) -> None:
    stop, begun, cut = asyncio.Event(), asyncio.Event(), False

    async def work() -> str:
        nonlocal cut
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut = True
        return "found"

    if before:
        stop.set()
    waiting = asyncio.create_task(unless_stopped(stop, work(), "otherwise"))
    if not before:
        await begun.wait()
        stop.set()

    assert await waiting == "otherwise"
    assert cut is begun.is_set()


@pytest.mark.parametrize("stopped", [True, False])
async def test_who_waits_may_be_cancelled_and_the_work_with_them(stopped: bool) -> None:
    stop, begun, cut = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    waiting = asyncio.create_task(unless_stopped(stop, work(), None))
    await begun.wait()
    if stopped:
        stop.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await cut.wait()


async def test_work_that_cancels_itself_is_not_taken_for_a_wish_to_end() -> None:
    async def work() -> str:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await unless_stopped(asyncio.Event(), work(), "otherwise")


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unless_stopped(asyncio.Event(), work(), "otherwise")
