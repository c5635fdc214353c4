"""The chat channel: a WebSocket to the agent, of which we are the client."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import nullcontext

import aiohttp
from aiohttp import WSCloseCode, WSMsgType

from ringback.channels.channel import ChannelEvent, Dropped
from ringback.channels.chat_protocol import encode, parse_binary, parse_frame
from ringback.channels.refusals import Hung, Redirected, channel_error, is_redirect
from ringback.channels.socket_transport import transport_of
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor
from ringback.domain.utterance import Utterance

_CONNECT_SHARE = 0.8
"""Share of the connect time-out that TCP and TLS get, so that their time-out is told from an unanswered handshake."""

_FRAME_COST = 500
"""Bytes that a frame counts beyond its own: the record of the smallest takes about as many, and floods are of those."""

_NO_CODE = 1005
"""RFC 6455: stands for a close frame without a code."""

_CLOSE_PATIENCE = 1.0
"""Seconds in which the agent may answer our close frame."""

_TIMEOUTS = aiohttp.ClientWSTimeout(ws_close=_CLOSE_PATIENCE)  # pyright: ignore[reportCallIssue] - made by attrs

_CAUSES = {
    WSCloseCode.MESSAGE_TOO_BIG: FindingCode.FRAME_TOO_LARGE,
    WSCloseCode.INVALID_TEXT: FindingCode.INVALID_UTF8,
}


def agent_session(*, connect_timeout: float = 10.0) -> aiohttp.ClientSession:
    """The HTTP client that all WebSocket channels of an event loop share.

    It keeps no cookies (runs must not know of each other), follows no redirects (secrets stay with the agent), tries a
    handshake once (retrying is the executor's), and has no limit of connections (the dispatcher has).
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Ringback"},
        middlewares=(_one_handshake,),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout * _CONNECT_SHARE),
    )


async def _one_handshake(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        response = await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise Hung(str(error)) from error  # an error that the client library does not answer with another try
    if is_redirect(response.status):
        response.close()
        raise Redirected(response.status, response.headers.get("Location", ""))
    return response


class WebSocketChannel:
    """One socket for one call; a `Channel`."""

    __slots__ = (
        "_connect_timeout",
        "_dropped",
        "_gate",
        "_headers",
        "_left",
        "_loop",
        "_max_call_bytes",
        "_max_frame_bytes",
        "_on_frame",
        "_ping_interval",
        "_ping_task",
        "_ping_timeout",
        "_pinged_at",
        "_redactor",
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
        ssl_context: ssl.SSLContext | None = None,
        max_frame_bytes: int = 1024 * 1024,
        max_call_bytes: int = 32 * 1024 * 1024,
        ping_interval: float = 30.0,
        ping_timeout: float = 10.0,
        connect_timeout: float = 10.0,
        redactor: Redactor | None = None,
        on_frame: Callable[[str, str], None] | None = None,
        gate: asyncio.Semaphore | None = None,
    ) -> None:
        """Prepare a call; nothing is sent before `open`.

        Args:
            url: `ws://` or `wss://` address of the agent.
            headers: All headers of the handshake, ours included (see `handshake_headers`).
            session: Made by `agent_session`; shared by all channels of the event loop.
            ssl_context: For a private certificate authority; None: the system's authorities.
            max_frame_bytes: A larger frame ends the call.
            max_call_bytes: More in all frames of the agent together ends the call; each counts `_FRAME_COST` more.
            ping_interval: Seconds between our pings.
            ping_timeout: Seconds in which a pong must follow.
            connect_timeout: Seconds for name, TCP, TLS and handshake together.
            redactor: Takes secrets out of all that comes in.
            on_frame: Shown each frame as ("in" or "out", text).
            gate: Bounds how many handshakes are under way at once; waiting for it does not count as connecting.
        """
        self._url = url
        self._headers = headers
        self._session = session
        self._ssl = ssl_context
        self._max_frame_bytes = max_frame_bytes
        self._max_call_bytes = self._left = max_call_bytes
        self._ping_interval = ping_interval
        self._ping_timeout = ping_timeout
        self._connect_timeout = connect_timeout
        self._redactor = redactor
        self._on_frame = on_frame
        self._gate = gate
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._ping_task: asyncio.Task[None] | None = None
        self._pinged_at: float | None = None  # None: no pong is owed
        self._unresponsive = False
        self._dropped = False

    async def open(self) -> None:
        """Connect. Raises NotConnected, Refused or HandshakeFailed with the cause in words."""
        try:
            async with self._gate or nullcontext(), asyncio.timeout(self._connect_timeout):
                self._socket = await self._session.ws_connect(
                    self._url,
                    headers=self._headers,
                    ssl=self._ssl or True,
                    autoclose=False,
                    autoping=False,
                    max_msg_size=self._max_frame_bytes + 1,  # the library refuses from this size on
                    timeout=_TIMEOUTS,
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise channel_error(error, self._url, self._connect_timeout) from error
        self._transport = transport_of(self._socket)
        self._timer = self._loop.call_later(self._ping_interval, self._ping)

    async def send(self, utterance: Utterance) -> float:
        """Send one frame; returns `time.monotonic()` at its write."""
        text = encode(utterance)
        at = time.monotonic()
        if self._socket is None:
            return at
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError):
            return at  # `events` tells of the closing
        if self._on_frame is not None:
            self._on_frame("out", text)
        return at

    def events(self) -> AsyncIterator[ChannelEvent]:
        """What the agent did, one event a frame, ending with exactly one `Dropped`."""
        return self

    def __aiter__(self) -> AsyncIterator[ChannelEvent]:
        return self

    async def __anext__(self) -> ChannelEvent:
        socket = self._socket
        if self._dropped or socket is None:
            raise StopAsyncIteration
        while True:
            message = await socket.receive()
            at = time.monotonic()
            if message.type is WSMsgType.TEXT:
                self._left -= len(message.data) + _FRAME_COST
                if self._left < 0:
                    return self._flooded(at)
                if self._on_frame is not None:
                    self._on_frame("in", self._clean(message.data))
                return parse_frame(message.data, at, self._redactor)
            event = await self._beside_words(socket, message, at)
            if event is not None:
                return event

    async def _beside_words(
        self, socket: aiohttp.ClientWebSocketResponse, message: aiohttp.WSMessage, at: float
    ) -> ChannelEvent | None:
        """What all but text frames mean; None for control frames, which are answered here."""
        if message.type is WSMsgType.PING:
            await self._pong(socket, message.data)
            return None
        if message.type is WSMsgType.PONG:
            self._heard_pong()
            return None
        if message.type is WSMsgType.BINARY:
            self._left -= len(message.data) + _FRAME_COST
            if self._left < 0:
                return self._flooded(at)
            if self._on_frame is not None:
                self._on_frame("in", f"({len(message.data)} bytes)")
            return parse_binary(message.data, at, self._redactor)
        self._dropped = True
        self._stop_pinging()
        return self._drop(message, at)

    def _flooded(self, at: float) -> Dropped:
        self._dropped = True
        self._stop_pinging()
        self._abort()  # whoever floods us does not read our close frame either
        reason = f"more than {self._max_call_bytes} bytes in all its frames together, {_FRAME_COST} added for each"
        return Dropped(at=at, close_code=None, reason=reason, cause=FindingCode.FLOOD)

    def _drop(self, message: aiohttp.WSMessage, at: float) -> Dropped:
        if self._unresponsive:
            return Dropped(
                at=at,
                close_code=None,
                reason=f"no pong within {self._ping_timeout:g} s of our ping",
                unresponsive=True,
            )
        if message.type is WSMsgType.CLOSE:
            return Dropped(at=at, close_code=message.data or _NO_CODE, reason=self._clean(message.extra or ""))
        if message.type is WSMsgType.ERROR:
            return self._broken(message.data, at)
        ours = message.type is WSMsgType.CLOSING
        return Dropped(at=at, close_code=None, reason="", closed_by_us=ours)

    def _broken(self, error: object, at: float) -> Dropped:
        if not isinstance(error, aiohttp.WebSocketError):
            return Dropped(at=at, close_code=None, reason=f"the connection was lost ({type(error).__name__})")
        cause = _CAUSES.get(WSCloseCode(error.code))
        if cause is FindingCode.FRAME_TOO_LARGE:
            reason = f"a frame over the limit of {self._max_frame_bytes} bytes"
        elif cause is FindingCode.INVALID_UTF8:
            reason = "a text frame that is not UTF-8"
        else:
            reason = f"a broken WebSocket frame ({self._clean(str(error.args[-1]))})"
        return Dropped(at=at, close_code=None, reason=reason, cause=cause)

    def _clean(self, text: str) -> str:
        return self._redactor.clean(text) if self._redactor else text

    async def close(self) -> None:
        """Close the line; safe to call at any time and more than once."""
        self._stop_pinging()
        socket, self._socket = self._socket, None
        if socket is not None:
            impatience = self._loop.call_later(2 * _CLOSE_PATIENCE, self._abort)
            try:
                await socket.close()
            finally:
                impatience.cancel()
        if self._ping_task is not None:
            self._ping_task.cancel()
            await asyncio.wait((self._ping_task,))

    async def _pong(self, socket: aiohttp.ClientWebSocketResponse, payload: bytes) -> None:
        try:
            await socket.pong(payload)
        except (aiohttp.ClientError, OSError):
            return  # the closing is the next thing that is read

    def _ping(self) -> None:
        self._pinged_at = self._loop.time()
        self._timer = self._loop.call_later(self._ping_timeout, self._no_pong)
        self._ping_task = self._loop.create_task(self._send_ping())

    async def _send_ping(self) -> None:
        if self._socket is not None:
            try:
                await self._socket.ping(b"ringback")
            except (aiohttp.ClientError, OSError):
                return  # the closing is the next thing that is read

    def _heard_pong(self) -> None:
        if self._pinged_at is not None and not self._unresponsive:
            self._stop_pinging()
            due = self._pinged_at + self._ping_interval
            self._pinged_at = None
            self._timer = self._loop.call_later(max(0.0, due - self._loop.time()), self._ping)

    def _no_pong(self) -> None:
        self._unresponsive = True
        self._abort()  # a polite close would wait for an agent that does not even read

    def _stop_pinging(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _abort(self) -> None:
        """Drop the connection without waiting for anything; whoever waits for it is told."""
        if self._transport is not None:
            self._transport.abort()
