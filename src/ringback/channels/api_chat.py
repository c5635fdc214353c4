"""The pull-mode channel: no socket; clients submit what the agent says and fetch what the caller says.

A submission is one frame of the chat protocol and means what the same frame means on a socket.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from enum import Enum, auto
from typing import Protocol

from ringback.channels.channel import ChannelEvent, Dropped, EndedCall, Overtaken, Said
from ringback.channels.chat_protocol import parse_frame
from ringback.channels.plain_data import storable
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.secret import Redactor
from ringback.domain.utterance import Utterance

_FRAME_COST = 500
"""Bytes that a frame counts beyond its own, as on a socket."""

_HUNG_UP = Ending(code=EndingCode.CALLER_ENDED, sentence="The caller ended the call.")


class Effect(Enum):
    """What a submission does to the turns."""

    ASKS = auto()
    """The caller answers it: a new turn."""
    ENDS = auto()
    """The agent hangs up."""
    NOTED = auto()
    """It is recorded, and makes no turn: a tool call or its result, metadata alone."""


def effect_of(frame: str) -> Effect:
    """What a frame does to the turns."""
    event = parse_frame(frame, 0.0)
    if isinstance(event, EndedCall):
        return Effect.ENDS
    return Effect.ASKS if isinstance(event, Said) else Effect.NOTED


class ChatTurns(Protocol):
    """Where the turns of one chat are kept. Its verbs raise `StorageError`."""

    async def open(self, take: Callable[[int, str], None]) -> int:
        """Begin with turn 0; the number of the last frame before the chat.

        From now on `take` is given the number and text of each frame that is submitted, in order.
        """
        ...

    async def say(self, message: str | None, *, heard: int, ended_reason: str | None = None) -> bool:
        """Put words into the turn that waits for them; False: a frame behind the last that was heard goes first."""
        ...

    def stop(self) -> None:
        """Hand over no more frames."""
        ...

    async def over(self, ending: Ending) -> None:
        """Tell clients how the conversation ended."""
        ...


class ApiChatChannel:
    """One chat, fed by what clients submit; a `Channel`."""

    def __init__(
        self,
        turns: ChatTurns,
        *,
        redactor: Redactor | None = None,
        max_call_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A chat that is not open yet; `max_call_bytes` bounds what all frames together come to."""
        self._turns = turns
        self._redactor = redactor
        self._left = max_call_bytes
        self._clock = clock
        self._events: asyncio.Queue[tuple[int, ChannelEvent]] = asyncio.Queue()
        self._held_back: list[tuple[int, ChannelEvent]] | None = None
        self._heard = 0
        self._closed = False
        self._ending: Ending | None = None
        self._asides: set[asyncio.Task[bool]] = set()

    async def open(self) -> None:
        """Begin with turn 0. Raises `StorageError`."""
        self._heard = await self._turns.open(self._take)

    def _take(self, number: int, frame: str) -> None:
        at = self._clock()
        self._left -= len(frame.encode()) + _FRAME_COST
        if self._left >= 0:
            self._put(number, parse_frame(frame, at, self._redactor))
            return
        reason = "more in one conversation than is taken"
        self._put(number, Dropped(at=at, close_code=None, reason=reason, cause=FindingCode.FLOOD))
        self._turns.stop()

    def _put(self, number: int, event: ChannelEvent) -> None:
        if self._held_back is not None:
            self._held_back.append((number, event))
        else:
            self._events.put_nowait((number, event))

    async def send(self, utterance: Utterance) -> float:
        """Put the words into the turn that waits for them; the monotonic time. Raises `Overtaken`, `StorageError`.

        An end of the call without words is told by `close`, when it is known why the call ends.
        """
        text = storable(utterance.text)
        if not text:
            return self._clock()
        # What is submitted after the words were read must not reach the conversation before it knows that they were.
        self._held_back = []
        try:
            reason = _HUNG_UP.reference_reason if utterance.ends_call else None
            if not await self._turns.say(text, heard=self._heard, ended_reason=reason):
                raise Overtaken
            return self._clock()
        finally:
            held_back, self._held_back = self._held_back, None
            for number, event in held_back:
                self._put(number, event)

    def say_nothing(self) -> None:
        """The caller wants to hear more: whoever waits for its words is told, soon, that there are none."""
        aside = asyncio.create_task(self._turns.say(None, heard=self._heard))
        self._asides.add(aside)
        aside.add_done_callback(self._asides.discard)

    async def events(self) -> AsyncIterator[ChannelEvent]:
        """One event a frame, and `Dropped` at the end."""
        while True:
            self._heard, event = await self._next()
            yield event
            if isinstance(event, Dropped):
                return

    async def _next(self) -> tuple[int, ChannelEvent]:
        number, event = await self._events.get()
        return max(number, self._heard), event

    def ends_with(self, ending: Ending) -> None:
        """What `close` will tell."""
        self._ending = ending

    async def close(self) -> None:
        """Take no more; tell clients how the conversation ended, as soon as it is known. Raises `StorageError`."""
        if not self._closed:
            self._closed = True
            self._turns.stop()
            self._put(0, Dropped(at=self._clock(), close_code=1000, reason="", closed_by_us=True))
            await asyncio.gather(*self._asides, return_exceptions=True)
        if self._ending is not None:
            ending, self._ending = self._ending, None
            await self._turns.over(ending)
