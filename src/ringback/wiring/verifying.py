"""The connection to an agent, tried with exactly the headers that a run would send."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp

from ringback.channels.channel import CallIds
from ringback.channels.line import Line
from ringback.channels.websocket import agent_session
from ringback.domain.agent import Agent, Transport
from ringback.domain.secret import Redactor
from ringback.errors import BadHeader
from ringback.runs.verification import Verification, verify_connection, verify_line
from ringback.settings import Settings
from ringback.wiring.agent_secrets import redactor_for, with_default_secret
from ringback.wiring.lines import lines_to

_LONGEST = 10.0
"""Seconds to listen at most; somebody is waiting for the answer."""


_NO_RUN = CallIds(scenario=0, result=0, run=0)


@asynccontextmanager
async def _voice_line(
    agent: Agent, settings: Settings, session: aiohttp.ClientSession, redactor: Redactor
) -> AsyncGenerator[Line]:
    from ringback.wiring.voice_lines import voice_lines_to  # noqa: PLC0415 - text does not need it

    async with AsyncExitStack() as stack:
        telephone = None
        if agent.channel is Transport.SIP:
            from ringback.channels.sip.telephone import Telephone  # noqa: PLC0415 - the same
            from ringback.wiring.telephone import telephone_settings  # noqa: PLC0415 - the same

            # Not at the address where calls arrive: that is the workers'.
            telephone = Telephone(replace(telephone_settings(settings), listen="0.0.0.0:0"))
            stack.push_async_callback(telephone.close)
        yield voice_lines_to(agent, settings, session, redactor=redactor, telephone=telephone)(_NO_RUN, None)


class Verifier:
    """Tries connections."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def verify(self, agent: Agent, *, kept: bool) -> Verification:
        """Open a connection, listen for an opening message, close it.

        Args:
            agent: who is called.
            kept: whether it is one whose URL an admin has set. Only such a one is sent the default secret; another
                gets its own secret or none, never one of the server's.
        """
        settings = self._settings
        called = with_default_secret(agent, settings) if kept else agent
        redactor = redactor_for(called, settings)
        async with agent_session(connect_timeout=settings.connect_timeout) as session:
            wait = min(settings.opening_wait, _LONGEST)
            try:
                if called.channel.is_voice:
                    async with _voice_line(called, settings, session, redactor) as line:
                        found = await verify_line(line, wait=wait)
                else:
                    channel = lines_to(called, settings, session, redactor=redactor)(_NO_RUN)
                    found = await verify_connection(channel, wait=wait)
            except BadHeader as error:
                return Verification(success=False, error=redactor.clean(str(error)))
        # An agent may say what it was sent.
        return replace(
            found,
            opening_message=redactor.clean(found.opening_message) if found.opening_message else None,
            error=redactor.clean(found.error) if found.error else None,
        )
