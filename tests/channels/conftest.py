"""Real servers on port 0: agents as they should be, and agents that break every rule."""

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from ringback.channels.websocket import agent_session

sys.path.insert(0, str(Path(__file__).parent))

from agent_servers import Agent, Serve, Speak, Talk, shake_hands


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with agent_session() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts agents that talk over a WebSocket, or answer in plain HTTP (`respond`)."""
    async with contextlib.AsyncExitStack() as servers:

        async def start(
            talk: Talk | None = None,
            *,
            respond: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None,
            tls: ssl.SSLContext | None = None,
        ) -> Agent:
            agent = Agent(0)

            async def handle(request: web.BaseRequest) -> web.StreamResponse:
                agent.requests.append(request)
                if respond is not None:
                    return await respond(request)
                socket = web.WebSocketResponse(compress=False)
                await socket.prepare(request)
                if talk is not None:
                    await talk(socket)
                return socket

            runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
            await runner.setup()
            servers.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
            await site.start()
            agent.port = runner.addresses[0][1]
            agent.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{agent.port}/"
            return agent

        yield start


@pytest.fixture
async def serve_raw() -> AsyncIterator[Serve]:
    """Starts bare TCP servers, with or without a proper handshake before they speak."""
    async with contextlib.AsyncExitStack() as servers:

        async def start(speak: Speak, *, handshake: bool = True) -> Agent:
            agent = Agent(0)
            talking: set[asyncio.Task[None]] = set()

            async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                agent.connections += 1
                task = asyncio.current_task()
                assert task is not None
                talking.add(task)
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    if handshake:
                        await shake_hands(reader, writer)
                    await speak(reader, writer)
                talking.discard(task)
                writer.close()

            async def stop() -> None:
                server.close()
                for task in talking:
                    task.cancel()
                await asyncio.gather(*talking, return_exceptions=True)

            server = await asyncio.start_server(converse, "127.0.0.1", 0)
            servers.push_async_callback(stop)
            agent.port = server.sockets[0].getsockname()[1]
            agent.url = f"ws://127.0.0.1:{agent.port}/"
            return agent

        yield start
