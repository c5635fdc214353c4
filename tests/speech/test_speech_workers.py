import asyncio
import os
import signal
import time

import pytest

from ringback.errors import SpeechUnavailable
from ringback.speech.speech_workers import Shared, SpeechWorkers


async def test_a_worker_that_dies_costs_one_turn() -> None:
    workers = SpeechWorkers(1)
    try:
        with pytest.raises(SpeechUnavailable, match="died"):
            await workers.run(60, os._exit, 3)
        assert await workers.run(60, abs, -3) == 3
    finally:
        await workers.close()


async def test_a_worker_that_dies_takes_no_turn_of_another_along() -> None:
    workers = SpeechWorkers(2)
    try:
        first, second = await workers.run_in_each(None, 60, os.getpid)
        assert first != second
        assert len(await workers.run_in_each(1, 60, os.getpid)) == 1
        results = await asyncio.gather(
            workers.run(60, time.sleep, 0.1),
            workers.run(60, os._exit, 3),
            workers.run(60, abs, -3),
            return_exceptions=True,
        )
        assert (results[0], type(results[1]), results[2]) == (None, SpeechUnavailable, 3)
        assert await asyncio.gather(*(workers.run(60, abs, -number) for number in range(5))) == list(range(5))
    finally:
        await workers.close()


async def test_a_turn_that_nobody_waits_for_any_more_keeps_its_process_until_it_is_done() -> None:
    workers = SpeechWorkers(1)
    try:
        await workers.run(60, abs, -3)
        given_up = asyncio.create_task(workers.run(60, time.sleep, 0.1))
        await asyncio.sleep(0)
        waits = asyncio.create_task(workers.run(60, abs, -4))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await waits == 4
        assert await workers.run(60, abs, -5) == 5
    finally:
        await workers.close()


async def test_a_turn_that_takes_too_long_is_given_up() -> None:
    workers = SpeechWorkers(1)
    try:
        await workers.run(60, abs, -3)
        with pytest.raises(SpeechUnavailable, match=r"longer than 0\.1 s"):
            await workers.run(0.1, time.sleep, 60)
        assert await workers.run(60, abs, -4) == 4
    finally:
        await workers.close()


async def test_workers_do_not_hear_ctrl_c_and_end_at_the_close() -> None:
    workers = SpeechWorkers(1)
    process = await workers.run(60, os.getpid)
    os.kill(process, signal.SIGINT)
    assert await workers.run(60, os.getpid) == process
    busy = asyncio.create_task(workers.run(60, time.sleep, 60))
    await asyncio.sleep(0)
    await workers.close()
    with pytest.raises((SpeechUnavailable, asyncio.CancelledError)):
        await busy
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_the_last_ear_ends_the_shared_workers() -> None:
    first, second = Shared.take(), Shared.take()
    assert first is second
    process = await first.run(60, os.getpid)
    await Shared.give_back()
    os.kill(process, 0)
    await Shared.give_back()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
