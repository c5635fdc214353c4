"""Conversations over a real socket, with real time: short, and few."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from staging import ListedCaller

from ringback.channels.websocket import WebSocketChannel, agent_session
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held, converse
from ringback.conversation.recorder import Recorder
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import EndingCode

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
Call = Callable[..., Awaitable[Held]]

_PROMPT = Limits(settle=0.0, grace=0.05)


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    """Lets a caller call an agent that `talk` plays."""
    async with AsyncExitStack() as rooms:
        session = await rooms.enter_async_context(agent_session())

        async def start(talk: Talk, *lines: str, limits: Limits = _PROMPT, max_frame_bytes: int = 1000) -> Held:
            async def handle(request: web.BaseRequest) -> web.StreamResponse:
                agent = web.WebSocketResponse(compress=False)
                await agent.prepare(request)
                await talk(agent)
                return agent

            runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
            await runner.setup()
            rooms.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
            channel = WebSocketChannel(url, {}, session=session, max_frame_bytes=max_frame_bytes)
            recorder = Recorder(1, lambda _: None)
            return await converse(channel, ListedCaller(*lines), recorder, limits=limits, agent_speaks_first=False)

        yield start


async def test_an_echo_server_holds_a_whole_conversation(call: Call) -> None:
    async def echo(agent: web.WebSocketResponse) -> None:
        async for message in agent:
            await agent.send_str(message.data)
            if "end_call" in message.data:
                return

    held = await call(echo, "one", "two", limits=Limits(settle=0.0, grace=20.0))
    assert held.conversation.ending.code is EndingCode.CALLER_ENDED
    assert [entry.content for entry in held.conversation.said_by(Role.AGENT)] == ["one", "two", ""]
    assert len(held.conversation.latencies()) == 2
    assert all(latency > 0 for latency in held.conversation.latencies())


async def test_an_oversize_frame_ends_the_call_with_its_finding(call: Call) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.receive()
        await agent.send_json({"content": "fine"})
        await agent.receive()
        await agent.send_json({"content": "x" * 2000})
        await agent.receive()

    held = await call(talk, "one", "two")
    assert held.conversation.ending.code is EndingCode.FRAME_TOO_LARGE
    assert [finding.code for finding in held.conversation.findings] == [FindingCode.FRAME_TOO_LARGE]
    assert held.conversation.agent_spoke


async def test_an_agent_that_vanishes_has_dropped_the_line(call: Call) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.receive()
        await agent.send_json({"content": "fine"})
        await agent.receive()
        raise ConnectionAbortedError

    held = await call(talk, "one", "two")
    assert held.conversation.ending.code is EndingCode.AGENT_DROPPED
    assert held.conversation.ending.sentence == "The line dropped without a close frame."


async def test_many_calls_at_once_do_not_mix(call: Call) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        async for message in agent:
            await agent.send_str(message.data)

    calls = [call(talk, f"{number}a", f"{number}b") for number in range(20)]
    for number, held in enumerate(await asyncio.gather(*calls)):
        words = [entry.content for entry in held.conversation.entries if entry.content]
        assert words == [f"{number}a", f"{number}a", f"{number}b", f"{number}b"]
