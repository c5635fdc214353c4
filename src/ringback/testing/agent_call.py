"""One call at a scripted agent: what came, and what the agent does about it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from ringback.testing.steps import CloseLine, DropLine, Pause, RawBytes, RawText, Reply, Step, steps_of


class LineClosed(Exception):
    """The line is closed, so nothing can be sent or heard any more; ends a `talk` function quietly."""


class AgentCall:
    """One conversation as the agent sees it; also the record of it, to be looked at afterwards."""

    def __init__(self, number: int, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.number = number
        """1 for the server's first accepted call."""
        self.path = request.path_qs
        self.headers: dict[str, str] = dict(request.headers)
        """Handshake headers under the names as sent."""
        self.frames: list[str] = []
        """Text frames from the caller, as they came."""
        self.binary: list[bytes] = []
        """Binary frames from the caller."""
        self.ended_by_caller = False
        """An `end_call` frame came."""
        self.close_code: int | None = None
        """The caller's close code, once the line is closed; 1006 where there was no close frame."""
        self.closed = asyncio.Event()
        """Set when the line is closed, whoever closed it."""
        self._request = request
        self._socket = socket
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()

    def header(self, name: str) -> str | None:
        """A handshake header, whatever its case."""
        return self._request.headers.get(name)

    @property
    def heard(self) -> list[str]:
        """The caller's words, one text a content frame (empty closing frames left out)."""
        frames = (as_object(frame) for frame in self.frames)
        return [str(frame["content"]) for frame in frames if frame.get("content")]

    async def hear(self) -> str | None:
        """The caller's next words; None when it has ended the call (its last words come first) or closed the line."""
        while (text := await self.hear_frame()) is not None:
            frame = as_object(text)
            if "content" in frame and (frame["content"] or frame.get("type") != "end_call"):
                return str(frame["content"])
            if frame.get("type") == "end_call":
                return None
        return None

    async def hear_frame(self) -> str | None:
        """The caller's next text frame as it came; None when the line is closed."""
        frame = await self._heard.get()
        if frame is None:
            self._heard.put_nowait(None)
        return frame

    async def __aiter__(self) -> AsyncIterator[str]:
        while (text := await self.hear()) is not None:
            yield text

    async def say(self, text: str, *, metadata: Mapping[str, Any] | None = None) -> None:
        """Send words, perhaps with metadata."""
        await self.send({"content": text} if metadata is None else {"content": text, "metadata": dict(metadata)})

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Send a frame as it stands."""
        await self._send(json.dumps(frame).encode(), WSMsgType.TEXT)

    async def do(self, reply: Reply) -> None:
        """Carry out the steps of a reply, in order. Raises `LineClosed` when the line is closed meanwhile."""
        for step in steps_of(reply):
            await self._carry_out(step)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the line with a close frame."""
        await self._socket.close(code=code, message=reason.encode())

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _carry_out(self, step: Step) -> None:
        match step:
            case str():
                await self.say(step)
            case RawText(text):
                await self._send(text.encode(), WSMsgType.TEXT)
            case RawBytes(data, as_text):
                await self._send(data, WSMsgType.TEXT if as_text else WSMsgType.BINARY)
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case CloseLine(code, reason):
                await self.close(code, reason)
            case DropLine():
                self.drop()
            case _:
                await self.send(step)

    async def _send(self, data: bytes, opcode: WSMsgType) -> None:
        if self._socket.closed:
            raise LineClosed
        try:
            await self._socket.send_frame(data, opcode)
        except ConnectionError as error:
            raise LineClosed from error

    async def read(self) -> None:
        """Take in frames until the line is closed; run by the server beside `talk`, so that pings are answered."""
        with contextlib.suppress(ConnectionError):
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    self._take(str(message.data))
                elif message.type is WSMsgType.BINARY:
                    self.binary.append(bytes(message.data))
        self.close_code = self._socket.close_code
        self._heard.put_nowait(None)
        self.closed.set()

    def _take(self, text: str) -> None:
        self.frames.append(text)
        if as_object(text).get("type") == "end_call":
            self.ended_by_caller = True
        self._heard.put_nowait(text)


def as_object(text: str) -> dict[str, Any]:
    """The JSON object in a frame; `{}` where it is anything else."""
    with contextlib.suppress(ValueError, RecursionError):
        value: Any = json.loads(text)
        if isinstance(value, dict):
            return value  # pyright: ignore[reportUnknownVariableType] - keys of JSON objects are strings
    return {}
