"""One call inside the process that carries them: the stack's call, its sound, and what is told of it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from baresip import CallState
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError
from baresip.events import Event, StackEvent

from ringback.channels.sip.agreed_media import AgreedMedia
from ringback.channels.sip.media_guard import MediaGuard
from ringback.channels.sip.messages import FRAME_BYTES, SILENCE, Control, is_quiet

log = logging.getLogger(__name__)

PRIMED = 2
"""Frames of ours that wait in the stack: two clocks meet there, ours and that of its sending thread."""
DEEP = 6
"""Frames that wait from which on silent ones are left out, until what waits is short again."""
FULL = 25
"""Frames that wait from which on any is left out."""
SETTLES = 0.2
"""Seconds between two changes of a hold that are told; what changes faster is told when it has settled."""
MOST_OFFERS = 20
"""Offers of new media in a call that are nothing to remark upon."""
UNTRIED = 3.0
"""Seconds in which somebody who is called says at least that it got the call; a server has 0.2 (RFC 3261, 17.2.1)."""

_MOST_READ = 20 * FRAME_BYTES
_MOST_KEYS = 200
_BETWEEN_KEYS = 0.12
_SPOKEN = ("PCMU", "PCMA")
_LOOKS = 50
"""Frames between two looks at the stack's counters, which it has forgotten when it tells of the end."""


class Leg:
    """A call of the stack's. `tell` sends a control message about it."""

    def __init__(
        self,
        number: int,
        call: Any,
        *,
        tell: Callable[[Control], None],
        media: AgreedMedia,
    ) -> None:
        self.number = number
        self.call = call
        self.over = False
        self._began = time.monotonic()
        self._tell = tell
        self._media = media
        self._guard = MediaGuard()
        self._ended_by_us = False
        self._refused = ""
        """Why we hung up on what was agreed, as a SIP status."""
        self._established = False
        self._told = False
        """Whether it was told that it is established."""
        self._rang = False
        self._rtcp = False
        self._held = self._told_held = False
        self._settling: asyncio.TimerHandle | None = None
        self._offers = 0
        self._heard = 0
        """Bytes of the other side's sound."""
        self._keys_heard = self._keys_sent = 0
        self._gave = 0
        self._silent_before: int | None = None
        """Frames of silence that the stack had sent before our first frame."""
        self._gaps = 0
        """Frames of silence that it has sent since, because ours were late."""
        self._left_out = 0
        """Frames of ours that were not sent, because more came than could be."""
        self._keys: deque[str] = deque(maxlen=_MOST_KEYS)
        self._pressing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        call.on(self._happened)

    # Sound

    def take(self) -> bytes:
        """What came of the other side's sound since the last time."""
        try:
            heard: bytes = self.call.audio.read(_MOST_READ)
        except (AudioNotActive, AudioRestarted):
            return b""
        self._heard += len(heard)
        if self._told:
            kept_off = self._guard.tick(
                self._media.so_far(self.call.call_id or ""), time.monotonic(), heard=bool(heard)
            )
            if kept_off is not None:
                self._say("remark", code="strange_media", sentence=kept_off)
        return heard

    def give(self, frame: bytes) -> None:
        """Send a frame of ours; those before there is any media are lost, as on every telephone."""
        audio = self.call.audio
        try:
            info = audio.info()
            if not info.tx_ready or self.over:
                return
            self._gave += 1
            if self._silent_before is None:
                self._silent_before = audio.stats().tx_silence_frames
            elif self._gave % _LOOKS == 0:
                self._gaps = max(self._gaps, audio.stats().tx_silence_frames - self._silent_before)
            waiting = info.tx_buffered
            if waiting == 0:
                audio.write(SILENCE * PRIMED)
            deep = waiting // FRAME_BYTES
            if deep > DEEP and is_quiet(frame):
                return
            if deep > FULL:
                self._left_out += not self._held
                return
            audio.write(frame)
        except AudioRestarted:
            self._silent_before = None  # it counts anew
        except AudioNotActive:
            return

    # What we do

    async def accept(self) -> None:
        """Answer, with sound alone.

        The stack offers new media behind each answer that has less than it could have, and not every agent takes that.
        So it may have pictures, too, where none were offered: then there are none in its answer either.
        """
        sound_alone = await self._media.is_sound_alone(self.call.call_id or "")
        await self._try(self.call.answer(video=sound_alone))

    async def refuse(self) -> None:
        """486."""
        self._ended_by_us = True
        await self._try(self.call.reject())

    async def hang_up(self) -> None:
        """BYE or CANCEL."""
        self._ended_by_us = True
        if self.call.state is CallState.OUTGOING and not self._rang:
            # A call may be cancelled once it has been answered with anything (RFC 3261, section 9.1). Before, the stack
            # forgets it without a word, and it rings on.
            await self._media.has_been_tried(self.call.call_id or "", self._began + UNTRIED - time.monotonic())
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
            self._keys_sent += 1
            await self._try(self.call.send_dtmf(self._keys.popleft()))
            await asyncio.sleep(_BETWEEN_KEYS)

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

    def _happened(self, event: StackEvent) -> None:  # noqa: C901, PLR0912 - a table: one event, one case
        match event.event:
            case Event.CALL_RINGING | Event.CALL_PROGRESS:
                if not self._rang and not self._established:
                    self._rang = True
                    self._say("ringing")
            case Event.CALL_ESTABLISHED:
                if not self._established:
                    self._established = True
                    self._spawn(self._establish(time.monotonic()))
            case Event.CALL_DTMF_START:
                if event.text:
                    self._keys_heard += 1
                    self._say("pressed", digit=event.text[:1])
            case Event.CALL_HOLD | Event.CALL_RESUME:
                self._held = event.event is Event.CALL_HOLD
                self._settle()
            case Event.CALL_REMOTE_SDP:
                if event.text == "offer" and self._established:
                    self._offered()
            case Event.CALL_TRANSFER:
                request = self.call.transfer_request
                self._say("transfer", target=request.target if request else str(event.text or ""))
            case Event.CALL_RTCP:
                self._rtcp = True
            case Event.CALL_CLOSED:
                self._closed(event)
            case _:
                pass

    async def _establish(self, at: float) -> None:
        codec = await self._media.codec_of(self.call.call_id or "")
        if self.over:
            return
        if codec and codec not in _SPOKEN:
            self._refused = "488 No codec of ours was agreed on"
            await self._try(self.call.hangup())
            return
        self._told = True
        self._say("established", codec=codec or _SPOKEN[0], call_id=self.call.call_id or "", at=at)

    def _settle(self) -> None:
        """Tell of a hold's change, but of no more of them than somebody can take in."""
        if self._settling is not None or self._held is self._told_held or self.over:
            return
        self._told_held = self._held
        self._say("held", held=self._held)
        self._settling = asyncio.get_running_loop().call_later(SETTLES, self._settled)

    def _settled(self) -> None:
        self._settling = None
        self._settle()

    def _offered(self) -> None:
        self._offers += 1
        if self._offers == MOST_OFFERS + 1:
            sentence = f"The agent offered other media more than {MOST_OFFERS} times in one call (re-INVITE)."
            self._say("remark", code="flood", sentence=sentence)

    def _closed(self, event: Any) -> None:
        if self.over:
            return
        self.over = True
        self._guard.release()
        if self._settling is not None:
            self._settling.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        self._say(
            "closed",
            text=self._refused or event.text or "",
            by_us=self._ended_by_us and not self._refused,
            established=self._told,
            call_id=self.call.call_id or "",
            stats=event.stats,
            rtcp=self._rtcp,
            heard=self._heard // FRAME_BYTES,
            keys=self._keys_heard,
            keys_sent=self._keys_sent,
            blocked=self._guard.blocked,
            gaps=self._gaps,
            left_out=self._left_out,
        )

    def _say(self, happened: str, **values: Any) -> None:
        self._tell({"is": happened, "call": self.number, "at": time.monotonic(), **values})
