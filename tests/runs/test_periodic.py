"""Work that is done again and again survives whatever it meets."""

import asyncio
import logging

import pytest

from ringback.errors import StorageError
from ringback.runs.periodic import every


@pytest.mark.parametrize("failure", [StorageError("The database is away."), ValueError("a defect")])
async def test_work_goes_on_after_a_failure_of_whatever_kind(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    times = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise failure
        again.set()

    with caplog.at_level(logging.WARNING):
        going = asyncio.create_task(every(0, work))
        async with asyncio.timeout(30):
            await again.wait()
        going.cancel()
        await asyncio.wait([going])

    assert going.cancelled()
    assert len(caplog.records) == 1
