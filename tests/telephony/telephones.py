"""Our own telephone, where it meets peers that are none of ours."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from peer_process import PATIENCE

from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_call import TelephoneCall

NewTelephone = Callable[..., Telephone]
_T = TypeVar("_T")


async def soon(waits: Awaitable[_T]) -> _T:
    """What is awaited, within the patience of a busy machine."""
    async with asyncio.timeout(PATIENCE):
        return await waits


class Desk:
    """Takes every call at once, and lets it go when the other side does."""

    def __init__(self) -> None:
        self.calls: list[TelephoneCall] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, call: TelephoneCall) -> None:
        """For `Telephone.listen`."""
        self.calls.append(call)
        task = asyncio.get_running_loop().create_task(call.accept())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
