"""One telephone call at a test's SIP agent: what came, and what the agent does about it."""

import asyncio
import contextlib
import time
from collections.abc import Mapping

import numpy as np

from ringback.channels.line import FRAME_SECONDS, Encoding, LineReport
from ringback.channels.sip.call import Closed, Established, HoldChanged, Pressed, Ringing, TransferAsked
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.speech.audio import Sound
from ringback.speech.resampling import resampled
from ringback.testing.agent_call import LineClosed
from ringback.testing.call_hearing import CallHearing

_ENCODING = Encoding.PCM_8K
_AHEAD = 0.1
"""Seconds of sound that are sent before they are due, so that a busy machine leaves no gaps."""
_STALL = 1.0
"""Seconds by which hearing may be late until it begins anew at the present."""


class SipAgentCall(CallHearing):
    """One call as the agent hears it; also the record of it, to be looked at afterwards."""

    transport = "sip"

    def __init__(self, number: int, call: TelephoneCall, headers: Mapping[str, str]) -> None:
        """Made by the server.

        Args:
            number: 1 for the server's first call.
            call: the agent's end of it.
            headers: of the INVITE.
        """
        super().__init__(_ENCODING.rate)
        self.number = number
        """1 for the server's first call that was answered, by us or by whom we called."""
        self.headers: dict[str, str] = dict(headers)
        """Those of the INVITE's `X-` headers that the server was told to look for; of our own calls what we sent."""
        self.peer = call.peer
        """The other side's address, `sip:user@host`."""
        self.called = call.called
        """Which of our users was called; of our own calls, which of them calls."""
        self.codec = ""
        """`PCMU` or `PCMA`, once the call is answered."""
        self.on_hold = False
        """Whether the caller's side has put us on hold."""
        self.transfer_target: str | None = None
        """Whom the caller's side passed us on to (REFER)."""
        self.status: int | None = None
        """SIP status, where a call of ours was not answered."""
        self.reason = ""
        """Why the call ended, in the other side's or the stack's words."""
        self.ended: Closed | None = None
        """How the call ended."""
        self.answered = asyncio.Event()
        """Set when sound goes both ways."""
        self.ringing = asyncio.Event()
        """Set when the other side's telephone rings."""
        self._call = call

    def header(self, name: str) -> str | None:
        """A header of the INVITE, whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Nothing: a telephone call has headers only."""
        return {}

    @property
    def call_id(self) -> str:
        """SIP Call-ID."""
        return self._call.call_id

    @property
    def report(self) -> LineReport:
        """What is known of the line; complete once the call is closed."""
        return self._call.report

    async def held(self) -> bool:
        """Wait until the caller's side puts us on hold; False: the call is over before."""
        return await self._until(lambda: self.on_hold)

    # Speaking

    async def say(self, sound: Sound) -> None:
        """Say sound of any rate; returns when the caller has heard it. Cancelled, the rest is not said.

        Raises `LineClosed` when the call is over before.
        """
        samples = resampled(sound, self.rate).samples
        short = -len(samples) % _ENCODING.frame_samples
        frames = np.concatenate((samples, np.zeros(short, np.int16))).reshape(-1, _ENCODING.frame_samples)
        loop = asyncio.get_running_loop()
        due = loop.time()
        for frame in frames:
            await asyncio.sleep(max(0.0, due - _AHEAD - loop.time()))
            self._check()
            self._call.write(frame.astype("<i2").tobytes())
            due = max(due, loop.time() - _AHEAD) + FRAME_SECONDS
        await asyncio.sleep(max(0.0, due - loop.time()))

    async def press(self, digits: str) -> None:
        """Press keys (RFC 4733), one after the other. Raises `LineClosed`."""
        for digit in digits:
            self._check()
            self._call.press(digit)

    async def hold(self, *, held: bool = True) -> None:
        """Put the caller on hold, or take it back. Raises `LineClosed`."""
        self._check()
        self._call.hold(held=held)

    async def transfer(self, target: str) -> None:
        """Pass the caller on to another SIP address (REFER). Raises `LineClosed`."""
        self._check()
        self._call.transfer(target)

    def _check(self) -> None:
        if self.closed.is_set():
            raise LineClosed

    # The end

    async def hang_up(self) -> None:
        """End the call (BYE); returns when it is over."""
        await self._call.hang_up()
        await self.closed.wait()

    # What the server does

    async def run(self) -> None:
        """Take in what happens and what is heard until the call is over; run by the server beside `talk`."""
        hearing = asyncio.create_task(self._hear())
        try:
            async for event in self._call.events():
                match event:
                    case Ringing():
                        self.ringing.set()
                    case Established():
                        self.codec = event.codec
                        self.answered.set()
                    case Pressed():
                        self.keys.append(event.digit)
                    case HoldChanged():
                        self.on_hold = event.held
                    case TransferAsked():
                        self.transfer_target = event.target
                    case Closed():
                        self._over(event)
                    case _:
                        pass
                await self._tell()
        finally:
            hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hearing
            while self._call.waiting:
                self._take()
            self.closed.set()
            await self._tell()

    def _over(self, event: Closed) -> None:
        self.ended = event
        self.status, self.reason = event.status, event.reason
        self.ended_by_caller = not event.by_us and event.status is None and not event.cause

    async def _hear(self) -> None:
        """A frame each 20 ms, as a telephone plays them."""
        await self.answered.wait()
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))
            if loop.time() - due > _STALL:
                due = loop.time()
            self._take()
            await self._tell()

    def _take(self) -> None:
        self._take_sound(np.frombuffer(self._call.read(), "<i2").astype(np.int16), time.monotonic())
