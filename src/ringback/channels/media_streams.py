"""The media streams line: the telephone company's end of Twilio's WebSocket protocol, dialling the agent."""

import asyncio
import ssl
from collections.abc import Callable, Mapping

import aiohttp

from ringback.channels.hang_up_rest import CallsInProgress
from ringback.channels.line import LineReport
from ringback.channels.media_streams_protocol import MediaStreamsProtocol, StreamIds
from ringback.channels.socket_line import SocketLine
from ringback.channels.voice_socket import LineLimits, VoiceSocket
from ringback.domain.secret import Redactor


class MediaStreamsLine(SocketLine):
    """One call by media streams; a `Line`."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        parameters: Mapping[str, str],
        *,
        session: aiohttp.ClientSession,
        ssl_context: ssl.SSLContext | None = None,
        limits: LineLimits | None = None,
        redactor: Redactor | None = None,
        on_frame: Callable[[str, str], None] | None = None,
        gate: asyncio.Semaphore | None = None,
        calls: CallsInProgress | None = None,
        ids: StreamIds | None = None,
    ) -> None:
        """Prepare a call; nothing is sent before `open`.

        Args:
            url: `ws://` or `wss://` address of the agent; its user info is sent as Basic `Authorization`.
            headers: All headers of the handshake (see `media_streams_headers`).
            parameters: `customParameters` of `start` (see `media_streams_parameters`).
            session: Made by `agent_session`; shared by all lines of the event loop.
            ssl_context: For a private certificate authority; None: the system's authorities.
            limits: Bounds in bytes and seconds; None: the defaults.
            redactor: Takes secrets out of all that is kept of what comes in.
            on_frame: Shown each text frame but sound as ("in" or "out", text).
            gate: Bounds how many handshakes are under way at once; waiting for it does not count as connecting.
            calls: Where agents can hang the call up by its id; None: they cannot.
            ids: The call's ids; None: new random ones.
        """
        limits = limits or LineLimits()
        self.ids = ids or StreamIds.new(calls.account if calls is not None else None)
        """The ids that `start` tells the agent."""
        self._calls = calls
        super().__init__(
            MediaStreamsProtocol(self.ids, parameters, max_queued_seconds=limits.max_queued_seconds, redactor=redactor),
            VoiceSocket(
                url, headers, session=session, ssl_context=ssl_context, limits=limits, redactor=redactor, gate=gate
            ),
            limits=limits,
            redactor=redactor,
            on_frame=on_frame,
        )

    @property
    def report(self) -> LineReport:
        """The call's id."""
        return LineReport(call_id=self.ids.call)

    async def open(self) -> None:
        """Dial, and send `connected` and `start`. Raises `ChannelError` with the cause in words."""
        if self._calls is not None:
            self._calls.add(self.ids.call, self.end_for_agent)
        try:
            await super().open()
        except BaseException:
            self._over()
            raise

    def _over(self) -> None:
        if self._calls is not None:
            self._calls.remove(self.ids.call)
