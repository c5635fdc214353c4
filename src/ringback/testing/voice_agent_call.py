"""One spoken call at a test's voice agent: what came, and what the agent does about it."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from ringback.channels.line import FRAME_SECONDS
from ringback.speech.audio import Samples, Sound
from ringback.speech.resampling import resampled
from ringback.testing.agent_call import LineClosed, as_object
from ringback.testing.call_hearing import CallHearing
from ringback.testing.voice_agent_wire import AgentWire


class VoiceAgentCall(CallHearing):
    """One call as the agent hears it; also the record of it, to be looked at afterwards."""

    def __init__(
        self, number: int, transport: str, wire: AgentWire, request: web.Request, socket: web.WebSocketResponse
    ) -> None:
        super().__init__(wire.encoding.rate)
        self.number = number
        """1 for the server's first accepted call."""
        self.transport = transport
        """`media-streams` or `chirp`."""
        self.headers: dict[str, str] = dict(request.headers)
        """Handshake headers under the names as sent."""
        self.start: dict[str, Any] = {}
        """Body of the `start` message: ids, format, `customParameters`; empty for CHIRP."""
        self.frames: list[str] = []
        """Text frames of the caller but sound, as they came."""
        self.marks: list[str] = []
        """Marks that the caller's side has echoed."""
        self.close_code: int | None = None
        """The caller's close code, once the line is closed; 1006 where there was no close frame."""
        self._request = request
        self._socket = socket
        self._wire = wire
        self._utterance = ""
        self._reading: asyncio.Task[Any] | None = None

    def header(self, name: str) -> str | None:
        """A handshake header, whatever its case."""
        return self._request.headers.get(name)

    @property
    def parameters(self) -> dict[str, str]:
        """The custom parameters of `start`; empty for CHIRP."""
        return dict(self.start.get("customParameters", {}))

    # Hearing

    async def marked(self, name: str) -> bool:
        """Wait for the echo of a mark; False: the line is closed before."""
        return await self._until(lambda: name in self.marks)

    async def received(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many text frames of one event or type, or the close of the line; all of them so far."""

        def found() -> list[dict[str, Any]]:
            frames = map(as_object, self.frames)
            return [frame for frame in frames if kind in (frame.get("event"), frame.get("type"))]

        await self._until(lambda: len(found()) >= count)
        return found()

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
        """Close the line with a close frame, and wait for the caller's.

        A connection that is dropped while sound comes in is reset, and the caller loses what it has not read yet.
        """
        reading = self._reading
        if reading is not None and not reading.done():
            reading.cancel()  # while somebody reads, the library drops the connection without waiting for the answer
            await asyncio.wait((reading,))
        await self._socket.close(code=code, message=reason.encode())
        await self._over()

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    # What the server does

    async def read(self) -> None:
        """Take in frames until the line is closed; run by the server beside `talk`, as a task of its own."""
        self._reading = asyncio.current_task()
        with contextlib.suppress(ConnectionError):
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._take(message.data, time.monotonic())
                    await self._tell()
        await self._over()

    async def _over(self) -> None:
        self.close_code = self._socket.close_code
        self.ended_by_caller = self.ended_by_caller or self.close_code == WSCloseCode.OK
        self.closed.set()
        await self._tell()

    def _take(self, frame: str | bytes, at: float) -> None:
        samples = self._wire.sound_of(frame)
        if samples is not None:
            self._take_sound(samples, at)
        elif isinstance(frame, str):
            self.frames.append(frame)
            self._note(as_object(frame))

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
