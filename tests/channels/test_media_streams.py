"""The media streams line against a real server: marks, clear, keys, hanging up, and what the agent is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from voice_lines import IDS, PATIENCE, Dialled, line_to, tone, until_closed

from ringback.channels.hang_up_rest import CallsInProgress, answer_hang_up, serve_hang_ups
from ringback.channels.line import AgentHungUp, Cleared, KeyPressed, MarkPlayed, SoundArrived
from ringback.channels.line_headers import media_streams_headers, media_streams_parameters
from ringback.channels.media_streams import MediaStreamsLine
from ringback.domain.agent import Agent
from ringback.domain.conversation import FindingCode
from ringback.domain.scenario import TestProfile
from ringback.errors import NotConnected
from ringback.testing import VoiceAgentCall, VoiceAgentServer


async def dial(session: aiohttp.ClientSession, agent: VoiceAgentServer, **more: Any) -> Dialled:
    """An open line to the agent."""
    line = line_to("media-streams", agent, session, **more)
    await line.open()
    return Dialled(line, agent)


@pytest.fixture
async def calls() -> AsyncIterator[CallsInProgress]:
    """At the end no call is left in it."""
    calls = CallsInProgress()
    yield calls
    assert len(calls) == 0


async def test_the_agent_is_told_whose_call_it_is(session: aiohttp.ClientSession) -> None:
    agent_record = Agent.model_validate({"name": "a", "url": "ws://x/", "shown_url": "ws://x/", "secret": "the secret"})
    profile = TestProfile(agent_variables={"X-Plan": "gold"})
    async with VoiceAgentServer(until_closed) as agent:
        dialled = await dial(
            session,
            agent,
            headers=media_streams_headers(agent_record, profile, IDS),
            parameters=media_streams_parameters(agent_record, profile, IDS),
        )
        call = await dialled.call()
        assert call.header("X-VOCERA-SECRET") == "the secret"
        assert call.header("X-Plan") == "gold"
        assert call.header("X-Run-Id") == "33"
        assert call.parameters == {
            "X-Plan": "gold",
            "X-Run-Id": "33",
            "X-Scenario-Id": "11",
            "X-Result-Id": "22",
            "X-VOCERA-RUN-ID": "33",
            "X-VOCERA-SCENARIO-ID": "11",
            "X-VOCERA-RESULT-ID": "22",
        }
        line = dialled.line
        assert isinstance(line, MediaStreamsLine)
        assert call.start["callSid"] == line.ids.call
        assert call.start["streamSid"] == line.ids.stream
        assert [json.loads(frame)["event"] for frame in call.frames] == ["connected", "start"]
        assert line.carries_keys
        await dialled.close()


async def test_a_mark_is_echoed_when_played_and_clear_echoes_the_rest(session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.say(tone(0.1), real_time=False)
        await call.mark("first")
        await call.say(tone(0.4), real_time=False)
        await call.mark("second")
        assert await call.marked("first")
        await call.clear()
        assert await call.marked("second")
        await call.mark("with nothing before it")
        assert await call.marked("with nothing before it")
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        await dialled.event(SoundArrived, 25)
        call = await dialled.call()
        for _ in range(4):
            dialled.line.played()
        assert call.marks == []
        dialled.line.played()
        assert (await dialled.event(MarkPlayed)).name == "first"
        assert (await dialled.event(Cleared)).seconds == pytest.approx(0.4)
        assert (await dialled.event(MarkPlayed, 2)).name == "second"
        while not dialled.all_of(AgentHungUp):
            dialled.line.played()
            await asyncio.sleep(0)
        assert dialled.all_of(MarkPlayed)[-1].name == "with nothing before it"
        assert (await dialled.end()).closed_by_us
        assert call.marks == ["first", "second", "with nothing before it"]


async def test_keys_go_both_ways(session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        for key in await call.pressed(2):
            await call.send_event("dtmf", {"digit": key})
        await call.closed.wait()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        dialled.line.press("4")
        dialled.line.press("#")
        await dialled.event(KeyPressed, 2)
        assert [event.digit for event in dialled.all_of(KeyPressed)] == ["4", "#"]
        dialled.line.began_speaking()
        dialled.line.stopped_speaking()
        await dialled.close()
        call = await dialled.call()
        await call.closed.wait()
        assert [json.loads(frame)["event"] for frame in call.frames[2:]] == ["dtmf", "dtmf", "stop"]


async def test_the_agent_hangs_up_by_stop(session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        dropped = await dialled.end()
        assert len(dialled.all_of(AgentHungUp)) == 1
        assert dropped.closed_by_us
        call = await dialled.call()
        await call.closed.wait()
        assert json.loads(call.frames[-1])["event"] == "stop"
        assert call.close_code == 1000


async def test_the_agent_hangs_up_by_rest(session: aiohttp.ClientSession, calls: CallsInProgress) -> None:
    """As an application does with its telephone company: account, token and the call's id from `start`."""
    statuses: list[int] = []

    async with serve_hang_ups(calls) as address:

        async def talk(call: VoiceAgentCall) -> None:
            url = f"{address}/2010-04-01/Accounts/{call.start['accountSid']}/Calls/{call.start['callSid']}.json"
            headers = {"Authorization": aiohttp.encode_basic_auth(call.start["accountSid"], "token")}
            for _ in range(2):
                async with session.post(url, data={"Status": "completed"}, headers=headers) as response:
                    statuses.append(response.status)
            await call.closed.wait()

        async with VoiceAgentServer(talk) as agent:
            dialled = await dial(session, agent, calls=calls)
            assert isinstance(dialled.line, MediaStreamsLine)
            assert dialled.line.ids.account == calls.account
            assert (await dialled.end()).closed_by_us
            assert len(dialled.all_of(AgentHungUp)) == 1
            call = await dialled.call()
            await call.closed.wait()
            assert json.loads(call.frames[-1])["event"] == "stop"
            dialled.line.send(dialled.line.encoding.silence)
            await dialled.close()
    assert statuses == [200, 404]


async def test_a_call_that_is_over_cannot_be_hung_up(session: aiohttp.ClientSession, calls: CallsInProgress) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.close(1000)

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent, calls=calls)
        dropped = await dialled.end()
        assert dropped.close_code == 1000
        assert dialled.all_of(AgentHungUp) == []
        line = dialled.line
        assert isinstance(line, MediaStreamsLine)
        assert answer_hang_up(calls, "AC1", line.ids.call, "completed", "Basic QTpi").status == 404
        await dialled.close()


async def test_a_call_that_never_came_about_cannot_be_hung_up(
    session: aiohttp.ClientSession, calls: CallsInProgress
) -> None:
    async with VoiceAgentServer() as agent:
        pass
    line = line_to("media-streams", agent, session, calls=calls)
    with pytest.raises(NotConnected):
        await line.open()
    assert len(calls) == 0
    await line.close()


async def test_binary_frames_and_foreign_streams_are_findings(session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.send(bytes(160))
        await call.send('{"event": "clear", "streamSid": "MZ0"}')
        await call.send("no JSON")
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        await dialled.end()
        assert dialled.codes() == [FindingCode.BINARY_FRAME, FindingCode.BAD_FRAME, FindingCode.NOT_JSON]


async def test_frames_but_sound_are_shown(session: aiohttp.ClientSession) -> None:
    shown: list[tuple[str, str]] = []

    def show(way: str, text: str) -> None:
        shown.append((way, text))

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(tone(0.1), real_time=False)
        await call.transcript("hello")
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent, on_frame=show)
        dialled.line.send(dialled.line.encoding.silence)
        await dialled.end()
    assert [(way, json.loads(text)["event"]) for way, text in shown] == [
        ("out", "connected"),
        ("out", "start"),
        ("in", "transcript"),
        ("in", "stop"),
        ("out", "stop"),
    ]


async def test_sound_is_sent_at_once_and_in_order(session: aiohttp.ClientSession) -> None:
    """`send` does not wait for the loop to come round: the frame is with the system when it returns."""
    async with VoiceAgentServer(until_closed) as agent:
        dialled = await dial(session, agent)
        call = await dialled.call()
        for _ in range(50):
            dialled.line.send(dialled.line.encoding.silence)
        async with asyncio.timeout(PATIENCE):
            assert await call.reaches(50 * 160)
        assert [position for _, position in call.arrivals] == list(range(0, 50 * 160, 160))
        await dialled.close()
