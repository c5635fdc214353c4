"""Lines to an agent that is spoken to: what it is told of each call, and the bounds of what it may send."""

import asyncio
from typing import TYPE_CHECKING, Protocol

import aiohttp

from ringback.channels.channel import CallIds
from ringback.channels.chirp import ChirpLine
from ringback.channels.hang_up_rest import CallsInProgress
from ringback.channels.line import Line
from ringback.channels.line_headers import (
    chirp_headers,
    media_streams_headers,
    media_streams_parameters,
    sip_headers,
)
from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.voice_socket import LineLimits
from ringback.domain.agent import Agent, Transport
from ringback.domain.scenario import TestProfile
from ringback.domain.secret import Redactor
from ringback.errors import UsageError
from ringback.settings import Settings
from ringback.wiring.lines import ssl_context_for

if TYPE_CHECKING:
    from ringback.channels.sip.telephone import Telephone
    from ringback.wiring.telephone import Awaiting


class VoiceLines(Protocol):
    """Makes lines to one agent."""

    def __call__(
        self,
        ids: CallIds,
        profile: TestProfile | None = None,
        awaiting: "Awaiting | None" = None,
        calls_from: str | None = None,
    ) -> Line:
        """A line for one call, not yet open.

        Args:
            ids: what the agent is told of the run.
            profile: the same.
            awaiting: of an outbound agent, whose call it waits for.
            calls_from: by telephone, which of our numbers calls.

        Raises `BadHeader`.
        """
        ...


def voice_lines_to(
    agent: Agent,
    settings: Settings,
    session: aiohttp.ClientSession,
    *,
    redactor: Redactor,
    gate: asyncio.Semaphore | None = None,
    calls: CallsInProgress | None = None,
    telephone: "Telephone | None" = None,
) -> VoiceLines:
    """Lines to one agent, by the transport that its record names; making one raises `BadHeader`.

    Args:
        agent: who is called.
        settings: bounds and waits.
        session: made by `agent_session`.
        redactor: knows the secrets of the calls.
        gate: bounds how many handshakes are under way at once.
        calls: where the agent can hang up by the telephone company's REST endpoint.
        telephone: of this process, for agents on the telephone.

    Raises:
        UsageError: a file with a certificate authority that cannot be read, or a number and no trunk.
    """
    if agent.channel is Transport.SIP:
        return _telephone_lines(agent, settings, redactor=redactor, telephone=telephone)
    url, ssl_context = agent.url.get_secret_value(), ssl_context_for(agent, settings)
    bounds = LineLimits(
        max_frame_bytes=settings.max_frame_bytes,
        max_call_bytes=settings.max_call_bytes,
        connect_timeout=settings.connect_timeout,
        ping_interval=settings.ping_interval,
        ping_timeout=settings.ping_timeout,
    )

    def line(
        ids: CallIds,
        profile: TestProfile | None = None,
        awaiting: "Awaiting | None" = None,  # noqa: ARG001 - only telephones are called
        calls_from: str | None = None,  # noqa: ARG001 - only telephones have numbers
    ) -> Line:
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


def _telephone_lines(
    agent: Agent, settings: Settings, *, redactor: Redactor, telephone: "Telephone | None"
) -> VoiceLines:
    from ringback.channels.sip.awaited_line import AwaitedLine  # noqa: PLC0415 - other lines do not need it
    from ringback.channels.sip.line import SipLine  # noqa: PLC0415 - the same
    from ringback.wiring.telephone import dialled_uri, identity_for, identity_of_number  # noqa: PLC0415 - the same

    if telephone is None:
        raise UsageError("An agent on the telephone cannot be reached from here.")
    uri = dialled_uri(agent, settings) if agent.inbound else ""

    def line(
        ids: CallIds,
        profile: TestProfile | None = None,
        awaiting: "Awaiting | None" = None,
        calls_from: str | None = None,
    ) -> Line:
        if agent.inbound:
            return SipLine(
                telephone,
                uri,
                sip_headers(agent, profile, ids),
                identity=identity_for(agent, settings, calls_from),
                ring_timeout=settings.ring_timeout,
                redactor=redactor,
            )
        if awaiting is None:
            raise UsageError(f"Agent '{agent.name}' calls us: a run needs one of our numbers.")
        return AwaitedLine(
            telephone,
            window=awaiting.window,
            contact_number=agent.contact_number or "",
            identity=identity_of_number(awaiting.window.number, settings),
            on_awaited=awaiting.on_awaited,
            on_taken=awaiting.on_taken,
            redactor=redactor,
        )

    return line
