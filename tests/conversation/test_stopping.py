"""One event, many conversations."""

import asyncio

from ringback.conversation.stopping import WhenStopped


async def test_everybody_is_told_once() -> None:
    stop, first, second = asyncio.Event(), asyncio.Event(), asyncio.Event()
    with WhenStopped(stop, first.set), WhenStopped(stop, second.set):
        stop.set()
        await first.wait()
        await second.wait()


async def test_who_comes_late_is_told_at_once() -> None:
    stop, told = asyncio.Event(), list[str]()
    stop.set()
    with WhenStopped(stop, lambda: told.append("a")):
        assert told == ["a"]


async def test_who_has_left_is_not_told_and_no_task_stays() -> None:
    stop, told = asyncio.Event(), list[str]()
    with WhenStopped(stop, lambda: told.append("a")):
        await asyncio.sleep(0)
    stop.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_without_an_event_nothing_happens() -> None:
    with WhenStopped(None, lambda: None):
        await asyncio.sleep(0)
