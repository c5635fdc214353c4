"""What all hosted voices have in common."""

from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.errors import SpeechRejected, SpeechUnavailable
from ringback.models.retrying import Retries
from ringback.speech.audio import Sound
from ringback.speech.build import open_text_to_speech
from ringback.speech.hosted_voice import HostedVoice, parts
from ringback.speech.text_to_speech import Voice
from ringback.testing import ScriptedSpeechServer, refused

TONE = Sound((8000 * np.sin(np.arange(1600) / 5)).astype(np.int16), 16_000)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_silence_around_the_words_is_cut_to_50_ms(session: aiohttp.ClientSession) -> None:
    tone = (8000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
    quiet = np.zeros(8000, np.int16)
    said = Sound(np.concatenate([quiet, tone, quiet]), 16_000)
    async with ScriptedSpeechServer(says=said) as server:
        voice = open_text_to_speech("elevenlabs:Rachel21", base_url=server.url, session=session)
        heard = await voice.speak("Hello.", Voice())
    assert 1.0 <= heard.duration <= 1.1


async def test_a_text_that_is_too_long_is_spoken_in_parts(session: aiohttp.ClientSession) -> None:
    sentence = "One of many sentences that are said. "
    async with ScriptedSpeechServer(says=TONE) as server:
        voice = open_text_to_speech("deepgram:aura-2-thalia-en", base_url=server.url, session=session)
        heard = await voice.speak(sentence * 60, Voice())
        assert isinstance(voice, HostedVoice)
    assert [len(asked.text) <= 1000 for asked in server.spoken] == [True] * 3
    assert " ".join(asked.text for asked in server.spoken) == (sentence * 60).strip()
    assert heard.duration == pytest.approx(3 * 0.1 + 2 * 0.3, abs=0.03)
    assert (voice.usage.calls, voice.usage.characters) == (3, len(sentence) * 60 - 3)
    assert voice.usage.seconds == pytest.approx(0.3)


async def test_words_that_come_back_as_silence_were_not_spoken(session: aiohttp.ClientSession) -> None:
    once = Retries(attempts=1)
    async with ScriptedSpeechServer(says=Sound(np.zeros(8000, np.int16), 16_000)) as server:
        voice = open_text_to_speech("openai:tts-1", base_url=server.url, session=session, retries=once)
        with pytest.raises(SpeechUnavailable, match="nothing sounds in it"):
            await voice.speak("Hello.", Voice())


async def test_the_same_words_in_the_same_voice_are_paid_once(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        voice = open_text_to_speech("openai:tts-1", base_url=server.url, session=session)
        first, again = await voice.speak("Hello.", Voice()), await voice.speak("Hello.", Voice())
        await voice.speak("Hello.", Voice(id="nova"))
        await voice.close()
        await voice.speak("Hello.", Voice())
    assert first is again
    assert [asked.voice for asked in server.spoken] == ["alloy", "nova", "alloy"]


async def test_a_voice_that_the_provider_does_not_have_is_left_to_that_of_the_setting(
    session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with ScriptedSpeechServer() as server:
        server.fail(refused(400, "Unknown voice."))
        voice = open_text_to_speech("openai:tts-1/nova", base_url=server.url, session=session)
        assert (await voice.speak("Hello.", Voice(id="Rachel21"))).duration > 0.3
        await voice.speak("And you?", Voice(id="Rachel21"))
        assert [asked.voice for asked in server.spoken] == ["Rachel21", "nova", "nova"]
        assert caplog.messages == ["openai:tts-1/nova does not speak as the voice 'Rachel21'; its own voice is taken."]
        server.fail(refused(400, "Too loud."), times=2)
        with pytest.raises(SpeechRejected, match="Too loud"):
            await voice.speak("What?", Voice(id="onyx"))


async def test_a_text_without_words_is_no_sound_and_no_request(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        voice = open_text_to_speech("openai:tts-1", base_url=server.url, session=session)
        assert (await voice.speak(" … \n", Voice())).duration == 0
    assert server.spoken == []


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("One. Two. Three.", 10, ["One. Two.", "Three."]),
        ("no sentence ends here", 11, ["no sentence", "ends here"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("  short  ", 10, ["short"]),
        ("", 10, []),
    ],
)
def test_a_text_is_cut_between_sentences_else_words_else_anywhere(text: str, longest: int, expected: list[str]) -> None:
    assert list(parts(text, longest)) == expected


@given(st.text(alphabet="ab .!\n", max_size=80), st.integers(1, 20))
def test_no_part_is_too_long_and_no_letter_is_lost(text: str, longest: int) -> None:
    made = list(parts(text, longest))
    assert all(0 < len(part) <= longest for part in made)
    assert [c for c in "".join(made) if c.isalnum()] == [c for c in text if c.isalnum()]
