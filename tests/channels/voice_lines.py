"""Lines to test agents, and what happens on them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
import numpy as np

from ringback.channels.channel import CallIds, Dropped
from ringback.channels.chirp import ChirpLine
from ringback.channels.line import Happened, Remarked
from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.socket_line import SocketLine
from ringback.channels.voice_socket import LineLimits
from ringback.domain.conversation import FindingCode
from ringback.speech.audio import Sound
from ringback.testing.voice_agent_call import VoiceAgentCall
from ringback.testing.voice_agent_server import VoiceAgentServer

IDS = CallIds(scenario=11, result=22, run=33)
PATIENCE = 30.0
"""Seconds after which a test that waits has failed."""

_E = TypeVar("_E")

Dial = Callable[..., Awaitable["Dialled"]]


def tone(seconds: float, rate: int = 8000, hertz: float = 440.0) -> Sound:
    """A loud tone."""
    wave = 12_000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Sound(wave.astype(np.int16), rate)


class Dialled:
    """An open line, with all that has happened on it."""

    def __init__(self, line: SocketLine, agent: VoiceAgentServer) -> None:
        self.line = line
        self.agent = agent
        self.happened: list[Happened] = []
        self._news = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for event in self.line.events():
            async with self._news:
                self.happened.append(event)
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()

    async def call(self) -> VoiceAgentCall:
        """The agent's side."""
        async with asyncio.timeout(PATIENCE):
            return await self.agent.call()

    async def event(self, kind: type[_E], number: int = 1) -> _E:
        """Wait for the event of a kind, the first or a later one."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.all_of(kind)) >= number)
        return self.all_of(kind)[number - 1]

    def all_of(self, kind: type[_E]) -> list[_E]:
        """Events of a kind so far."""
        return [event for event in self.happened if isinstance(event, kind)]

    async def end(self) -> Dropped:
        """Wait for the end of the events, which must be one `Dropped`."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.shield(self._listening)
        drops = self.all_of(Dropped)
        assert len(drops) == 1
        assert self.happened[-1] is drops[0]
        return drops[0]

    def codes(self) -> list[FindingCode]:
        """Codes of all remarks so far."""
        return [remark.code for event in self.all_of(Remarked) for remark in event.remarks]

    async def close(self) -> None:
        """Let go of the line."""
        await self.line.close()
        await self._listening


def line_to(
    transport: str,
    agent: VoiceAgentServer,
    session: aiohttp.ClientSession,
    limits: LineLimits | None = None,
    **more: Any,
) -> SocketLine:
    """A line to an agent by one of the transports."""
    headers = more.pop("headers", {})
    if transport == "chirp":
        return ChirpLine(agent.chirp_url, headers, session=session, limits=limits, **more)
    parameters = more.pop("parameters", {})
    return MediaStreamsLine(agent.media_streams_url, headers, parameters, session=session, limits=limits, **more)


async def until_closed(call: VoiceAgentCall) -> None:
    """An agent that says nothing."""
    await call.closed.wait()
