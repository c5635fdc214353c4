"""The WebSocket channel against real servers, hostile ones included."""

import asyncio
import contextlib
import json
import socket
import struct

import aiohttp
import pytest
import websockets
from agent_servers import Serve
from aiohttp import web
from websockets.asyncio.server import ServerConnection

from ringback.channels.channel import ChannelEvent, Dropped, Noted, Said
from ringback.channels.websocket import WebSocketChannel
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor
from ringback.domain.utterance import Utterance


async def _all(channel: WebSocketChannel) -> list[ChannelEvent]:
    return [event async for event in channel.events()]


async def _dropped(channel: WebSocketChannel) -> Dropped:
    await channel.open()
    events = await _all(channel)
    await channel.close()
    assert isinstance(events[-1], Dropped)
    return events[-1]


async def test_words_go_out_and_come_back(serve: Serve, session: aiohttp.ClientSession) -> None:
    received: list[str] = []

    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.send_json({"content": "welcome"})
        async for message in agent:
            received.append(message.data)
            await agent.send_json({"content": "noted", "metadata": {"n": len(received)}})
            if len(received) == 2:
                return

    agent = await serve(talk)
    channel = WebSocketChannel(agent.url, {"X-VOCERA-RUN-ID": "7", "X-Customer": "Ann"}, session=session)
    await channel.open()
    await channel.send(Utterance.of("hello"))
    await channel.send(Utterance.of("bye", ends_call=True))
    events = await _all(channel)
    await channel.close()
    assert [json.loads(text) for text in received] == [
        {"content": "hello"},
        {"content": "bye", "type": "end_call"},
    ]
    assert [event.text for event in events if isinstance(event, Said)] == ["welcome", "noted", "noted"]
    assert isinstance(events[-1], Dropped)
    assert events[-1].close_code == 1000
    headers = agent.requests[0].headers
    assert headers["X-VOCERA-RUN-ID"] == "7"
    assert headers["X-Customer"] == "Ann"
    assert "Sec-WebSocket-Extensions" not in headers


async def test_times_are_monotonic_and_in_order(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.receive()
        await agent.send_json({"content": "hi"})

    channel = WebSocketChannel((await serve(talk)).url, {}, session=session)
    await channel.open()
    sent = await channel.send(Utterance.of("hello"))
    events = await _all(channel)
    assert sent <= events[0].at <= events[1].at
    await channel.close()


async def test_binary_frames_are_noted_and_the_call_goes_on(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.send_bytes(b"\x00\x01")
        await agent.send_str("[1, 2]")
        await agent.send_json({"content": "hi"})

    channel = WebSocketChannel((await serve(talk)).url, {}, session=session)
    await channel.open()
    events = await _all(channel)
    await channel.close()
    assert [type(event) for event in events] == [Noted, Noted, Said, Dropped]
    assert events[0].remarks[0].code is FindingCode.BINARY_FRAME


async def test_a_frame_over_the_limit_is_named(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.send_str('{"content":"' + "x" * (1024 * 1024) + '"}')
        await agent.receive()

    dropped = await _dropped(WebSocketChannel((await serve(talk)).url, {}, session=session))
    assert dropped.cause is FindingCode.FRAME_TOO_LARGE
    assert dropped.close_code is None
    assert "1048576" in dropped.reason


async def test_a_frame_of_exactly_the_limit_is_taken(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.send_str("x" * 200)
        await agent.send_str("x" * 201)
        await agent.receive()

    channel = WebSocketChannel((await serve(talk)).url, {}, session=session, max_frame_bytes=200)
    await channel.open()
    events = await _all(channel)
    await channel.close()
    assert [type(event) for event in events] == [Said, Dropped]


async def test_a_large_message_in_small_pieces_is_over_the_limit_too(
    serve_raw: Serve, session: aiohttp.ClientSession
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x01\x64" + b"x" * 100 + b"\x00\x64" + b"x" * 100 + b"\x00\x64" + b"x" * 100)
        await reader.read()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session, max_frame_bytes=250)
    assert (await _dropped(channel)).cause is FindingCode.FRAME_TOO_LARGE


@pytest.mark.parametrize("frame", ['{"metadata":{}}', '{"content":"x"}', b"x"])
async def test_an_agent_that_floods_us_is_cut_off(
    serve: Serve, session: aiohttp.ClientSession, frame: str | bytes
) -> None:
    """Small frames without an end would fill the memory long before the longest duration of a call."""

    async def talk(agent: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await (agent.send_str(frame) if isinstance(frame, str) else agent.send_bytes(frame))
                await asyncio.sleep(0)  # both sides share this event loop, and sending alone does not give it up

    channel = WebSocketChannel((await serve(talk)).url, {}, session=session, max_call_bytes=100 * (500 + len(frame)))
    await channel.open()
    events = await _all(channel)
    await channel.close()
    assert len(events) == 101
    last = events[-1]
    assert isinstance(last, Dropped)
    assert last.cause is FindingCode.FLOOD
    assert str(100 * (500 + len(frame))) in last.reason


async def test_text_that_is_not_utf8_is_named(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x81\x02\xff\xfe")
        await reader.read()

    dropped = await _dropped(WebSocketChannel((await serve_raw(speak)).url, {}, session=session))
    assert dropped.cause is FindingCode.INVALID_UTF8


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xff\xff\xff", b"HTTP/1.1 200 OK\r\n\r\n", b"\x83\x00", b"\x88\x01x", b"\x88\x02\x00\x01", b"\x80\x01x"],
)
async def test_bytes_that_are_no_frame_drop_the_line(
    garbage: bytes, serve_raw: Serve, session: aiohttp.ClientSession
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        await reader.read()

    dropped = await _dropped(WebSocketChannel((await serve_raw(speak)).url, {}, session=session))
    assert dropped.close_code is None
    assert dropped.cause is None
    assert "broken" in dropped.reason


@pytest.mark.parametrize(
    ("frame", "code", "reason"),
    [
        (b"\x88\x00", 1005, ""),
        (b"\x88\x02\x03\xe8", 1000, ""),
        (b"\x88\x02\x03\xe9", 1001, ""),
        (b"\x88\x05\x03\xf0bad", 1008, "bad"),
        (b"\x88\x02\x0f\xa1", 4001, ""),
    ],
)
async def test_close_codes_are_told_as_received(
    frame: bytes, code: int, reason: str, serve_raw: Serve, session: aiohttp.ClientSession
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame)
        await reader.readexactly(2)

    dropped = await _dropped(WebSocketChannel((await serve_raw(speak)).url, {}, session=session))
    assert (dropped.close_code, dropped.reason) == (code, reason)


async def test_a_connection_that_ends_without_a_close_frame(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x81\x02hi")
        await writer.drain()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session)
    await channel.open()
    events = await _all(channel)
    await channel.close()
    assert [type(event) for event in events] == [Said, Dropped]
    assert isinstance(events[-1], Dropped)
    assert events[-1].close_code is None


async def test_a_half_closed_connection_is_a_dropped_line(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await reader.read()

    assert (await _dropped(WebSocketChannel((await serve_raw(speak)).url, {}, session=session))).close_code is None


async def test_a_reset_connection_is_a_dropped_line(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session)
    await channel.open()
    await channel.send(Utterance.of("hello"))
    events = await _all(channel)
    assert isinstance(events[-1], Dropped)
    assert events[-1].close_code is None
    await channel.send(Utterance.of("anybody there?"))
    await channel.close()


async def test_we_ping_and_an_agent_that_pongs_stays(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    pings: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            head = await reader.readexactly(2)
            assert head[0] == 0x89
            body = await reader.readexactly(4 + (head[1] & 0x7F))
            payload = bytes(byte ^ body[index % 4] for index, byte in enumerate(body[4:]))
            pings.append(payload)
            writer.write(bytes([0x8A, len(payload)]) + payload)
        writer.write(b"\x88\x02\x03\xe8")
        await reader.read()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session, ping_interval=0.02, ping_timeout=20.0)
    assert (await _dropped(channel)).close_code == 1000
    assert len(pings) == 3


async def test_an_agent_that_does_not_pong_is_unresponsive(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x81\x02hi")
        await reader.read()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session, ping_interval=0.02, ping_timeout=0.05)
    dropped = await _dropped(channel)
    assert dropped.unresponsive
    assert not dropped.closed_by_us


async def test_pings_of_the_agent_are_answered(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x89\x02ab")
        head = await reader.readexactly(2 + 4 + 2)
        assert head[0] == 0x8A
        writer.write(b"\x88\x02\x03\xe8")
        await reader.read()

    assert (await _dropped(WebSocketChannel((await serve_raw(speak)).url, {}, session=session))).close_code == 1000


async def test_our_close_ends_the_events(serve: Serve, session: aiohttp.ClientSession) -> None:
    codes: list[int | None] = []

    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.receive()
        codes.append(agent.close_code)

    channel = WebSocketChannel((await serve(talk)).url, {}, session=session)
    await channel.open()
    reading = asyncio.create_task(_all(channel))
    await asyncio.sleep(0)
    await channel.close()
    await channel.close()
    events = await reading
    assert [event for event in events if isinstance(event, Dropped) and event.closed_by_us] == events
    assert codes == [1000]


async def test_a_channel_that_was_never_opened_closes(session: aiohttp.ClientSession) -> None:
    channel = WebSocketChannel("ws://127.0.0.1:1/", {}, session=session)
    await channel.close()
    assert await _all(channel) == []


async def test_secrets_are_masked_before_anybody_sees_them(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.send_json({"content": "your key is pass-word", "pass-word": 1})
        await agent.send_bytes(b"pass-word")
        await agent.close(code=1008, message=b"wrong pass-word")

    shown: list[tuple[str, str]] = []
    channel = WebSocketChannel(
        (await serve(talk)).url,
        {},
        session=session,
        redactor=Redactor(["pass-word"]),
        on_frame=lambda way, text: shown.append((way, text)),
    )
    await channel.open()
    events = await _all(channel)
    await channel.close()
    assert "pass-word" not in repr(events)
    assert "pass-word" not in repr(shown)
    assert len(events) == 3


async def test_frames_can_be_watched(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def talk(agent: web.WebSocketResponse) -> None:
        await agent.receive()
        await agent.send_json({"content": "hi"})

    shown: list[tuple[str, str]] = []
    channel = WebSocketChannel(
        (await serve(talk)).url, {}, session=session, on_frame=lambda way, text: shown.append((way, text))
    )
    await channel.open()
    await channel.send(Utterance.of("hello"))
    await _all(channel)
    await channel.close()
    assert shown == [("out", '{"content": "hello"}'), ("in", '{"content": "hi"}')]


async def test_an_agent_that_stops_reading_cannot_hold_us(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    """What we send piles up; the missing pong ends the line, and nobody waits for the pile."""
    never = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(b"\x89\x00" * 10)
        await never.wait()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session, ping_interval=0.05, ping_timeout=0.1)
    await channel.open()
    reading = asyncio.create_task(_all(channel))
    for _ in range(20):
        await channel.send(Utterance.of("x" * 1_000_000))
    events = await reading
    assert isinstance(events[-1], Dropped)
    assert events[-1].unresponsive
    await channel.close()


async def test_closing_does_not_wait_for_an_agent_that_does_not_read(
    serve_raw: Serve, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringback.channels.websocket._CLOSE_PATIENCE", 0.05)
    never = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader, writer
        await never.wait()

    channel = WebSocketChannel((await serve_raw(speak)).url, {}, session=session)
    await channel.open()
    sending = asyncio.create_task(channel.send(Utterance.of("x" * 20_000_000)))
    await asyncio.sleep(0)
    await channel.close()
    await sending


async def test_a_server_made_with_another_library(session: aiohttp.ClientSession) -> None:
    async def echo(agent: ServerConnection) -> None:
        async for message in agent:
            await agent.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        channel = WebSocketChannel(f"ws://127.0.0.1:{port}", {}, session=session)
        await channel.open()
        await channel.send(Utterance.of("hello"))
        first = await anext(channel.events())
        await channel.close()
    assert isinstance(first, Said)
    assert first.text == "hello"
