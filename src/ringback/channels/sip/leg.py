"""One call inside the process that carries them: the stack's call, its sound, and what is told of it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from baresip.errors import AudioNotActive, AudioRestarted, BaresipError
from baresip.events import Event

from ringback.channels.sip.messages import FRAME_BYTES, SILENCE, Control

log = logging.getLogger(__name__)

PRIMED = 2
"""Frames of ours that wait in the stack: two clocks meet there, ours and that of its sending thread."""
DEEP = 6
"""Frames that wait from which on silent ones are left out, until what waits is short again."""
FULL = 25
"""Frames that wait from which on any is left out."""
_MOST_READ = 20 * FRAME_BYTES
_MOST_KEYS = 200


class Leg:
    """A call of the stack's. `tell` sends a control message about it."""

    def __init__(self, number: int, call: Any, tell: Callable[[Control], None], *, codec_of: "CodecOf") -> None:
        self.number = number
        self.call = call
        self.over = False
        self.ended_by_us = False
        self.left_out = 0
        """Frames of ours that were not sent, because more came than could be."""
        self._tell = tell
        self._codec_of = codec_of
        self._primed = False
        self._established = False
        self._rang = False
        self._rtcp = False
        self._held = False
        self._keys: deque[str] = deque(maxlen=_MOST_KEYS)
        self._pressing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        call.on(self._happened)

    # Sound

    def take(self) -> bytes:
        """What came of the other side's sound since the last time."""
        try:
            return self.call.audio.read(_MOST_READ)
        except (AudioNotActive, AudioRestarted):
            return b""

    def give(self, frames: bytes) -> None:
        """Send frames of ours; those before there is any media are lost, as on every telephone."""
        audio = self.call.audio
        try:
            info = audio.info()
            if not info.tx_ready or self.over:
                return
            waiting = info.tx_buffered
            if waiting == 0:
                audio.write(SILENCE * PRIMED)
                waiting = PRIMED * FRAME_BYTES
            deep = waiting // FRAME_BYTES
            if deep > FULL or (deep > DEEP and not any(frames)):
                self.left_out += 1
                return
            audio.write(frames)
        except (AudioNotActive, AudioRestarted):
            return

    # What we do

    async def accept(self) -> None:
        """Answer."""
        await self._try(self.call.answer())

    async def refuse(self) -> None:
        """486."""
        self.ended_by_us = True
        await self._try(self.call.reject())

    async def hang_up(self) -> None:
        """BYE or CANCEL."""
        self.ended_by_us = True
        await self._try(self.call.hangup())

    async def hold(self, *, held: bool) -> None:
        """Put the other side on hold, or take it back."""
        await self._try(self.call.hold() if held else self.call.resume())

    async def transfer(self, target: str) -> None:
        """Pass the other side on (REFER)."""
        await self._try(self.call.transfer(target))

    def press(self, digit: str) -> None:
        """Press a key, after those that were pressed before."""
        self._keys.append(digit)
        if self._pressing is None or self._pressing.done():
            self._pressing = self._spawn(self._press())

    async def _press(self) -> None:
        while self._keys and not self.over:
            await self._try(self.call.send_dtmf(self._keys.popleft()))
            await asyncio.sleep(0.12)

    async def _try(self, doing: Awaitable[Any]) -> None:
        try:
            await doing
        except (BaresipError, ValueError) as error:
            log.info("call %s: %s", self.number, error)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # What happens

    def _happened(self, event: Any) -> None:  # noqa: C901 - a table: one event, one case
        match event.event:
            case Event.CALL_RINGING | Event.CALL_PROGRESS:
                if not self._rang and not self._established:
                    self._rang = True
                    self._say("ringing")
            case Event.CALL_ESTABLISHED:
                if not self._established:
                    self._established = True
                    self._spawn(self._establish())
            case Event.CALL_DTMF_START:
                if event.text:
                    self._say("pressed", digit=str(event.text)[:1])
            case Event.CALL_HOLD | Event.CALL_RESUME:
                held = event.event is Event.CALL_HOLD
                if held is not self._held:
                    self._held = held
                    self._say("held", held=held)
            case Event.CALL_TRANSFER:
                request = self.call.transfer_request
                self._say("transfer", target=request.target if request else str(event.text or ""))
            case Event.CALL_RTCP:
                self._rtcp = True
            case Event.CALL_CLOSED:
                self._closed(event)
            case _:
                pass

    async def _establish(self) -> None:
        codec = await self._codec_of(self.call.call_id or "")
        if not self.over:
            self._say("established", codec=codec, call_id=self.call.call_id or "")

    def _closed(self, event: Any) -> None:
        if self.over:
            return
        self.over = True
        for task in tuple(self._tasks):
            task.cancel()
        self._say(
            "closed",
            text=str(event.text or ""),
            by_us=self.ended_by_us,
            established=self._established,
            call_id=self.call.call_id or "",
            stats=dict(event.stats or {}),
            rtcp=self._rtcp,
            left_out=self.left_out,
        )

    def _say(self, happened: str, **values: Any) -> None:
        with suppress(Exception):
            self._tell({"is": happened, "call": self.number, "at": time.monotonic(), **values})


CodecOf = Callable[[str], Awaitable[str]]
"""What was agreed on, by Call-ID."""
