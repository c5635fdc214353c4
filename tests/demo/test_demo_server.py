"""The demo agent's server, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from ringback.demo.server import MAX_FRAME_BYTES, Server, read_frame, serve
from ringback.errors import UsageError


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = await serve("127.0.0.1", 0)
    yield running
    await running.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as open_session:
        yield open_session


async def receive(line: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    return json.loads(await line.receive_str(timeout=30))


async def test_a_whole_call(server: Server, session: aiohttp.ClientSession) -> None:
    async with session.ws_connect(server.url, headers={"X-Patient-Name": "Ada Byron"}) as line:
        assert "Ada Byron" in (await receive(line))["content"]
        await line.send_json({"content": "an appointment on Monday at 10:00"})
        assert "Shall I book" in (await receive(line))["content"]
        await line.send_json({"content": "yes"})
        frames = [await receive(line) for _ in range(4)]
        assert [frame.get("role") for frame in frames] == [None, "Function Call", "Function Call Result", None]
        await line.send_json({"content": "", "type": "end_call"})
        closed = await line.receive(timeout=30)
        assert closed.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_callers_do_not_share_a_book(server: Server, session: aiohttp.ClientSession) -> None:
    """What one caller books is free for the next: runs side by side cannot disturb each other."""
    for _ in range(2):
        async with session.ws_connect(server.url, headers={"X-Patient-Name": "Ada"}) as line:
            await receive(line)
            await line.send_json({"content": "an appointment on Monday at 10:00"})
            assert "is free" in (await receive(line))["content"]
            await line.send_json({"content": "yes"})
            for _ in range(4):
                await receive(line)


@pytest.mark.parametrize(
    "frame", ["not json", "[1, 2]", "7", "null", '"words"', '{"content": 5}', "{}", "[" * 5000, '{"type": "hello"}']
)
async def test_odd_frames_do_no_harm(server: Server, session: aiohttp.ClientSession, frame: str) -> None:
    async with session.ws_connect(server.url) as line:
        await receive(line)
        await line.send_bytes(b"\x00\xff")
        await line.send_str(frame)
        await line.send_json({"content": "When are you open?"})
        answers = [await receive(line)]
        while "8:00 to 17:00" not in answers[-1]["content"]:
            answers.append(await receive(line))
        assert len(answers) <= 2


async def test_a_huge_frame_ends_that_call_only(server: Server, session: aiohttp.ClientSession) -> None:
    async with session.ws_connect(server.url) as line, session.ws_connect(server.url) as other:
        await receive(line)
        await receive(other)
        await line.send_json({"content": "x" * (MAX_FRAME_BYTES + 1)})
        message = await line.receive(timeout=30)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await other.send_json({"content": "When are you open?"})
        assert "8:00" in (await receive(other))["content"]


async def test_plain_http_gets_a_sentence(server: Server, session: aiohttp.ClientSession) -> None:
    async with session.get(server.url.replace("ws:", "http:")) as response:
        assert response.status == 426
        assert "WebSocket" in await response.text()


async def test_a_taken_port_is_a_sentence(server: Server) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(UsageError, match=r"cannot listen on 127.0.0.1:\d+: .*Choose another --port"):
        await serve("127.0.0.1", port)


async def test_closing_the_server_hangs_up(session: aiohttp.ClientSession) -> None:
    running = await serve()
    async with session.ws_connect(running.url) as line:
        await receive(line)
        closing = asyncio.create_task(running.close())
        message = await line.receive(timeout=30)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.GOING_AWAY
        await line.close()
        await closing


def test_end_call_is_understood_with_and_without_words() -> None:
    assert read_frame('{"content": "bye", "type": "end_call"}') == ("bye", True)
    assert read_frame('{"type": "end_call"}') == (None, True)
