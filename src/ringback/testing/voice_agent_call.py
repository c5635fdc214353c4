"""One spoken call at a test's voice agent: what came, and what the agent does about it."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web

from ringback.channels.line import FRAME_SECONDS
from ringback.speech.audio import Samples, Sound
from ringback.speech.resampling import resampled
from ringback.testing.agent_call import LineClosed, as_object
from ringback.testing.voice_agent_wire import AgentWire

LOUD = 300.0
"""Root mean square of a 20 ms frame from which on it counts as sound: 41 dB below full scale."""

_FEWEST_LOUD = 2
"""Loud frames in a row that begin an utterance: a click is none."""


class VoiceAgentCall:
    """One call as the agent hears it; also the record of it, to be looked at afterwards.

    Sound is counted in samples of the line's rate from the first that the caller sent; a caller sends silence, too, so
    a position divided by `rate` is the time since the call began.
    """

    def __init__(
        self, number: int, transport: str, wire: AgentWire, request: web.Request, socket: web.WebSocketResponse
    ) -> None:
        self.number = number
        """1 for the server's first accepted call."""
        self.transport = transport
        """`media-streams` or `chirp`."""
        self.rate = wire.encoding.rate
        """Hz."""
        self.headers: dict[str, str] = dict(request.headers)
        """Handshake headers under the names as sent."""
        self.start: dict[str, Any] = {}
        """Body of the `start` message: ids, format, `customParameters`; empty for CHIRP."""
        self.frames: list[str] = []
        """Text frames of the caller but sound, as they came."""
        self.arrivals: list[tuple[float, int]] = []
        """For each frame of the caller's sound: `time.monotonic()` at its arrival, the position of its first sample."""
        self.keys: list[str] = []
        """Keys that the caller pressed, where the protocol tells of them."""
        self.marks: list[str] = []
        """Marks that the caller's side has echoed."""
        self.ended_by_caller = False
        """The caller's side said the end (`stop`), or closed the line with code 1000."""
        self.close_code: int | None = None
        """The caller's close code, once the line is closed; 1006 where there was no close frame."""
        self.closed = asyncio.Event()
        """Set when the line is closed, whoever closed it."""
        self._request = request
        self._socket = socket
        self._wire = wire
        self._heard = bytearray()
        self._levels: list[float] = []
        self._listened = 0
        self._utterance = ""
        self._news = asyncio.Condition()

    def header(self, name: str) -> str | None:
        """A handshake header, whatever its case."""
        return self._request.headers.get(name)

    @property
    def parameters(self) -> dict[str, str]:
        """The custom parameters of `start`; empty for CHIRP."""
        return dict(self.start.get("customParameters", {}))

    # Hearing

    @property
    def position(self) -> int:
        """Samples that the caller has sent so far."""
        return len(self._heard) // 2

    def heard(self, start: int = 0, end: int | None = None) -> Sound:
        """What the caller has sent, silence included, between two positions."""
        first, last, _ = slice(start, end).indices(self.position)
        return Sound(np.frombuffer(bytes(self._heard[2 * first : 2 * last]), np.int16), self.rate)

    async def listen(self, *, silence: float = 0.5) -> Sound | None:
        """The caller's next utterance, as soon as `silence` seconds of quiet follow it; None: the line is closed.

        Utterances are told by their energy; each is returned once, those that came before this was called included.
        """
        needed = max(1, round(silence / FRAME_SECONDS))
        began: int | None = None
        loud = quiet = 0
        while await self._heard_until(self._listened):
            frame = self._listened
            self._listened += 1
            if self._levels[frame] >= LOUD:
                loud, quiet = loud + 1, 0
                if began is None and loud >= _FEWEST_LOUD:
                    began = frame - loud + 1
                continue
            loud, quiet = 0, quiet + 1
            if began is not None and quiet >= needed:
                return self._frames(began, frame - quiet + 1)
        return None if began is None else self._frames(began, len(self._levels))

    async def speaks(self) -> int | None:
        """Wait until the caller begins to speak; the position where it did. None: the line is closed.

        The utterance is left for `listen`.
        """
        frame, loud = self._listened, 0
        while await self._heard_until(frame):
            loud = loud + 1 if self._levels[frame] >= LOUD else 0
            if loud >= _FEWEST_LOUD:
                return (frame - loud + 1) * self._wire.encoding.frame_samples
            frame += 1
        return None

    async def reaches(self, position: int) -> bool:
        """Wait until the caller has sent so many samples; False: the line is closed before."""
        return await self._until(lambda: self.position >= position)

    async def marked(self, name: str) -> bool:
        """Wait for the echo of a mark; False: the line is closed before."""
        return await self._until(lambda: name in self.marks)

    async def pressed(self, count: int = 1) -> list[str]:
        """Wait until so many keys have been pressed, or the line is closed; all keys so far."""
        await self._until(lambda: len(self.keys) >= count)
        return list(self.keys)

    async def received(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many text frames of one event or type, or the close of the line; all of them so far."""

        def found() -> list[dict[str, Any]]:
            frames = map(as_object, self.frames)
            return [frame for frame in frames if kind in (frame.get("event"), frame.get("type"))]

        await self._until(lambda: len(found()) >= count)
        return found()

    async def _heard_until(self, frame: int) -> bool:
        if frame < len(self._levels):
            return True
        return await self._until(lambda: frame < len(self._levels))

    async def _until(self, done: Any) -> bool:
        async with self._news:
            await self._news.wait_for(lambda: done() or self.closed.is_set())
        return bool(done())

    def _frames(self, first: int, end: int) -> Sound:
        size = self._wire.encoding.frame_samples
        return self.heard(first * size, end * size)

    # Speaking

    async def say(self, sound: Sound, *, frame: float = FRAME_SECONDS, real_time: bool = True) -> None:
        """Send sound of any rate, in pieces of `frame` seconds: one after the other as time goes on, or all at once.

        Raises `LineClosed` when the line is closed meanwhile.
        """
        samples = resampled(sound, self.rate).samples
        size = max(1, round(frame * self.rate))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, first in enumerate(range(0, len(samples), size)):
            if real_time:
                await asyncio.sleep(max(0.0, began + number * size / self.rate - loop.time()))
            await self.send_samples(samples[first : first + size])

    async def send_samples(self, samples: Samples) -> None:
        """Send one frame of sound at the line's rate."""
        await self.send(self._wire.frame_of(samples))

    async def began_speaking(self) -> None:
        """CHIRP's `speech.started`: the caller stops at once, if it is speaking."""
        self._utterance = f"agent-{uuid.uuid4().hex[:8]}"
        await self.send_event("speech.started", {"utterance_id": self._utterance})

    async def stopped_speaking(self) -> None:
        """CHIRP's `speech.completed`."""
        await self.send_event("speech.completed", {"utterance_id": self._utterance})

    async def clear(self) -> None:
        """Have what is queued of the agent's sound dropped (media streams)."""
        await self.send_event("clear", None)

    async def mark(self, name: str) -> None:
        """Ask to be told when all sound so far has been played (media streams); see `marked`."""
        await self.send_event("mark", {"name": name})

    async def transcript(self, text: str) -> None:
        """Tell what the agent heard of the caller: Ringback's extension of both protocols."""
        await self.send_event("transcript", {"role": "user", "text": text})

    async def metadata(self, values: Mapping[str, Any]) -> None:
        """Send metadata for the record of the run: Ringback's extension of both protocols."""
        await self.send_event("metadata", dict(values))

    async def send_event(self, kind: str, body: dict[str, Any] | None) -> None:
        """Send any event of the protocol, or one that it does not have."""
        await self.send(self._wire.event(kind, body))

    async def send(self, frame: str | bytes) -> None:
        """Send a frame as it stands, text or binary. Raises `LineClosed`."""
        if isinstance(frame, str):
            await self._send(frame.encode(), WSMsgType.TEXT)
        else:
            await self._send(frame, WSMsgType.BINARY)

    async def send_invalid_text(self, data: bytes) -> None:
        """Send a text frame of any bytes, UTF-8 or not."""
        await self._send(data, WSMsgType.TEXT)

    async def _send(self, data: bytes, opcode: WSMsgType) -> None:
        if self._socket.closed:
            raise LineClosed
        try:
            await self._socket.send_frame(data, opcode)
        except ConnectionError as error:
            raise LineClosed from error

    # The end

    async def hang_up(self) -> None:
        """End the call: by `stop` on media streams, which Ringback answers by closing; by closing on CHIRP."""
        if self.transport == "chirp":
            await self.close()
        else:
            await self.send_event("stop", None)
            await self.closed.wait()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the line with a close frame."""
        await self._socket.close(code=code, message=reason.encode())

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    # What the server does

    async def read(self) -> None:
        """Take in frames until the line is closed; run by the server beside `talk`."""
        with contextlib.suppress(ConnectionError):
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._take(message.data, time.monotonic())
                    async with self._news:
                        self._news.notify_all()
        self.close_code = self._socket.close_code
        self.ended_by_caller = self.ended_by_caller or self.close_code == WSCloseCode.OK
        self.closed.set()
        async with self._news:
            self._news.notify_all()

    def _take(self, frame: str | bytes, at: float) -> None:
        samples = self._wire.sound_of(frame)
        if samples is not None:
            self.arrivals.append((at, self.position))
            self._heard += samples.tobytes()
            self._measure()
        elif isinstance(frame, str):
            self.frames.append(frame)
            self._note(as_object(frame))

    def _measure(self) -> None:
        size = self._wire.encoding.frame_samples
        while len(self._levels) * size + size <= self.position:
            first = len(self._levels) * size * 2
            samples = np.frombuffer(bytes(self._heard[first : first + size * 2]), np.int16)
            self._levels.append(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))

    def _note(self, message: dict[str, Any]) -> None:
        body = message.get(str(message.get("event")))
        match message.get("event"), body:
            case "start", {**start}:
                self.start = start
            case "mark", {"name": str(name)}:
                self.marks.append(name)
            case "dtmf", {"digit": str(digit)}:
                self.keys.append(digit)
            case "stop", _:
                self.ended_by_caller = True
            case _:
                pass
