"""What both voice lines do alike, against real servers on the loopback: agents as they should be, and all others."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest
from agent_servers import Serve
from aiohttp import web
from voice_lines import PATIENCE, Dial, Dialled, line_to, tone, until_closed

from ringback.channels.bounds import Allowance
from ringback.channels.channel import Dropped
from ringback.channels.chirp import ChirpLine
from ringback.channels.line import AgentHeard, Happened, MetadataCame, Remarked, SoundArrived
from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.socket_line import SocketLine
from ringback.channels.voice_socket import LineLimits
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor
from ringback.errors import HandshakeFailed, NotConnected, Refused
from ringback.testing import VoiceAgentCall, VoiceAgentServer

TRANSPORTS = ("media-streams", "chirp")


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def dial(transport: str, session: aiohttp.ClientSession) -> AsyncIterator[Dial]:
    """Starts an agent with a `talk` and opens a line to it."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(talk: Any = None, *, limits: LineLimits | None = None, **more: Any) -> Dialled:
            agent = await stack.enter_async_context(VoiceAgentServer(talk, **more))
            line = line_to(transport, agent, session, limits)
            await line.open()
            dialled = Dialled(line, agent)
            stack.push_async_callback(dialled.close)
            return dialled

        yield start


def line_at(transport: str, url: str, session: aiohttp.ClientSession, **more: Any) -> SocketLine:
    """A line to any address."""
    if transport == "chirp":
        return ChirpLine(url, {}, session=session, **more)
    return MediaStreamsLine(url, {}, {}, session=session, **more)


async def all_of(line: SocketLine) -> list[Happened]:
    """All that happens on a line, to its end."""
    return [event async for event in line.events()]


class TestSound:
    """Frames out, frames in."""

    async def test_agent_hears_what_the_line_sends(self, dial: Dial) -> None:
        """Frames of ours reach the agent in order and whole."""
        dialled = await dial(until_closed)
        call = await dialled.call()
        size = dialled.line.encoding.frame_bytes
        for number in range(10):
            dialled.line.send(bytes([number * 2]) * size)
        async with asyncio.timeout(PATIENCE):
            assert await call.reaches(10 * dialled.line.encoding.frame_samples)
        frames = call.heard().samples.reshape(10, -1)
        assert all(len(set(frame)) == 1 for frame in frames)
        assert len({int(frame[0]) for frame in frames}) == 10

    async def test_frames_of_any_length_are_played_whole_in_frames_of_20_ms(self, dial: Dial) -> None:
        """Sound that came in pieces of 7 and 333 ms comes out of `played` without a gap, then silence."""

        async def talk(call: VoiceAgentCall) -> None:
            await call.say(tone(0.5, call.rate), frame=0.007, real_time=False)
            await call.say(tone(0.5, call.rate), frame=0.333, real_time=False)
            await call.closed.wait()

        dialled = await dial(talk)
        encoding = dialled.line.encoding
        while sum(event.seconds for event in dialled.all_of(SoundArrived)) < 0.999:
            await dialled.event(SoundArrived, len(dialled.all_of(SoundArrived)) + 1)
        frames = [dialled.line.played() for _ in range(52)]
        assert {len(frame) for frame in frames} == {encoding.frame_bytes}
        assert frames[49] != encoding.silence
        assert frames[50:] == [encoding.silence, encoding.silence]

    async def test_sound_far_ahead_is_dropped_with_a_finding(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            await call.say(tone(3, call.rate), real_time=False)
            await call.hang_up()

        dialled = await dial(talk, limits=LineLimits(max_queued_seconds=1))
        await dialled.end()
        assert dialled.codes() == [FindingCode.QUEUE_OVERRUN]
        silence = dialled.line.encoding.silence
        assert [dialled.line.played() != silence for _ in range(52)] == [True] * 50 + [False] * 2

    async def test_transcript_and_metadata_of_the_agent_are_events(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            await call.transcript("I want to book")
            await call.metadata({"call": 7})
            await call.closed.wait()

        dialled = await dial(talk)
        assert (await dialled.event(AgentHeard)).text == "I want to book"
        assert (await dialled.event(MetadataCame)).values == {"call": 7}


class TestEndings:
    """Each line ends with exactly one `Dropped`, whoever ended it and how."""

    async def test_our_hanging_up_is_the_last_event(self, dial: Dial) -> None:
        dialled = await dial(until_closed)
        call = await dialled.call()
        await dialled.line.hang_up()
        dropped = await dialled.end()
        assert dropped.closed_by_us
        await call.closed.wait()
        assert call.close_code == 1000
        assert call.ended_by_caller
        dialled.line.send(dialled.line.encoding.silence)
        dialled.line.press("1")
        dialled.line.began_speaking()
        await dialled.line.hang_up()
        await dialled.line.close()
        assert dialled.line.played() == dialled.line.encoding.silence

    async def test_closing_twice_at_the_same_time_waits_for_the_same_close(self, dial: Dial) -> None:
        dialled = await dial(until_closed)
        await asyncio.gather(dialled.line.close(), dialled.line.hang_up(), dialled.line.close())
        assert (await dialled.end()).closed_by_us

    async def test_the_agents_close_is_told_and_answered(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            await call.close(1000, "bye")

        dialled = await dial(talk)
        dropped = await dialled.end()
        assert (dropped.close_code, dropped.reason, dropped.closed_by_us) == (1000, "bye", False)

    async def test_closed_in_the_middle_of_a_word(self, dial: Dial) -> None:
        """What had come of the word is still played."""

        async def talk(call: VoiceAgentCall) -> None:
            await call.say(tone(0.3, call.rate), real_time=False)
            await call.close(1011)

        dialled = await dial(talk)
        assert (await dialled.end()).close_code == 1011
        frames = [dialled.line.played() for _ in range(16)]
        assert frames[14] != frames[15] == dialled.line.encoding.silence

    async def test_cut_without_a_close_frame(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            call.drop()
            await call.closed.wait()

        dialled = await dial(talk)
        dropped = await dialled.end()
        assert dropped.close_code is None
        assert not dropped.closed_by_us

    async def test_an_agent_that_answers_no_ping(self, dial: Dial) -> None:
        limits = LineLimits(ping_interval=0.05, ping_timeout=0.1)
        dialled = await dial(until_closed, limits=limits, answer_pings=False)
        dropped = await dialled.end()
        assert dropped.unresponsive
        assert dropped.reason == "no pong within 0.1 s of our ping"

    async def test_pongs_keep_the_line(self, dial: Dial) -> None:
        """Several pings, and the agent's own are answered."""
        dialled = await dial(until_closed, limits=LineLimits(ping_interval=0.02, ping_timeout=5))
        call = await dialled.call()
        await asyncio.sleep(0.1)
        assert not call.closed.is_set()
        await dialled.line.hang_up()
        assert (await dialled.end()).closed_by_us

    async def test_a_line_that_was_never_open_can_be_let_go(
        self, transport: str, session: aiohttp.ClientSession
    ) -> None:
        line = line_at(transport, "ws://127.0.0.1:1/", session)
        line.send(line.encoding.silence)
        await line.close()
        assert await all_of(line) == []

    async def test_a_defect_of_ours_is_raised_told_to_the_agent_and_closes_the_line(
        self, transport: str, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(Allowance, "take", broken)
        async with VoiceAgentServer(greeting=tone(0.1)) as agent:
            line = line_to(transport, agent, session)
            await line.open()
            with pytest.raises(ZeroDivisionError):
                await all_of(line)
            call = await agent.call()
            async with asyncio.timeout(PATIENCE):
                await call.closed.wait()
            assert call.close_code == 1011
            assert ("INTERNAL_ERROR" in call.frames[-1]) is (transport == "chirp")
            await line.close()

    async def test_secrets_are_taken_out_of_reasons_and_of_frames_that_are_shown(
        self, transport: str, session: aiohttp.ClientSession
    ) -> None:
        shown: list[str] = []

        def show(_: str, text: str) -> None:
            shown.append(text)

        async def talk(call: VoiceAgentCall) -> None:
            await call.transcript("swordfish")
            await call.close(1008, "swordfish\0")

        async with VoiceAgentServer(talk) as agent:
            line = line_to(transport, agent, session, redactor=Redactor(["swordfish"]), on_frame=show)
            await line.open()
            heard, dropped = await all_of(line)
            assert isinstance(heard, AgentHeard)
            assert heard.text == "[secret]"
            assert isinstance(dropped, Dropped)
            assert dropped.reason == "[secret]\ufffd"
            assert "[secret]" in shown[-1 if transport == "chirp" else 2]
            assert "swordfish" not in "".join(shown)
            await line.close()


class TestBadInput:
    """No hang, and no buffer without a bound."""

    async def test_frame_over_the_limit_ends_the_call(self, dial: Dial) -> None:
        """10 MB in one frame are not taken."""

        async def talk(call: VoiceAgentCall) -> None:
            await call.send(b"\0" * 10_000_000)
            await call.closed.wait()

        dialled = await dial(talk)
        dropped = await dialled.end()
        assert dropped.cause is FindingCode.FRAME_TOO_LARGE
        assert dropped.reason == "a frame over the limit of 1048576 bytes"

    async def test_text_that_is_not_utf8_ends_the_call(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            await call.send_invalid_text(b'{"a": "\xff"}')
            await call.closed.wait()

        dialled = await dial(talk)
        assert (await dialled.end()).cause is FindingCode.INVALID_UTF8

    async def test_sound_much_faster_than_real_time_is_a_flood(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            sound = tone(0.02, call.rate).samples
            while True:
                await call.send_samples(sound)
                await asyncio.sleep(0)

        dialled = await dial(talk, limits=LineLimits(max_call_bytes=1024 * 1024, max_queued_seconds=5))
        dropped = await dialled.end()
        assert dropped.cause is FindingCode.FLOOD
        assert dropped.reason == "more than 1048576 bytes ahead of real time, 500 added for each frame"
        assert FindingCode.QUEUE_OVERRUN in dialled.codes()

    async def test_a_flood_of_nonsense_is_bounded_in_the_record(self, dial: Dial) -> None:
        async def talk(call: VoiceAgentCall) -> None:
            number = 0
            while True:
                number += 1
                await call.send(f"nonsense {number}")
                if number % 100 == 0:
                    await asyncio.sleep(0)  # sockets take much before anybody has to wait

        dialled = await dial(talk, limits=LineLimits(max_call_bytes=1024 * 1024))
        dropped = await dialled.end()
        assert dropped.cause is FindingCode.FLOOD
        assert len(dialled.all_of(Remarked)) <= 22

    async def test_what_is_kept_beside_the_sound_is_bounded(self, dial: Dial) -> None:
        """However slowly it comes: the sum is what counts."""

        async def talk(call: VoiceAgentCall) -> None:
            while True:
                await call.metadata({"note": "x" * 2_000})
                await asyncio.sleep(0)

        dialled = await dial(talk, limits=LineLimits(max_call_bytes=64 * 1024))
        assert (await dialled.end()).cause is FindingCode.FLOOD
        assert len(dialled.all_of(MetadataCame)) < 30

    async def test_a_flood_of_pings_is_a_flood(
        self, transport: str, session: aiohttp.ClientSession, serve: Serve
    ) -> None:
        async def talk(socket: web.WebSocketResponse) -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    await socket.ping(b"x")
                    await asyncio.sleep(0)

        agent = await serve(talk)
        line = line_at(transport, agent.url, session, limits=LineLimits(max_call_bytes=64 * 1024))
        await line.open()
        async with asyncio.timeout(PATIENCE):
            [dropped] = await all_of(line)
        assert isinstance(dropped, Dropped)
        assert dropped.cause is FindingCode.FLOOD
        await line.close()

    async def test_pings_of_the_agent_are_answered(
        self, transport: str, session: aiohttp.ClientSession, serve: Serve
    ) -> None:
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def respond(request: web.BaseRequest) -> web.StreamResponse:
            socket = web.WebSocketResponse(autoping=False)
            await socket.prepare(request)
            await socket.ping(b"there?")
            while True:
                message = await socket.receive()
                if message.type is aiohttp.WSMsgType.PONG:
                    answered.set_result(bytes(message.data))
                    return socket

        agent = await serve(respond=respond)
        line = line_at(transport, agent.url, session)
        await line.open()
        async with asyncio.timeout(PATIENCE):
            assert await answered == b"there?"
        await line.close()

    async def test_nobody_taking_events_stops_the_reading_and_closing_still_works(
        self, transport: str, session: aiohttp.ClientSession
    ) -> None:
        """Ten thousand events wait at most; the rest stays with the agent."""

        async def talk(call: VoiceAgentCall) -> None:
            await call.say(tone(12, call.rate), frame=0.001, real_time=False)
            await call.closed.wait()

        async with VoiceAgentServer(talk) as agent:
            line = line_to(transport, agent, session)
            await line.open()
            async with asyncio.timeout(PATIENCE):
                # Nobody may take an event, and nobody is told of them otherwise.
                while len(line._events) < 10_000:  # noqa: ASYNC110  # pyright: ignore[reportPrivateUsage] - as said
                    await asyncio.sleep(0.01)
            await line.close()
            events = await all_of(line)
            assert len(events) == 10_001

    async def test_an_agent_that_stops_reading_is_given_up(
        self, transport: str, session: aiohttp.ClientSession, serve_raw: Serve
    ) -> None:
        """What waits unsent is bounded; the call ends with the cause in words, and closing does not hang."""

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            cast("asyncio.Transport", writer.transport).pause_reading()
            await asyncio.Event().wait()

        agent = await serve_raw(speak)
        line = line_at(transport, agent.url, session, limits=LineLimits(max_backlog_bytes=64 * 1024))
        await line.open()
        ended = asyncio.create_task(all_of(line))
        sent = 0
        async with asyncio.timeout(PATIENCE):
            while not ended.done():
                for _ in range(100):
                    line.send(line.encoding.silence)
                    sent += line.encoding.frame_bytes
                await asyncio.sleep(0)
        [dropped] = await ended
        assert isinstance(dropped, Dropped)
        assert dropped.unresponsive
        assert "stopped reading" in dropped.reason
        await line.close()
        assert sent < 50_000_000

    async def test_an_agent_that_sends_no_more_but_reads_on_is_over(
        self, transport: str, session: aiohttp.ClientSession, serve_raw: Serve
    ) -> None:
        """Half closed: its end of the stream without a close frame is a dropped line."""

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write_eof()
            while await reader.read(65536):
                pass

        agent = await serve_raw(speak)
        line = line_at(transport, agent.url, session)
        await line.open()
        async with asyncio.timeout(PATIENCE):
            [dropped] = await all_of(line)
        assert isinstance(dropped, Dropped)
        assert dropped.close_code is None
        await line.close()

    async def test_a_broken_frame_ends_the_call(
        self, transport: str, session: aiohttp.ClientSession, serve_raw: Serve
    ) -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\xff\xff\xff\xff" * 100)
            while await reader.read(65536):
                pass

        agent = await serve_raw(speak)
        line = line_at(transport, agent.url, session)
        await line.open()
        async with asyncio.timeout(PATIENCE):
            [dropped] = await all_of(line)
        assert isinstance(dropped, Dropped)
        assert "broken WebSocket frame" in dropped.reason
        await line.close()


class TestDialling:
    """Handshakes that fail, in the words of the chat's."""

    @pytest.mark.parametrize(
        ("status", "error", "retryable"),
        [(401, Refused, False), (403, Refused, False), (404, HandshakeFailed, False), (503, HandshakeFailed, True)],
    )
    async def test_refusals(
        self,
        transport: str,
        session: aiohttp.ClientSession,
        status: int,
        error: type[Refused | HandshakeFailed],
        retryable: bool,
    ) -> None:
        async with VoiceAgentServer(until_closed, refusals=[status]) as agent:
            line = line_to(transport, agent, session)
            with pytest.raises(error) as failed:
                await line.open()
            assert failed.value.retryable is retryable
            assert await all_of(line) == []

    async def test_redirects_are_not_followed(
        self, transport: str, session: aiohttp.ClientSession, serve: Serve
    ) -> None:
        async def respond(_: web.BaseRequest) -> web.StreamResponse:
            raise web.HTTPFound("http://elsewhere.example/")

        agent = await serve(respond=respond)
        with pytest.raises(HandshakeFailed, match="redirects to http://elsewhere"):
            await line_at(transport, agent.url, session).open()
        assert len(agent.requests) == 1

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "not a url", "ws://[::1", ""])
    async def test_addresses_that_are_none(self, transport: str, session: aiohttp.ClientSession, url: str) -> None:
        with pytest.raises(NotConnected) as failed:
            await line_at(transport, url, session).open()
        assert not failed.value.retryable

    async def test_tls_where_there_is_none(self, transport: str, session: aiohttp.ClientSession) -> None:
        async with VoiceAgentServer(until_closed) as agent:
            url = f"wss://user:hush@127.0.0.1:{agent.port}/"
            line = line_at(transport, url, session, ssl_context=ssl.create_default_context())
            with pytest.raises(NotConnected, match="TLS") as failed:
                await line.open()
            assert "hush" not in str(failed.value)
            assert failed.value.retryable is (transport == "chirp")  # as the reference has it there

    async def test_a_handshake_without_an_answer_times_out(
        self, transport: str, session: aiohttp.ClientSession, serve_raw: Serve
    ) -> None:
        async def speak(*_: object) -> None:
            await asyncio.Event().wait()

        agent = await serve_raw(speak, handshake=False)
        line = line_at(transport, agent.url, session, limits=LineLimits(connect_timeout=0.1))
        with pytest.raises(HandshakeFailed, match=r"within 0\.1 s"):
            await line.open()
