"""The numbers that agents call in `ringback run`."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from ringback.errors import Interrupted
from ringback.runs.phone_pool import PhonePool

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def pool(*numbers: str) -> PhonePool:
    return PhonePool(numbers, seconds=300, now=lambda: NOON)


async def test_a_number_is_given_with_its_window() -> None:
    async with pool("+1 555-0100").window(asyncio.Event()) as window:
        assert window.number == "+15550100"
        assert window.opens_at == NOON
        assert window.closes_at == NOON + timedelta(minutes=5)


async def test_a_number_in_two_spellings_is_one_number() -> None:
    assert len(pool("+1 555-0100", "sip:+15550100@here", "desk", " ")) == 2


async def test_no_number_is_given_to_two_runs_at_once() -> None:
    numbers, stop = pool("+1", "+2", "+3"), asyncio.Event()
    held: set[str] = set()
    begun = 0

    async def run() -> None:
        nonlocal begun
        async with numbers.window(stop) as window:
            assert window.number not in held
            held.add(window.number)
            begun += 1
            await asyncio.sleep(0)
            held.remove(window.number)

    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(run())
    assert begun == 50


async def test_a_run_waits_for_a_number_and_gets_the_one_that_has_been_free_for_longest() -> None:
    numbers, stop = pool("+1", "+2"), asyncio.Event()
    async with AsyncExitStack() as first:
        assert (await first.enter_async_context(numbers.window(stop))).number == "+1"
        async with numbers.window(stop):
            waiting = asyncio.ensure_future(numbers.window(stop).__aenter__())
            await asyncio.sleep(0)
            assert not waiting.done()
        assert (await waiting).number == "+2"


async def test_stopping_ends_the_wait_for_a_number() -> None:
    numbers, stop = pool("+1"), asyncio.Event()
    async with numbers.window(stop):
        waiting = asyncio.ensure_future(numbers.window(stop).__aenter__())
        await asyncio.sleep(0)
        stop.set()
        with pytest.raises(Interrupted):
            await waiting
    with pytest.raises(Interrupted):
        await numbers.window(stop).__aenter__()
