"""What both voice lines do alike, against real servers on the loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from voice_lines import PATIENCE, Dial, Dialled, line_to, tone, until_closed

from ringback.channels.line import AgentHeard, MetadataCame, SoundArrived
from ringback.channels.voice_socket import LineLimits
from ringback.domain.conversation import FindingCode
from ringback.testing import VoiceAgentCall, VoiceAgentServer

TRANSPORTS = ("media-streams", "chirp")


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def dial(transport: str, session: aiohttp.ClientSession) -> AsyncIterator[Dial]:
    """Starts an agent with a `talk` and opens a line to it."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(talk: object = None, *, limits: LineLimits | None = None, **more: object) -> Dialled:
            agent = await stack.enter_async_context(VoiceAgentServer(talk, **more))  # pyright: ignore[reportArgumentType] - as given
            line = line_to(transport, agent, session, limits)
            await line.open()
            dialled = Dialled(line, agent)
            stack.push_async_callback(dialled.close)
            return dialled

        yield start


async def test_agent_hears_what_the_line_sends(dial: Dial) -> None:
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


async def test_frames_of_any_length_are_played_whole_in_frames_of_20_ms(dial: Dial) -> None:
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


async def test_transcript_and_metadata_of_the_agent_are_events(dial: Dial) -> None:
    """Our two extensions are the same on both lines."""

    async def talk(call: VoiceAgentCall) -> None:
        await call.transcript("I want to book")
        await call.metadata({"call": 7})
        await call.closed.wait()

    dialled = await dial(talk)
    assert (await dialled.event(AgentHeard)).text == "I want to book"
    assert (await dialled.event(MetadataCame)).values == {"call": 7}


async def test_our_hanging_up_is_the_last_event(dial: Dial) -> None:
    """Whoever hangs up knows it: the drop says that we closed."""
    dialled = await dial(until_closed)
    call = await dialled.call()
    await dialled.line.hang_up()
    dropped = await dialled.end()
    assert dropped.closed_by_us
    await call.closed.wait()
    assert call.close_code == 1000
    assert call.ended_by_caller


async def test_frame_over_the_limit_ends_the_call(dial: Dial) -> None:
    """10 MB in one frame are not taken."""

    async def talk(call: VoiceAgentCall) -> None:
        await call.send(b"\0" * 10_000_000)
        await call.closed.wait()

    dialled = await dial(talk)
    dropped = await dialled.end()
    assert dropped.cause is FindingCode.FRAME_TOO_LARGE
    assert "1048576 bytes" in dropped.reason
