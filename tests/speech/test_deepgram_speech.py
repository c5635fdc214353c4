"""Deepgram's protocols, over HTTP and over WebSockets, against a real server that speaks them."""

from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest

from ringback.errors import SpeechRejected, SpeechUnavailable
from ringback.models.retrying import Retries
from ringback.speech.audio import Sound
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.text_to_speech import Voice
from ringback.testing import CloseSocket, CutShort, RawAnswer, ScriptedSpeechServer, Transcript

TURN = Sound((9000 * np.sin(np.arange(8000) / 5)).astype(np.int16), 8000)
ONCE = Retries(attempts=1)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize("provider", ["deepgram", "deepgram-live"])
async def test_text_is_spoken_at_16_khz(provider: str, session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(api_key="dg-secret") as server:
        voice = open_text_to_speech(
            f"{provider}:aura-2-thalia-en", base_url=server.url, api_key="dg-secret", session=session
        )
        sound = await voice.speak("Hello there.", Voice())
        await voice.speak("And you?", Voice(id="aura-2-orion-en", speed=2.0))
        await voice.speak("Well.", Voice(id="aura-asteria-en", speed=2.0))
    assert (sound.rate, sound.duration) == (16_000, pytest.approx(12 * 0.06, abs=0.03))
    assert [(asked.provider, asked.voice, asked.text, asked.speed) for asked in server.spoken] == [
        (provider, "aura-2-thalia-en", "Hello there.", 1.0),
        (provider, "aura-2-orion-en", "And you?", 1.5),
        (provider, "aura-asteria-en", "Well.", 1.0),
    ]
    assert server.spoken[0].headers["Authorization"] == "Token dg-secret"


@pytest.mark.parametrize("provider", ["deepgram", "deepgram-live"])
async def test_a_turn_is_heard_whole(provider: str, session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears=Transcript("Which day? At ten?", 0.75)) as server:
        ear = open_speech_to_text(f"{provider}:nova-3", base_url=server.url, session=session)
        heard = await ear.hear(TURN, language="en")
    assert (heard.text, heard.recognition.matched) == ("Which day? At ten?", True)
    assert heard.recognition.confidence == pytest.approx(0.75)
    [asked] = server.heard
    assert (asked.provider, asked.model, asked.language) == (provider, "nova-3", "en")
    assert asked.query["smart_format"] == "true"
    assert asked.sound.rate == 8000
    np.testing.assert_array_equal(asked.sound.samples, TURN.samples)


@pytest.mark.parametrize("provider", ["deepgram", "deepgram-live"])
async def test_nothing_recognised_is_no_match(provider: str, session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears="") as server:
        ear = open_speech_to_text(f"{provider}:nova-3", base_url=server.url, session=session)
        heard = await ear.hear(TURN)
    assert (heard.text, heard.recognition.matched, heard.recognition.confidence) == ("", False, None)


async def test_an_answer_without_its_last_message_is_not_believed(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears="Which day?") as server:
        ear = open_speech_to_text("deepgram-live:nova-3", base_url=server.url, session=session, retries=ONCE)
        server.fail(CutShort())
        with pytest.raises(SpeechUnavailable, match="before the answer was whole"):
            await ear.hear(TURN)
        voice = open_text_to_speech(
            "deepgram-live:aura-2-thalia-en", base_url=server.url, session=session, retries=ONCE
        )
        server.fail(CloseSocket(1011, "NET-0001"))
        with pytest.raises(SpeechUnavailable, match="closed the socket with code 1011 before the answer was whole"):
            await voice.speak("Hello.", Voice())


async def test_sound_that_cannot_be_heard_is_not_sent_again(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        server.fail(CloseSocket(1008, "DATA-0000"), times=9)
        ear = open_speech_to_text("deepgram-live:nova-3", base_url=server.url, session=session)
        with pytest.raises(SpeechRejected, match="code 1008"):
            await ear.hear(TURN)
    assert len(server.heard) == 1


async def test_a_refused_handshake_says_why(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(api_key="another") as server:
        ear = open_speech_to_text("deepgram-live:nova-3", base_url=server.url, api_key="wrong", session=session)
        with pytest.raises(SpeechRejected, match=r"the key was refused \(HTTP 401\).* Set DEEPGRAM_API_KEY"):
            await ear.hear(TURN)


async def test_an_account_without_credit_is_told_from_a_wrong_key(session: aiohttp.ClientSession) -> None:
    body = '{"err_code": "ASR_PAYMENT_REQUIRED", "err_msg": "Project does not have enough credits", "request_id": "1"}'
    async with ScriptedSpeechServer() as server:
        server.fail(RawAnswer(402, body))
        ear = open_speech_to_text("deepgram:nova-3", base_url=server.url, session=session)
        with pytest.raises(SpeechRejected, match=r"no quota left \(HTTP 402: Project does not have enough credits\)"):
            await ear.hear(TURN)
