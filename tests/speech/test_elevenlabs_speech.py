"""ElevenLabs' protocol, against a real server that speaks it."""

from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest

from ringback.errors import SpeechRejected
from ringback.speech.audio import Sound
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.text_to_speech import Voice
from ringback.testing import RawAnswer, ScriptedSpeechServer, Transcript

TURN = Sound((9000 * np.sin(np.arange(16000) / 5)).astype(np.int16), 16000)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_text_is_spoken_as_bare_samples(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(api_key="el-secret") as server:
        voice = open_text_to_speech("elevenlabs:Rachel21", base_url=server.url, api_key="el-secret", session=session)
        sound = await voice.speak("Hello there.", Voice())
        await voice.speak("And you?", Voice(id="Adam-7", speed=0.5, language="de-DE"))
    assert (sound.rate, sound.duration) == (16_000, pytest.approx(12 * 0.06, abs=0.03))
    assert [(asked.voice, asked.model, asked.speed, asked.language, asked.rate) for asked in server.spoken] == [
        ("Rachel21", "eleven_flash_v2_5", 1.0, "en", 16_000),
        ("Adam-7", "eleven_flash_v2_5", 0.7, "de", 16_000),
    ]
    assert server.spoken[0].headers["xi-api-key"] == "el-secret"


async def test_a_setting_may_name_the_model_and_older_ones_are_told_no_language(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        voice = open_text_to_speech("elevenlabs:Rachel21/eleven_multilingual_v2", base_url=server.url, session=session)
        await voice.speak("Hello.", Voice())
    assert (server.spoken[0].model, server.spoken[0].language) == ("eleven_multilingual_v2", None)


@pytest.mark.parametrize("voice", ["../voices", "a/b", "x?y=z", "ä", "v" * 65])
async def test_a_voice_from_outside_never_becomes_a_path(voice: str, session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        speaking = open_text_to_speech("elevenlabs:Rachel21", base_url=server.url, session=session)
        await speaking.speak("Hello.", Voice(id=voice))
        with pytest.raises(SpeechRejected, match="named by letters and figures"):
            await open_text_to_speech("elevenlabs:a#b", base_url=server.url, session=session).speak("A.", Voice())
    assert [asked.voice for asked in server.spoken] == ["Rachel21"]


async def test_a_turn_is_heard_without_noises_among_the_words(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears=Transcript("Which day?", 0.9)) as server:
        ear = open_speech_to_text("elevenlabs:scribe_v2", base_url=server.url, session=session)
        heard = await ear.hear(TURN)
    assert (heard.text, heard.recognition.confidence) == ("Which day?", pytest.approx(0.9))
    [asked] = server.heard
    assert (asked.model, asked.language, asked.query["tag_audio_events"]) == ("scribe_v2", "en", "false")
    np.testing.assert_array_equal(asked.sound.samples, TURN.samples)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "quota_exceeded", "no quota left .*Add credit to the account of ELEVENLABS_API_KEY"),
        (400, "voice_not_found", "no such model or path .*Check RINGBACK_TEXT_TO_SPEECH"),
        (400, "invalid_api_key", "key was refused .*Set ELEVENLABS_API_KEY"),
    ],
)
async def test_codes_of_refusals_say_what_to_do(
    status: int, code: str, words: str, session: aiohttp.ClientSession
) -> None:
    async with ScriptedSpeechServer() as server:
        server.fail(RawAnswer(status, f'{{"detail": {{"status": "{code}", "message": "Not so."}}}}'))
        voice = open_text_to_speech("elevenlabs:Rachel21", base_url=server.url, session=session)
        with pytest.raises(SpeechRejected, match=words) as caught:
            await voice.speak("Hello.", Voice())
    assert "Not so." in str(caught.value)
