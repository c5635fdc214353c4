"""The WebSocket under a voice line, of which we are the client: frames go out without waiting, and come in bounded."""

import asyncio
import ssl
from collections.abc import Coroutine, Mapping
from contextlib import nullcontext
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

import aiohttp
from aiohttp import WSCloseCode, WSMsgType

from ringback.channels.channel import Dropped
from ringback.channels.line_headers import dialled
from ringback.channels.refusals import channel_error
from ringback.channels.socket_transport import transport_of
from ringback.channels.wire_reading import cleaner
from ringback.domain.conversation import FindingCode
from ringback.domain.fixed import fixed
from ringback.domain.secret import Redactor

_NO_CODE = 1005
"""RFC 6455: stands for a close frame without a code."""

_CLOSE_PATIENCE = 1.0
"""Seconds in which the agent may answer our close frame."""

_RECEIVED_AT_ONCE = 32 * 1024
"""Bytes of one agent that the system may hand us at once (it takes the double): the frames in it are read in one go,
and other calls wait meanwhile. Sound needs 32 kB a second."""

_TIMEOUTS = aiohttp.ClientWSTimeout(ws_close=_CLOSE_PATIENCE)  # pyright: ignore[reportCallIssue] - made by attrs

_CAUSES = {
    WSCloseCode.MESSAGE_TOO_BIG: FindingCode.FRAME_TOO_LARGE,
    WSCloseCode.INVALID_TEXT: FindingCode.INVALID_UTF8,
}


@fixed
class LineLimits:
    """The bounds of one voice line."""

    max_frame_bytes: int = 1024 * 1024
    """A larger frame of the agent ends the call."""
    max_call_bytes: int = 32 * 1024 * 1024
    """What the agent may send ahead of real time, and what all its frames that are kept in the record may come to."""
    max_queued_seconds: float = 300.0
    """Sound of the agent that may wait to be played; more is dropped."""
    max_backlog_bytes: int = 256 * 1024
    """What of ours may wait unsent, beyond what the system's own buffers hold, before the line is given up."""
    connect_timeout: float = 10.0
    """Seconds for name, TCP, TLS and handshake together."""
    ping_interval: float = 30.0
    """Seconds between our pings."""
    ping_timeout: float = 10.0
    """Seconds in which a pong must follow."""


class VoiceSocket:
    """One WebSocket of one call."""

    __slots__ = (
        "_clean",
        "_gate",
        "_headers",
        "_limits",
        "_loop",
        "_pinged_at",
        "_session",
        "_socket",
        "_ssl",
        "_timer",
        "_transport",
        "_unresponsive",
        "_url",
    )

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        session: aiohttp.ClientSession,
        ssl_context: ssl.SSLContext | None,
        limits: LineLimits,
        redactor: Redactor | None,
        gate: asyncio.Semaphore | None,
    ) -> None:
        """Prepare a call; nothing is sent before `open`. User info of the URL becomes Basic `Authorization`."""
        self._url, self._headers = dialled(url, headers)
        self._session = session
        self._ssl = ssl_context
        self._limits = limits
        self._clean = cleaner(redactor)
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pinged_at: float | None = None  # None: no pong is owed
        self._unresponsive = ""

    async def open(self) -> None:
        """Connect. Raises NotConnected, Refused or HandshakeFailed with the cause in words."""
        limits = self._limits
        try:
            async with self._gate or nullcontext(), asyncio.timeout(limits.connect_timeout):
                self._socket = await self._session.ws_connect(
                    self._url,
                    headers=self._headers,
                    ssl=self._ssl or True,
                    autoclose=False,
                    autoping=False,
                    max_msg_size=limits.max_frame_bytes + 1,  # the library refuses from this size on
                    timeout=_TIMEOUTS,
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise channel_error(error, self._url, limits.connect_timeout) from error
        self._transport = transport_of(self._socket)
        if self._transport is not None:
            # Beyond our own bound, so that a write never has to wait: we give the line up before.
            self._transport.set_write_buffer_limits(high=4 * limits.max_backlog_bytes)
            self._transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, _RECEIVED_AT_ONCE)
        self._timer = self._loop.call_later(limits.ping_interval, self._ping)

    def write(self, frame: str | bytes) -> None:
        """Send one frame, text or binary. Never waits; on a socket that is closed it does nothing."""
        socket = self._socket
        if socket is None or socket.closed or not self._has_room():
            return
        _at_once(socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))

    async def receive(self) -> str | bytes | Dropped | None:
        """The agent's next frame; None: a ping or pong, which is dealt with. `Dropped`, with `at` 0, at the end."""
        socket = self._socket
        if socket is None:
            return Dropped(at=0.0, close_code=None, reason="", closed_by_us=True)
        message = await socket.receive()
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is WSMsgType.PING:
            if self._has_room():
                _at_once(socket.pong(message.data))
            return None
        if message.type is WSMsgType.PONG:
            self._heard_pong()
            return None
        self._stop_pinging()
        return self._drop(message)

    def abort(self) -> None:
        """Drop the connection without waiting for anything; whoever waits for it is told."""
        self._stop_pinging()
        if self._transport is not None:
            self._transport.abort()

    async def close(self, code: int = WSCloseCode.OK) -> None:
        """Close with a code; safe to call at any time and more than once."""
        self._stop_pinging()
        socket, self._socket = self._socket, None
        if socket is None:
            return
        impatience = self._loop.call_later(2 * _CLOSE_PATIENCE, self.abort)
        try:
            await socket.close(code=code)
        finally:
            impatience.cancel()

    def _has_room(self) -> bool:
        """Whether the agent reads what we send; an agent that has stopped to is given up."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() <= self._limits.max_backlog_bytes:
            return True
        self._unresponsive = f"it stopped reading: over {self._limits.max_backlog_bytes} bytes of ours waited unsent"
        self.abort()
        return False

    def _drop(self, message: aiohttp.WSMessage) -> Dropped:
        if self._unresponsive:
            return Dropped(at=0.0, close_code=None, reason=self._unresponsive, unresponsive=True)
        if message.type is WSMsgType.CLOSE:
            return Dropped(at=0.0, close_code=message.data or _NO_CODE, reason=self._clean(message.extra or ""))
        if message.type is WSMsgType.ERROR:
            return self._broken(message.data)
        ours = message.type is WSMsgType.CLOSING
        return Dropped(at=0.0, close_code=None, reason="", closed_by_us=ours)

    def _broken(self, error: object) -> Dropped:
        if not isinstance(error, aiohttp.WebSocketError):
            return Dropped(at=0.0, close_code=None, reason=f"the connection was lost ({type(error).__name__})")
        cause = _CAUSES.get(WSCloseCode(error.code))
        if cause is FindingCode.FRAME_TOO_LARGE:
            reason = f"a frame over the limit of {self._limits.max_frame_bytes} bytes"
        elif cause is FindingCode.INVALID_UTF8:
            reason = "a text frame that is not UTF-8"
        else:
            reason = f"a broken WebSocket frame ({self._clean(str(error.args[-1]))})"
        return Dropped(at=0.0, close_code=None, reason=reason, cause=cause)

    def _ping(self) -> None:
        self._pinged_at = self._loop.time()
        self._timer = self._loop.call_later(self._limits.ping_timeout, self._no_pong)
        if self._socket is not None and self._has_room():
            _at_once(self._socket.ping(b"ringback"))

    def _heard_pong(self) -> None:
        if self._pinged_at is not None and not self._unresponsive:
            self._stop_pinging()
            due = self._pinged_at + self._limits.ping_interval
            self._pinged_at = None
            self._timer = self._loop.call_later(max(0.0, due - self._loop.time()), self._ping)

    def _no_pong(self) -> None:
        self._unresponsive = f"no pong within {self._limits.ping_timeout:g} s of our ping"
        self.abort()  # a polite close would wait for an agent that does not even read

    def _stop_pinging(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _at_once(writing: Coroutine[Any, Any, None]) -> None:
    """Take the first step of a write: the library's coroutine writes in it, and would only wait for room afterwards."""
    try:
        writing.send(None)
    except StopIteration:
        return
    except (aiohttp.ClientError, OSError):
        return  # the closing is the next thing that is read
