"""Lets runs into the executor, so many at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from ringback.domain.run import Run


async def dispatch(
    runs: Collection[Run],
    execute: Callable[[Run], Awaitable[Run]],
    *,
    concurrency: int,
    stopped: Callable[[], bool],
) -> dict[int, Run]:
    """Execute the runs in order, at most `concurrency` at a time; the finished ones by id.

    Once `stopped` says so no further run begins; those under way are waited for. An exception of `execute` stops the
    others and is raised.
    """
    waiting = iter(runs)
    finished: dict[int, Run] = {}

    async def work() -> None:
        # The iterator is shared: next() does not await, so no two workers get the same run.
        for run in waiting:
            if stopped():
                return
            done = await execute(run)
            finished[done.id] = done

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(runs))):
                group.create_task(work())
    except* Exception as failures:  # noqa: BLE001 - unwrapped and raised again
        raise _first(failures) from None
    return finished


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    failure = failures.exceptions[0]
    return _first(failure) if isinstance(failure, ExceptionGroup) else failure  # pyright: ignore[reportUnknownArgumentType] - the group's parameter is lost by isinstance
