"""One telephone call as the rest of the house has it; the other half of it is in the process that carries it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self

from ringback.channels.line import LineReport
from ringback.channels.sip.call import (
    CallHappened,
    Closed,
    Established,
    HoldChanged,
    Pressed,
    Remark,
    Ringing,
    TransferAsked,
)
from ringback.channels.sip.media_report import degraded_by, media_record
from ringback.channels.sip.messages import Control
from ringback.channels.sip.outcome import closed_of, plain_address
from ringback.channels.sip.sound_buffer import SoundBuffer
from ringback.channels.wire_reading import Clean

_MOST_WAITING = 1000
"""Events that nobody has taken; further ones are dropped, but for the last."""
_PATIENCE = 2.0
_KEYS = frozenset("0123456789*#ABCD")


class TelephoneCall:
    """A call; a `SipCall`. Made by `Telephone`."""

    def __init__(
        self,
        number: int,
        *,
        tell: Callable[[Control], None],
        send: Callable[[int, bytes], None],
        peer: str,
        called: str,
        clean: Clean,
        headers: Mapping[str, str] | None = None,
        call_id: str = "",
        arrived: float | None = None,
    ) -> None:
        self.number = number
        self._tell = tell
        self._send = send
        self._clean = clean
        self.peer = peer
        self.called = called
        self.headers: Mapping[str, str] = dict(headers or {})
        self.call_id = call_id
        self._sound = SoundBuffer()
        self._events: deque[CallHappened] = deque()
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._ending = False
        self._codec = ""
        self._rang_at = arrived
        self._answered_at: float | None = None
        self._report = LineReport(call_id=call_id or None)

    # Sound

    @property
    def waiting(self) -> float:
        """Seconds of the other side's sound that have come and are yet to be read."""
        return self._sound.waiting

    def read(self) -> bytes:
        """The other side's next 20 ms, exactly one frame; silence where there is nothing."""
        return self._sound.frame(ended=self._over.is_set())

    def write(self, frame: bytes) -> None:
        """Send 20 ms, exactly one frame. Never waits; on a call that is over it does nothing."""
        if not self._over.is_set():
            self._send(self.number, frame)

    def came(self, sound: bytes) -> None:
        """The process has sound of the other side."""
        self._sound.add(sound)

    # What we do

    def press(self, digit: str) -> None:
        """Press a key (RFC 4733)."""
        if digit in _KEYS:
            self._do("press", digit=digit)

    async def accept(self) -> None:
        """Answer an incoming call (200)."""
        self._do("accept")

    async def refuse(self) -> None:
        """Do not answer an incoming call (486)."""
        await self._end("refuse")

    async def hang_up(self) -> None:
        """BYE, or CANCEL while it rings; returns when the call is over, or after two seconds."""
        await self._end("hang_up")

    async def _end(self, how: str) -> None:
        if not self._ending:
            self._ending = True
            self._do(how)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._over.wait()
        if not self._over.is_set():
            self.close(Closed(at=time.monotonic(), status=None, reason="", by_us=True))

    def hold(self, *, held: bool) -> None:
        """Put the other side on hold, or take it back."""
        self._do("hold", held=held)

    def transfer(self, target: str) -> None:
        """Pass the other side on (REFER)."""
        self._do("transfer", target=target)

    def _do(self, what: str, **values: Any) -> None:
        if not self._over.is_set():
            self._tell({"do": what, "call": self.number, **values})

    # What happens

    def events(self) -> "Events":
        """What happens, ending with exactly one `Closed`. For one reader."""
        return Events(self._events, self._news)

    def happened(self, message: Control) -> None:
        """The process tells of something."""
        at = self._when(message)
        match message.get("is"):
            case "ringing":
                if self._rang_at is None:
                    self._rang_at = at
                self._put(Ringing(at=at))
            case "established":
                self._answered_at = at
                self._sound.clear()  # tones and announcements before the answer are nobody's speech
                self._codec = str(message.get("codec", ""))[:20]
                self.call_id = self._text(message, "call_id") or self.call_id
                self._put(Established(at=at, codec=self._codec))
            case "pressed":
                if (digit := str(message.get("digit", "")).upper()) in _KEYS:
                    self._put(Pressed(at=at, digit=digit))
            case "held":
                self._put(HoldChanged(at=at, held=bool(message.get("held"))))
            case "transfer":
                self._put(TransferAsked(at=at, target=plain_address(self._text(message, "target"))))
            case "remark":
                self._put(Remark(at=at, code=str(message.get("code")), sentence=self._text(message, "sentence")))
            case "closed":
                self.call_id = self._text(message, "call_id") or self.call_id
                self.close(closed_of(message, at, self._clean), message)
            case _:
                pass

    def _when(self, message: Control) -> float:
        """The process stamps what it tells with the same clock, for it may have waited a little."""
        now, told = time.monotonic(), message.get("at")
        return told if isinstance(told, float) and now - _PATIENCE < told < now else now

    def _text(self, message: Control, key: str) -> str:
        return self._clean(str(message.get(key) or ""))[:500]

    def _put(self, event: CallHappened) -> None:
        if self._over.is_set() or len(self._events) >= _MOST_WAITING:
            return
        self._events.append(event)
        self._news.set()

    def close(self, closed: Closed, message: Control | None = None) -> None:
        """The call is over, as the process says, or because there is no process any more."""
        if self._over.is_set():
            return
        media = media_record(self._codec, message or {}) if self._answered_at is not None else None
        ringing = None
        if self._rang_at is not None and self._answered_at is not None:
            ringing = max(0.0, self._answered_at - self._rang_at)
        self._report = LineReport(
            ringing=ringing,
            call_id=self.call_id or None,
            media=media,
            degraded=degraded_by(media, message or {}, dropped=self._sound.dropped) if media is not None else (),
        )
        self._events.append(closed)
        self._over.set()
        self._news.set()

    @property
    def report(self) -> LineReport:
        """What is known of the call; complete once it is over."""
        return self._report


class Events:
    """What happens on a call. Waiting for the next may be cancelled, and nothing is lost."""

    def __init__(self, waiting: deque[CallHappened], news: asyncio.Event) -> None:
        self._waiting = waiting
        self._news = news
        self._done = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CallHappened:
        if self._done:
            raise StopAsyncIteration
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        event = self._waiting.popleft()
        self._done = isinstance(event, Closed)
        return event
