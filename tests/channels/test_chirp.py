"""The CHIRP line against a real server: authorization, barge-in, errors both ways, and how it ends."""

import json
from typing import Any

import aiohttp
import pytest
from voice_lines import IDS, Dialled, line_to, tone, until_closed

from ringback.channels.chirp import ChirpLine
from ringback.channels.line import AgentStartedSpeaking, AgentStoppedSpeaking, SoundArrived
from ringback.channels.line_headers import chirp_headers
from ringback.domain.agent import Agent
from ringback.domain.conversation import FindingCode
from ringback.domain.scenario import TestProfile
from ringback.errors import NotConnected, Refused
from ringback.testing import VoiceAgentCall, VoiceAgentServer


async def dial(session: aiohttp.ClientSession, agent: VoiceAgentServer, **more: Any) -> Dialled:
    """An open line to the agent."""
    line = line_to("chirp", agent, session, **more)
    await line.open()
    return Dialled(line, agent)


async def test_the_agent_is_told_whose_call_it_is(session: aiohttp.ClientSession) -> None:
    record = Agent.model_validate({"name": "a", "url": "ws://x/", "shown_url": "ws://x/", "secret": "the secret"})
    profile = TestProfile(agent_variables={"X-Plan": "gold"})
    async with VoiceAgentServer(until_closed) as agent:
        dialled = await dial(session, agent, headers=chirp_headers(record, profile, IDS))
        call = await dialled.call()
        names = {name.lower(): value for name, value in call.headers.items()}
        assert (names["x-run-id"], names["x-scenario-id"], names["x-result-id"]) == ("33", "11", "22")
        assert names["x-plan"] == "gold"
        assert not [name for name in names if name.startswith("x-vocera")]
        assert "authorization" not in names
        assert call.frames == []
        assert not dialled.line.carries_keys
        dialled.line.press("5")
        await dialled.close()
        assert call.frames == []


async def test_user_and_password_of_the_url_are_basic_authorization(session: aiohttp.ClientSession) -> None:
    async with VoiceAgentServer(until_closed, credentials=("ada", "p@ss")) as agent:
        url = agent.chirp_url.replace("ws://", "ws://ada:p%40ss@")
        line = ChirpLine(url, {}, session=session)
        await line.open()
        assert (await agent.call()).header("Authorization") == aiohttp.encode_basic_auth("ada", "p@ss")
        await line.close()
        assert agent.refused == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_handshake_is_no_conversation(session: aiohttp.ClientSession, status: int) -> None:
    async with VoiceAgentServer(until_closed, refusals=[status]) as agent:
        line = ChirpLine(agent.chirp_url.replace("ws://", "ws://ada:hush@"), {}, session=session)
        with pytest.raises(Refused) as refused:
            await line.open()
        assert refused.value.status == status
        assert not refused.value.retryable
        assert "hush" not in str(refused.value)
        assert "REJECTED" in str(refused.value)
        await line.close()


async def test_an_agent_that_is_not_there_is_worth_another_try(session: aiohttp.ClientSession) -> None:
    async with VoiceAgentServer() as agent:
        pass
    line = line_to("chirp", agent, session)
    with pytest.raises(NotConnected) as gone:
        await line.open()
    assert gone.value.retryable
    assert "INCOMPLETED" in str(gone.value)
    await line.close()


async def test_barge_in_by_the_agent_completes_our_utterance(session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.received("speech.started")
        await call.began_speaking()
        await call.received("speech.completed")
        await call.stopped_speaking()
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        dialled.line.began_speaking()
        await dialled.event(AgentStartedSpeaking)
        dialled.line.stopped_speaking()
        dialled.line.stopped_speaking()
        await dialled.event(AgentStoppedSpeaking)
        dropped = await dialled.end()
        assert dropped.close_code == 1000
        frames = [json.loads(frame) for frame in (await dialled.call()).frames]
        assert [frame["type"] for frame in frames] == ["speech.started", "speech.completed"]
        assert frames[0]["data"] == frames[1]["data"]


async def test_hanging_up_while_speaking_completes_the_utterance(session: aiohttp.ClientSession) -> None:
    async with VoiceAgentServer(until_closed) as agent:
        dialled = await dial(session, agent)
        call = await dialled.call()
        dialled.line.began_speaking()
        await dialled.line.hang_up()
        await call.closed.wait()
        assert [json.loads(frame)["type"] for frame in call.frames] == ["speech.started", "speech.completed"]
        assert call.close_code == 1000
        await dialled.close()


async def test_odd_and_empty_frames_are_answered_and_the_call_goes_on(session: aiohttp.ClientSession) -> None:
    errors: list[str] = []

    async def talk(call: VoiceAgentCall) -> None:
        await call.send(b"\x01" * 641)
        await call.send(b"")
        await call.send("{}")
        await call.send_event("speech.paused", {})
        errors.extend(frame["data"]["code"] for frame in await call.received("session.error", 4))
        await call.say(tone(0.02, 16_000))
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        await dialled.event(SoundArrived)
        await dialled.end()
        assert errors == ["INVALID_AUDIO_FRAME", "INVALID_AUDIO_FRAME", "MISSING_FIELD", "INVALID_MESSAGE"]
        assert dialled.codes() == [*[FindingCode.BAD_FRAME] * 3, FindingCode.UNKNOWN_TYPE]
        assert dialled.line.played() != dialled.line.encoding.silence


async def test_thousands_of_odd_frames_leave_twenty_remarks_and_a_count(session: aiohttp.ClientSession) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        for _ in range(1000):
            await call.send(b"\x01")
        await call.received("session.error", 1000)
        await call.hang_up()

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        await dialled.end()
        assert dialled.codes() == [FindingCode.BAD_FRAME] * 21


@pytest.mark.parametrize(("code", "reason"), [(1008, "not you"), (1011, "")])
async def test_close_codes_are_told_with_the_error_that_went_before(
    session: aiohttp.ClientSession, code: int, reason: str
) -> None:
    async def talk(call: VoiceAgentCall) -> None:
        await call.send_event("session.error", {"code": "INTERNAL_ERROR", "message": "no voice"})
        await call.close(code, reason)

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        dropped = await dialled.end()
        assert dropped.close_code == code
        assert dropped.reason == f"{reason}; it had reported INTERNAL_ERROR: no voice".removeprefix("; ")
        assert dialled.codes() == [FindingCode.ERROR_FRAME]


async def test_closed_in_the_middle_of_a_word(session: aiohttp.ClientSession) -> None:
    """What had come of the word is still played."""

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(tone(0.3, 16_000), real_time=False)
        await call.close(1000)

    async with VoiceAgentServer(talk) as agent:
        dialled = await dial(session, agent)
        assert (await dialled.end()).close_code == 1000
        frames = [dialled.line.played() for _ in range(16)]
        assert frames[14] != frames[15] == dialled.line.encoding.silence
