"""Ends what would otherwise take its time, once a person wants it to end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from ringback.conversation.stopping import WhenStopped

_T = TypeVar("_T")


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, _T], otherwise: _T) -> _T:
    """What the work returns; `otherwise`, where the event was set before it was done."""
    task = asyncio.ensure_future(work)

    def cut() -> None:
        task.cancel()

    try:
        with WhenStopped(stop, cut):
            return await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if not stop.is_set() or (current is not None and current.cancelling()):
            task.cancel()
            raise
        return otherwise
