"""Connections on which nothing is asked are closed; those on which something is, are not."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import uvicorn

from ringback.cli.impatient import ImpatientProtocol


class Hasty(ImpatientProtocol):
    """With less patience than the server has."""

    patience = 1.0


async def slow_app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, whenever it comes, and greets."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.fixture
async def port() -> AsyncGenerator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(slow_app, http=Hasty, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving
    listening.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Long"])
async def test_half_a_head_is_not_waited_for_forever(port: int, begun: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()


async def test_a_request_that_is_under_way_is_let_finish(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
    idle, other = await asyncio.open_connection("127.0.0.1", port)
    assert await idle.read() == b""  # its patience, which began later, is over
    writer.write(b"b")
    assert (await reader.read()).endswith(b"hi")
    writer.close()
    other.close()
