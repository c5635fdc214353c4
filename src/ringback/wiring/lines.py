"""Lines to an agent that is written to, and what the settings say about calls of any kind."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ringback.channels.channel import CallIds, Channel
from ringback.channels.handshake import handshake_headers
from ringback.conversation.limits import Limits
from ringback.domain.agent import Agent, Transport
from ringback.domain.scenario import TestProfile
from ringback.domain.secret import Redactor
from ringback.errors import UsageError
from ringback.settings import Settings

if TYPE_CHECKING:
    import aiohttp


def limits_from(settings: Settings) -> Limits:
    """How long a conversation waits for what."""
    return Limits(
        settle=settings.settle,
        opening_wait=settings.opening_wait,
        inactivity=settings.inactivity,
        tool_hold=settings.tool_hold,
        tool_settle=settings.tool_settle,
        grace=settings.grace,
    )


def connect_attempts(agent: Agent, settings: Settings) -> int:
    """How often a call is dialled where another try can help: CHIRP has three retries behind the first, SIP none.

    A telephone that rings again is no longer the call that was asked for.
    """
    if agent.channel is Transport.SIP:
        return 1
    return settings.connect_attempts + 1 if agent.channel is Transport.CHIRP else settings.connect_attempts


def ssl_context_for(agent: Agent, settings: Settings) -> ssl.SSLContext | None:
    """Verifies `wss://` certificates, against a private authority where one is set; None for `ws://`.

    Raises:
        UsageError: the file with the authority cannot be read.
    """
    if not agent.url.get_secret_value().startswith("wss://"):
        return None
    ca_file = agent.ca_file or (str(settings.ca_file) if settings.ca_file else None)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"ca_file {ca_file} cannot be used: {error}. It has to be a PEM certificate.") from None


class LineFactory(Protocol):
    """Makes the line of one call."""

    def __call__(self, ids: CallIds, profile: TestProfile | None = None) -> Channel:
        """Raises `BadHeader` where a header cannot be sent."""
        ...


def lines_to(
    agent: Agent,
    settings: Settings,
    session: "aiohttp.ClientSession",
    *,
    redactor: Redactor | None = None,
    on_frame: Callable[[str, str], None] | None = None,
) -> LineFactory:
    """Lines to one agent; no more than the set number of handshakes are under way at once."""
    from ringback.channels.websocket import WebSocketChannel  # noqa: PLC0415 - aiohttp is slow to load

    ssl_context = ssl_context_for(agent, settings)
    gate = asyncio.Semaphore(settings.max_connecting)

    def line(ids: CallIds, profile: TestProfile | None = None) -> Channel:
        return WebSocketChannel(
            agent.url.get_secret_value(),
            handshake_headers(agent, profile, ids),
            session=session,
            ssl_context=ssl_context,
            max_frame_bytes=settings.max_frame_bytes,
            max_call_bytes=settings.max_call_bytes,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            connect_timeout=settings.connect_timeout,
            redactor=redactor,
            on_frame=on_frame,
            gate=gate,
        )

    return line
