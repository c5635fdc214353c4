"""The voice agent for tests: it hears, speaks, hangs up and misbehaves as a test says, in both protocols."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import numpy as np
import pytest
import trustme

from ringback.channels.channel import Dropped
from ringback.channels.chirp import ChirpLine
from ringback.channels.line import Encoding, SoundArrived
from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.socket_line import SocketLine
from ringback.channels.websocket import agent_session
from ringback.errors import Refused
from ringback.speech.audio import Samples, Sound
from ringback.speech.codec import decode_mulaw, encode_mulaw
from ringback.testing import VoiceAgentCall, VoiceAgentServer, in_thread

PATIENCE = 30.0


@pytest.fixture(params=["media-streams", "chirp"])
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with agent_session() as session:
        yield session


def line_to(transport: str, agent: VoiceAgentServer, session: aiohttp.ClientSession, **more: Any) -> SocketLine:
    """A line that is not open yet."""
    if transport == "chirp":
        return ChirpLine(agent.chirp_url, {}, session=session, **more)
    return MediaStreamsLine(agent.media_streams_url, {}, {}, session=session, **more)


@asynccontextmanager
async def calling(
    transport: str, agent: VoiceAgentServer, session: aiohttp.ClientSession
) -> AsyncGenerator[SocketLine, None]:
    """An open line to the agent."""
    line = line_to(transport, agent, session)
    await line.open()
    try:
        yield line
    finally:
        await line.close()


def tone(seconds: float, rate: int, hertz: float = 440.0) -> Sound:
    wave = 12_000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Sound(wave.astype(np.int16), rate)


def quiet(seconds: float, rate: int) -> Sound:
    return Sound(np.zeros(round(seconds * rate), np.int16), rate)


def frames_of(line: SocketLine, *sounds: Sound) -> Iterator[bytes]:
    """Sound as wire frames of 20 ms."""
    samples = np.concatenate([sound.samples for sound in sounds])
    for frame in samples.reshape(-1, line.encoding.frame_samples):
        yield encode_mulaw(frame).tobytes() if line.encoding is Encoding.MULAW else frame.tobytes()


def send(line: SocketLine, *sounds: Sound) -> None:
    """Send sound without waiting for time to pass."""
    for frame in frames_of(line, *sounds):
        line.send(frame)


def samples_of(line: SocketLine, frame: bytes) -> Samples:
    """A wire frame's samples."""
    if line.encoding is Encoding.MULAW:
        return decode_mulaw(np.frombuffer(frame, np.uint8))
    return np.frombuffer(frame, np.int16)


async def played(line: SocketLine, seconds: float) -> Samples:
    """What the agent said, once so much of it has come."""
    arrived = 0.0
    async with asyncio.timeout(PATIENCE):
        async for event in line.events():
            arrived += event.seconds if isinstance(event, SoundArrived) else 0.0
            if arrived > seconds - 0.001:
                break
    return np.concatenate([samples_of(line, line.played()) for _ in range(round(seconds / 0.02))])


def pitch(sound: Samples, rate: int) -> float:
    """Hz of the strongest tone."""
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64)))
    return float(np.argmax(spectrum) * rate / len(sound))


@contextmanager
def within(low: float, high: float) -> Generator[None, None, None]:
    """What is inside takes between so many seconds."""
    began = time.perf_counter()
    yield
    assert low <= time.perf_counter() - began <= high


async def test_it_hears_each_utterance_once_with_its_place(transport: str, session: aiohttp.ClientSession) -> None:
    heard: list[Sound | None] = []
    places: list[int | None] = []
    over = asyncio.Event()

    async def talk(call: VoiceAgentCall) -> None:
        places.append(await call.speaks())
        heard.extend([await call.listen(silence=0.3) for _ in range(3)])
        over.set()

    async with VoiceAgentServer(talk) as agent, calling(transport, agent, session) as line:
        rate = line.encoding.rate
        click = quiet(0.02, rate)
        click.samples[5] = 20_000
        send(line, quiet(0.4, rate), click, quiet(0.4, rate), tone(0.6, rate, 440), quiet(0.1, rate))
        send(line, tone(0.2, rate, 440), quiet(0.4, rate), tone(0.5, rate, 1000), quiet(0.4, rate))
        call = await agent.call()
        async with asyncio.timeout(PATIENCE):
            await call.reaches(round(3.02 * rate))
            await line.hang_up()
            await over.wait()
    assert places == [round(0.82 * rate)]
    first, second, last = heard
    assert first is not None
    assert second is not None
    assert last is None
    assert first.duration == pytest.approx(0.9, abs=0.021)
    assert second.duration == pytest.approx(0.5, abs=0.021)
    assert pitch(second.samples, rate) == pytest.approx(1000, abs=5)
    assert len(call.arrivals) == 151
    assert all(earlier <= later for (earlier, _), (later, _) in pairwise(call.arrivals))
    assert call.heard().duration == pytest.approx(3.02)
    assert call.heard(0, rate // 10).duration == pytest.approx(0.1)


async def test_it_says_sound_of_any_rate_as_time_goes_on(transport: str, session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        with within(0.25, 5):
            await call.say(tone(0.3, 44_100, 600))
        with within(0, 2.5):
            await call.say(tone(3, 22_050, 600), real_time=False, frame=0.05)
        await call.closed.wait()

    async with VoiceAgentServer(talk) as agent, calling(transport, agent, session) as line:
        sound = await played(line, 3.3)
        assert pitch(sound, line.encoding.rate) == pytest.approx(600, abs=10)


async def test_greeting_and_replies_need_no_function(transport: str, session: aiohttp.ClientSession) -> None:
    rate = 8000
    server = VoiceAgentServer(greeting=tone(0.1, rate, 500), replies=[tone(0.1, rate, 900)], silence=0.2, hangs_up=True)
    async with server as agent, calling(transport, agent, session) as line:
        assert pitch(await played(line, 0.1), line.encoding.rate) == pytest.approx(500, abs=15)
        send(line, tone(0.3, line.encoding.rate), quiet(0.3, line.encoding.rate))
        assert pitch(await played(line, 0.1), line.encoding.rate) == pytest.approx(900, abs=15)
        async with asyncio.timeout(PATIENCE):
            events = [event async for event in line.events()]
        assert isinstance(events[-1], Dropped)


async def test_waiting_ends_with_the_line(session: aiohttp.ClientSession) -> None:
    """Nothing that an agent may wait for outlasts the call."""
    found: list[object] = []
    over = asyncio.Event()

    async def talk(call: VoiceAgentCall) -> None:
        await call.mark("never")
        found.extend([await call.marked("never"), await call.pressed(), await call.reaches(10**9)])
        found.extend([await call.speaks(), await call.listen(), await call.received("nothing")])
        over.set()

    async with VoiceAgentServer(talk) as agent:
        async with calling("media-streams", agent, session):
            await agent.call()
        call = await agent.call()
        async with asyncio.timeout(PATIENCE):
            await over.wait()
    assert found == [False, [], False, None, None, []]
    assert call.ended_by_caller


async def test_a_mistake_in_a_talk_is_raised_when_the_server_closes(
    transport: str, session: aiohttp.ClientSession
) -> None:
    async def talk(_: VoiceAgentCall) -> None:
        raise ZeroDivisionError

    agent = VoiceAgentServer(talk)
    await agent.start()
    async with calling(transport, agent, session) as line:
        dropped = [event async for event in line.events()][-1]
        assert isinstance(dropped, Dropped)
        assert dropped.close_code == 1011
    with pytest.raises(ZeroDivisionError):
        await agent.close()


async def test_speaking_on_a_closed_line_ends_the_talk_quietly(transport: str, session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.closed.wait()
        while True:
            await call.say(tone(0.1, call.rate))

    async with VoiceAgentServer(talk) as agent, calling(transport, agent, session):
        await agent.call()


async def test_refusals_and_credentials(transport: str, session: aiohttp.ClientSession) -> None:
    async with VoiceAgentServer(credentials=("ada", "secret"), refusals=[403]) as agent:
        for _ in range(2):
            with pytest.raises(Refused):
                await line_to(transport, agent, session).open()
        assert len(agent.refused) == 2
        assert agent.calls == []
        async with session.get(agent.chirp_url.replace("ws://", "http://ada:secret@")) as response:
            assert response.status == 426
        async with session.get(agent.chirp_url.replace("ws://", "http://") + "/other") as response:
            assert response.status == 404


async def test_it_serves_tls(transport: str, session: aiohttp.ClientSession) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_side)  # pyright: ignore[reportUnknownMemberType] - also takes contexts of a package not here
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)  # pyright: ignore[reportUnknownMemberType] - as above
    async with VoiceAgentServer(greeting=tone(0.1, 8000), ssl_context=server_side) as agent:
        line = line_to(transport, agent, session, ssl_context=client_side)
        await line.open()
        assert np.abs(await played(line, 0.1)).max() > 8_000
        send(line, tone(0.1, line.encoding.rate))
        assert await (await agent.call()).reaches(line.encoding.rate // 10)
        await line.close()


async def test_calls_are_kept_apart(session: aiohttp.ClientSession) -> None:
    """Both protocols at once; each call hears its own caller."""

    async def talk(call: VoiceAgentCall) -> None:
        utterance = await call.listen(silence=0.1)
        assert utterance is not None
        await call.transcript(f"{call.transport} {pitch(utterance.samples, call.rate):.0f}")
        await call.closed.wait()

    async with VoiceAgentServer(talk) as agent:
        lines = [line_to(transport, agent, session) for transport in ("media-streams", "chirp") * 5]
        for line in lines:
            await line.open()
        for number, line in enumerate(lines):
            send(line, tone(0.2, line.encoding.rate, 500 + 50 * number), quiet(0.2, line.encoding.rate))
        heard = [await anext(line.events()) for line in lines]
        assert [getattr(event, "text", None) for event in heard] == [
            f"{line.transport} {500 + 50 * number}" for number, line in enumerate(lines)
        ]
        for line in lines:
            await line.close()


def test_it_runs_in_a_thread_of_its_own() -> None:
    with in_thread(VoiceAgentServer(greeting=tone(0.1, 8000))) as agent:
        assert agent.media_streams_url == f"ws://127.0.0.1:{agent.port}/media-streams"
        assert agent.chirp_url == f"ws://127.0.0.1:{agent.port}/chirp"


async def test_an_agent_that_closes_waits_for_the_caller_to_have_read_all(
    transport: str, session: aiohttp.ClientSession
) -> None:
    """A connection that is dropped while the caller sends is reset: what it has not read by then would be lost."""
    over = asyncio.Event()

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(Sound(np.ones(call.rate, np.int16), call.rate), real_time=False)
        await call.close(1001)
        over.set()

    async with VoiceAgentServer(talk) as agent:
        url = agent.chirp_url if transport == "chirp" else agent.media_streams_url
        async with session.ws_connect(url, autoclose=False) as line:
            await line.send_json({"event": "start", "start": {}})
            call = await agent.call()
            message = await line.receive(PATIENCE)
            while message.type is not aiohttp.WSMsgType.CLOSE:
                message = await line.receive(PATIENCE)
            assert not over.is_set()
            await line.close()
            await asyncio.wait_for(over.wait(), PATIENCE)
    assert (message.data, call.close_code) == (1001, 1000)
