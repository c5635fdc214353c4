"""A voice line over a WebSocket, whatever its protocol: the parts of a `Line` that all protocols share."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from itertools import count

from aiohttp import WSCloseCode

from ringback.channels.bounds import FRAME_COST, Allowance, Thinned
from ringback.channels.channel import Dropped
from ringback.channels.line import AgentHungUp, Encoding, Happened, LineReport, Remarked
from ringback.channels.voice_socket import LineLimits, VoiceSocket
from ringback.channels.wire_protocol import NOTHING, Received, WireProtocol
from ringback.channels.wire_reading import cleaner
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor

_MOST_WAITING = 10_000
"""Events that may wait to be taken; until some are, no more is read from the agent."""


_AT_A_TIME = 32
"""Frames of one agent that are read before other calls get their turn."""


class SocketLine:
    """One call; a `Line`. Made by `MediaStreamsLine` and `ChirpLine`."""

    def __init__(
        self,
        protocol: WireProtocol,
        socket: VoiceSocket,
        *,
        limits: LineLimits,
        redactor: Redactor | None,
        on_frame: Callable[[str, str], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._protocol = protocol
        self._socket = socket
        self._limits = limits
        self._clean = cleaner(redactor)
        self._on_frame = on_frame
        self._clock = clock
        self._allowance = Allowance(protocol.encoding, limits.max_call_bytes, clock())
        self._thinned = Thinned()
        self._events: deque[Happened] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._defect: Exception | None = None
        self._open = False
        self._dropped = False

    @property
    def transport(self) -> str:
        """`media-streams` or `chirp`."""
        return self._protocol.transport

    @property
    def report(self) -> LineReport:
        """Nothing: a WebSocket neither rings nor loses packets."""
        return LineReport()

    @property
    def encoding(self) -> Encoding:
        """How sound is written on the wire, both ways."""
        return self._protocol.encoding

    @property
    def carries_keys(self) -> bool:
        """Whether `press` tells the agent of a key; False: the key's tone has to be in the sound."""
        return self._protocol.carries_keys

    @property
    def waiting(self) -> float:
        """Seconds of the agent's sound that have come and are yet to be played, also when the line is closed."""
        return self._protocol.waiting

    async def open(self) -> None:
        """Dial. Raises NotConnected, Refused or HandshakeFailed with the cause in words."""
        await self._socket.open()
        self._open = True
        for frame in self._protocol.opening():
            self._write(frame)
        self._reading = asyncio.create_task(self._read())

    # Each 20 ms

    def played(self) -> bytes:
        """The agent's next 20 ms, exactly one frame long; tells the agent of marks that were reached by it."""
        at = self._clock()
        frame, reached = self._protocol.played(at)
        if reached is not NOTHING:
            self._carry_out(reached)
        return frame

    def send(self, frame: bytes) -> None:
        """Send our next 20 ms, exactly one frame long. Never waits; on a line that is closed it does nothing."""
        if self._open:
            self._socket.write(self._protocol.sound(frame))

    # Words beside the sound

    def press(self, digit: str) -> None:
        """Tell the agent that our caller pressed a key, where the protocol can."""
        self._say(self._protocol.key(digit))

    def began_speaking(self) -> None:
        """Our caller begins to speak."""
        self._say(self._protocol.began_speaking())

    def stopped_speaking(self) -> None:
        """Our caller has spoken, or stopped because the agent spoke."""
        self._say(self._protocol.stopped_speaking())

    def _say(self, frame: str | None) -> None:
        if frame is not None:
            self._write(frame)

    def _write(self, frame: str) -> None:
        if self._open:
            if self._on_frame is not None:
                self._on_frame("out", frame)
            self._socket.write(frame)

    # What happens

    async def events(self) -> AsyncIterator[Happened]:
        """What happens on the line, ending with exactly one `Dropped`."""
        while True:
            while not self._events:
                if self._defect is not None:
                    raise self._defect
                if self._dropped or self._reading is None:
                    return
                self._news.clear()
                await self._news.wait()
            event = self._events.popleft()
            self._room.set()
            yield event

    def _put(self, event: Happened) -> None:
        if isinstance(event, Remarked):
            remarks = self._thinned.of(event.remarks)
            if not remarks:
                return
            event = Remarked(at=event.at, remarks=remarks)
        if not self._dropped:
            self._events.append(event)
            self._news.set()

    def _carry_out(self, received: Received) -> None:
        for answer in received.answers:
            self._write(answer)
        for event in received.events:
            self._put(event)
            if isinstance(event, AgentHungUp):
                self._begin_closing()

    async def _read(self) -> None:
        try:
            await self._read_on()
        except Exception as defect:  # noqa: BLE001 - raised again where events are taken
            self._defect = defect
            self._news.set()
            self._begin_closing(self._protocol.failing(), WSCloseCode.INTERNAL_ERROR)

    async def _read_on(self) -> None:
        for number in count():
            while len(self._events) >= _MOST_WAITING:
                self._room.clear()
                await self._room.wait()
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)  # what has come already is read without waiting: let other calls in between
            frame = await self._socket.receive()
            at = self._clock()
            if isinstance(frame, Dropped):
                self._drop(at, frame)
                return
            if not self._take(frame, at):
                return

    def _take(self, frame: str | bytes | None, at: float) -> bool:
        """Let the protocol have a frame; False: the agent floods the line, which is dropped."""
        size = 0 if frame is None else len(frame)
        if not self._allowance.take(size, at):
            self._flooded(at, f"more than {self._limits.max_call_bytes} bytes ahead of real time")
            return False
        if frame is None:
            return True
        received = self._protocol.heard(frame, at)
        if not received.sound:
            if self._on_frame is not None:
                self._on_frame("in", self._clean(frame) if isinstance(frame, str) else f"({size} bytes)")
            if not self._allowance.keep(size):
                self._flooded(at, f"more than {self._limits.max_call_bytes} bytes beside its sound")
                return False
        self._carry_out(received)
        return True

    def _flooded(self, at: float, reason: str) -> None:
        self._socket.abort()  # whoever floods us does not read our close frame either
        reason = f"{reason}, {FRAME_COST} added for each frame"
        self._drop(at, Dropped(at=at, close_code=None, reason=reason, cause=FindingCode.FLOOD))

    def _drop(self, at: float, how: Dropped) -> None:
        if self._dropped:
            return
        self._open = False
        rest = self._thinned.rest()
        if rest:
            self._events.append(Remarked(at=at, remarks=rest))
        error = self._protocol.last_error()
        reason = how.reason
        if error and not how.closed_by_us:
            reason = f"{reason}; it had reported {error}" if reason else f"it had reported {error}"
        self._events.append(
            Dropped(
                at=at,
                close_code=how.close_code,
                reason=reason,
                cause=how.cause,
                unresponsive=how.unresponsive,
                closed_by_us=how.closed_by_us,
            )
        )
        self._dropped = True
        self._news.set()
        self._begin_closing()  # a close frame of the agent's is answered at once

    # The end

    def end_for_agent(self) -> None:
        """The agent ended the call from beside the line: say its end, close, and tell of it. Never waits."""
        if self._open:
            self._put(AgentHungUp(at=self._clock()))
            self._begin_closing()

    async def hang_up(self) -> None:
        """Say the end of the call by the protocol's own word, then close; returns when the line is closed."""
        closing = self._begin_closing()
        await asyncio.wait((closing,))
        closing.result()

    async def close(self) -> None:
        """Let the line go; safe to call at any time and more than once."""
        await self.hang_up()

    def _begin_closing(self, failing: tuple[str, ...] = (), code: int = WSCloseCode.OK) -> asyncio.Task[None]:
        """Say the end where it is not said yet, and close in a task of its own; once, whoever asks for it."""
        if self._open:
            for frame in (*failing, *self._protocol.ending()):
                self._write(frame)
        self._open = False
        if self._closing is None:
            self._over()
            self._closing = asyncio.create_task(self._shut(code))
        return self._closing

    async def _shut(self, code: int) -> None:
        await self._socket.close(code)
        if self._reading is not None:
            if not self._dropped:
                self._reading.cancel()  # it waits for room: nobody takes events any more
                await asyncio.wait((self._reading,))
            self._drop(self._clock(), Dropped(at=0.0, close_code=None, reason="", closed_by_us=True))

    def _over(self) -> None:
        """The line is of no use any more; may be called more than once."""
