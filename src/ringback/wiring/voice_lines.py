"""Lines to an agent that is spoken to: what it is told of each call, and the bounds of what it may send."""

import asyncio
from collections.abc import Callable

import aiohttp

from ringback.channels.channel import CallIds
from ringback.channels.chirp import ChirpLine
from ringback.channels.hang_up_rest import CallsInProgress
from ringback.channels.line_headers import chirp_headers, media_streams_headers, media_streams_parameters
from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.voice_socket import LineLimits
from ringback.domain.agent import Agent, Transport
from ringback.domain.scenario import TestProfile
from ringback.domain.secret import Redactor
from ringback.settings import Settings
from ringback.wiring import ssl_context_for

VoiceLine = ChirpLine | MediaStreamsLine


def voice_lines_to(
    agent: Agent,
    settings: Settings,
    session: aiohttp.ClientSession,
    *,
    redactor: Redactor,
    gate: asyncio.Semaphore | None = None,
    calls: CallsInProgress | None = None,
) -> Callable[[CallIds, TestProfile | None], VoiceLine]:
    """Lines to one agent, by the transport that its record names; making one raises `BadHeader`.

    Args:
        agent: who is called.
        settings: bounds and waits.
        session: made by `agent_session`.
        redactor: knows the secrets of the calls.
        gate: bounds how many handshakes are under way at once.
        calls: where the agent can hang up by the telephone company's REST endpoint.

    Raises:
        UsageError: a file with a certificate authority that cannot be read.
    """
    url, ssl_context = agent.url.get_secret_value(), ssl_context_for(agent, settings)
    bounds = LineLimits(
        max_frame_bytes=settings.max_frame_bytes,
        max_call_bytes=settings.max_call_bytes,
        connect_timeout=settings.connect_timeout,
        ping_interval=settings.ping_interval,
        ping_timeout=settings.ping_timeout,
    )

    def line(ids: CallIds, profile: TestProfile | None = None) -> VoiceLine:
        if agent.channel is Transport.CHIRP:
            return ChirpLine(
                url,
                chirp_headers(agent, profile, ids),
                session=session,
                ssl_context=ssl_context,
                limits=bounds,
                redactor=redactor,
                gate=gate,
            )
        return MediaStreamsLine(
            url,
            media_streams_headers(agent, profile, ids),
            media_streams_parameters(agent, profile, ids),
            session=session,
            ssl_context=ssl_context,
            limits=bounds,
            redactor=redactor,
            gate=gate,
            calls=calls,
        )

    return line
