"""The OpenAI-compatible protocol, against a real server that speaks it."""

from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest

from ringback.domain.voice import RecognitionMode
from ringback.speech.audio import Sound
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.text_to_speech import Voice
from ringback.testing import ScriptedSpeechServer, Transcript

TURN = Sound((9000 * np.sin(np.arange(8000) / 5)).astype(np.int16), 8000)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_text_is_spoken_by_the_model_and_voice_of_the_setting(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(api_key="sk-secret") as server:
        voice = open_text_to_speech(
            "openai:gpt-4o-mini-tts/nova", base_url=server.url, api_key="sk-secret", session=session
        )
        sound = await voice.speak("Hello there.", Voice())
    assert (sound.rate, sound.duration) == (24_000, pytest.approx(12 * 0.06, abs=0.03))
    [asked] = server.spoken
    assert (asked.provider, asked.model, asked.voice, asked.text) == (
        "openai",
        "gpt-4o-mini-tts",
        "nova",
        "Hello there.",
    )
    assert asked.headers["Authorization"] == "Bearer sk-secret"
    assert asked.speed == 1.0


async def test_a_callers_own_voice_goes_before_that_of_the_setting(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        voice = open_text_to_speech("openai:tts-1", base_url=server.url, session=session)
        await voice.speak("One.", Voice())
        await voice.speak("Two.", Voice(id="onyx", speed=1.5))
        await voice.speak("Three.", Voice(speed=9.0))
    assert [(asked.voice, asked.speed) for asked in server.spoken] == [("alloy", 1.0), ("onyx", 1.5), ("alloy", 4.0)]


async def test_a_models_name_may_have_slashes(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        voice = open_text_to_speech("local:hexgrad/Kokoro-82M/af_bella", base_url=server.url, session=session)
        await voice.speak("Hello.", Voice())
    assert (server.spoken[0].model, server.spoken[0].voice) == ("hexgrad/Kokoro-82M", "af_bella")
    assert "Authorization" not in server.spoken[0].headers


async def test_a_turn_is_sent_as_a_wav_file_at_its_own_rate(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears=Transcript("Which day?", 0.5)) as server:
        ear = open_speech_to_text("openai:gpt-4o-mini-transcribe", base_url=server.url, session=session)
        heard = await ear.hear(TURN, language="en-US")
    assert heard.text == "Which day?"
    assert (heard.recognition.mode, heard.recognition.matched) == (RecognitionMode.OPEN, True)
    assert heard.recognition.confidence == pytest.approx(0.5)
    [asked] = server.heard
    assert (asked.model, asked.language, asked.sound.rate) == ("gpt-4o-mini-transcribe", "en", 8000)
    np.testing.assert_array_equal(asked.sound.samples, TURN.samples)


async def test_whisper_tells_how_sure_it_is_with_each_segment(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears=Transcript("At ten.", 0.25)) as server:
        ear = open_speech_to_text("openai:whisper-1", base_url=server.url, session=session)
        assert (await ear.hear(TURN)).recognition.confidence == pytest.approx(0.25)


async def test_a_model_that_does_not_tell_leaves_confidence_open(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears="At ten.") as server:
        ear = open_speech_to_text("openai:gpt-transcribe", base_url=server.url, session=session)
        assert (await ear.hear(TURN)).recognition.confidence is None
