"""Real calls between two telephones of ours: dialled, answered, and what happened on them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from ringback.channels.line import Happened
from ringback.channels.sip.account import Identity
from ringback.channels.sip.call import CallHappened, Closed, Established
from ringback.channels.sip.messages import FRAME_BYTES
from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_call import TelephoneCall

PATIENCE = 30.0
AGENT, CALLER = Identity(user="agent"), Identity(user="+15550100")
LOUD = b"\x10\x20" * (FRAME_BYTES // 2)
T = TypeVar("T")
NewTelephone = Callable[..., Telephone]


async def soon(waits: Any) -> Any:
    """What is awaited, within the patience of a busy machine."""
    async with asyncio.timeout(PATIENCE):
        return await waits


class Side:
    """One side of a call, with all that happened on it."""

    def __init__(self, call: TelephoneCall) -> None:
        self.call = call
        self.happened: list[CallHappened] = []
        self._events: AsyncIterator[CallHappened] = call.events()

    async def until(self, kind: type[T]) -> T:
        """The next event of a kind."""
        async with asyncio.timeout(PATIENCE):
            async for event in self._events:
                self.happened.append(event)
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"no {kind.__name__}: {self.happened}")

    async def over(self) -> Closed:
        """The end of the call."""
        return await self.until(Closed)

    async def hears(self, what: Callable[[bytes], bool] = any, *, says: bytes = bytes(FRAME_BYTES)) -> bytes:
        """Read, and say something meanwhile, until something is heard."""
        start = time.monotonic()
        for number in range(int(PATIENCE * 50)):
            self.call.write(says)
            if what(frame := self.call.read()):
                return frame
            # Real sound takes real time: the stack sends a frame each 20 ms, whatever we do.
            await asyncio.sleep(start + number * 0.02 - time.monotonic())
        raise AssertionError("nothing was heard")


async def answering(telephone: Telephone, identity: Identity = AGENT) -> "asyncio.Queue[TelephoneCall]":
    """Calls that come to a user, as they come."""
    calls: asyncio.Queue[TelephoneCall] = asyncio.Queue()
    await telephone.listen(identity, calls.put_nowait)
    return calls


async def connected(
    one: Telephone, other: Telephone, calls: "asyncio.Queue[TelephoneCall]", **headers: str
) -> tuple[Side, Side]:
    """A call that is answered: the caller's side, and the agent's."""
    dialled = Side(await one.dial(f"sip:agent@{other.address}", headers, identity=CALLER))
    taken = Side(await soon(calls.get()))
    await taken.call.accept()
    await taken.until(Established)
    await dialled.until(Established)
    return dialled, taken


async def until(events: AsyncIterator[Happened], *kinds: type[Happened]) -> list[Happened]:
    """What happens until one of each kind has, in that order."""
    found: list[Happened] = []
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            found.append(event)
            if isinstance(event, kinds[0]):
                kinds = kinds[1:]
            if not kinds:
                return found
    raise AssertionError(found)
