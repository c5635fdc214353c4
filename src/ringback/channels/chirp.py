"""The CHIRP line: raw samples over a WebSocket that we open to the agent."""

import asyncio
import ssl
from collections.abc import Callable, Mapping

import aiohttp

from ringback.channels.chirp_protocol import ChirpProtocol
from ringback.channels.socket_line import SocketLine
from ringback.channels.voice_socket import LineLimits, VoiceSocket
from ringback.domain.secret import Redactor
from ringback.errors import NotConnected, Refused


class ChirpLine(SocketLine):
    """One call by CHIRP; a `Line`."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        session: aiohttp.ClientSession,
        ssl_context: ssl.SSLContext | None = None,
        limits: LineLimits | None = None,
        redactor: Redactor | None = None,
        on_frame: Callable[[str, str], None] | None = None,
        gate: asyncio.Semaphore | None = None,
    ) -> None:
        """Prepare a call; nothing is sent before `open`.

        Args:
            url: `ws://` or `wss://` address of the agent; its user info is sent as Basic `Authorization`.
            headers: All headers of the handshake (see `chirp_headers`).
            session: Made by `agent_session`; shared by all lines of the event loop.
            ssl_context: For a private certificate authority; None: the system's authorities.
            limits: Bounds in bytes and seconds; None: the defaults.
            redactor: Takes secrets out of all that is kept of what comes in.
            on_frame: Shown each text frame as ("in" or "out", text).
            gate: Bounds how many handshakes are under way at once; waiting for it does not count as connecting.
        """
        limits = limits or LineLimits()
        super().__init__(
            ChirpProtocol(max_queued_seconds=limits.max_queued_seconds, redactor=redactor),
            VoiceSocket(
                url, headers, session=session, ssl_context=ssl_context, limits=limits, redactor=redactor, gate=gate
            ),
            limits=limits,
            redactor=redactor,
            on_frame=on_frame,
        )

    async def open(self) -> None:
        """Dial. Raises `ChannelError` with the cause in words, and with the reference product's word for the call.

        As there, what cannot be reached is worth another try for whatever cause, TLS included.
        """
        try:
            await super().open()
        except Refused as refused:
            raise Refused(f"{refused} CHIRP's word for the call is REJECTED.", refused.status) from refused.__cause__
        except NotConnected as failed:
            retryable = failed.retryable or isinstance(failed.__cause__, aiohttp.ClientSSLError)
            word = f"{failed} CHIRP's word for the call is INCOMPLETED."
            raise NotConnected(word, retryable=retryable) from failed.__cause__
