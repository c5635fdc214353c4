"""The connection to an agent, tried with exactly the headers that a run would send."""

from dataclasses import replace

from ringback.channels.channel import CallIds
from ringback.channels.websocket import agent_session
from ringback.domain.agent import Agent
from ringback.errors import BadHeader
from ringback.runs.verification import Verification, verify_connection
from ringback.settings import Settings
from ringback.wiring import lines_to, redactor_for, with_default_secret

_LONGEST = 10.0
"""Seconds to listen at most; somebody is waiting for the answer."""


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
            try:
                line = lines_to(called, settings, session, redactor=redactor)(CallIds(scenario=0, result=0, run=0))
            except BadHeader as error:
                return Verification(success=False, error=redactor.clean(str(error)))
            found = await verify_connection(line, wait=min(settings.opening_wait, _LONGEST))
        # An agent may say what it was sent.
        return replace(
            found,
            opening_message=redactor.clean(found.opening_message) if found.opening_message else None,
            error=redactor.clean(found.error) if found.error else None,
        )
