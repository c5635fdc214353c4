"""Writes that come close together share a transaction."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from ringback.domain.run import RunStatus
from ringback.storage.writer import GroupedWriter, RunChange


def _change(number: int) -> RunChange:
    return RunChange(
        id=number, status=RunStatus.DONE, attempt=1, outcome=None, started_at=None, finished_at=None, record="{}"
    )


class Groups:
    """Remembers what was written together; even numbers are refused."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.failure: Exception | None = None
        self.writing = asyncio.Event()

    async def write(self, changes: Sequence[RunChange]) -> Collection[int]:
        self.writing.set()
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        self.seen.append([change.id for change in changes])
        return {change.id for change in changes if change.id % 2 == 0}


async def test_what_comes_together_is_written_together_and_answered_one_by_one() -> None:
    groups = Groups()
    writer = GroupedWriter(groups.write, window=0)
    assert await asyncio.gather(*(writer.write(_change(number)) for number in (1, 2, 3))) == [True, False, True]
    assert await writer.write(_change(5))
    assert groups.seen == [[1, 2, 3], [5]]


async def test_a_group_has_a_largest_size() -> None:
    groups = Groups()
    writer = GroupedWriter(groups.write, window=0)
    await asyncio.gather(*(writer.write(_change(number)) for number in range(1200)))
    assert [len(group) for group in groups.seen] == [500, 500, 200]


async def test_a_failure_reaches_all_of_its_group_and_nobody_else() -> None:
    groups = Groups()
    writer = GroupedWriter(groups.write, window=0)
    groups.failure = OSError("full")
    assert [
        type(answer)
        for answer in await asyncio.gather(*(writer.write(_change(n)) for n in (1, 2)), return_exceptions=True)
    ] == [OSError, OSError]
    groups.failure = None
    assert await writer.write(_change(3))


async def test_what_comes_during_a_write_goes_into_the_next_group() -> None:
    groups = Groups()
    writer = GroupedWriter(groups.write, window=0)
    first = asyncio.create_task(writer.write(_change(1)))
    await groups.writing.wait()
    assert await writer.write(_change(3))
    assert await first
    assert groups.seen == [[1], [3]]


async def test_closing_waits_and_may_be_repeated() -> None:
    groups = Groups()
    writer = GroupedWriter(groups.write, window=0)
    waiting = asyncio.create_task(writer.write(_change(1)))
    await asyncio.sleep(0)
    await writer.close()
    assert waiting.done() or await waiting
    assert groups.seen == [[1]]
    await writer.close()


async def test_when_the_loop_is_torn_down_nobody_waits_for_ever() -> None:
    started = asyncio.Event()

    async def never(_: Sequence[RunChange]) -> Collection[int]:
        started.set()
        await asyncio.Event().wait()
        return ()

    writer = GroupedWriter(never, window=0)
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(writer.write(_change(1)))
    await started.wait()
    (drain,) = asyncio.all_tasks() - before - {waiting}
    drain.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
