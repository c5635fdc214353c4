import asyncio

import numpy as np
import pytest

from ringback.errors import SpeechRejected, UsageError
from ringback.speech.activity import sounding
from ringback.speech.flite import LONGEST_TEXT, FliteVoice
from ringback.speech.text_to_speech import Voice


@pytest.mark.parametrize(
    "text", ["Hello there.", "-voice kal16", "a=b c=d", "$(reboot) `reboot` ; reboot", "Oh\x00 no, no\n!"]
)
async def test_any_text_is_spoken_and_none_is_an_option(text: str) -> None:
    sound = await FliteVoice().speak(text, Voice())
    assert sound.rate == 16_000
    spans = sounding(np.pad(sound.samples, sound.rate), sound.rate)
    assert 1 <= spans[0].start <= 1.05
    assert 0 <= 1 + sound.duration - spans[-1].end <= 0.05
    assert sound.duration > 0.5


@pytest.mark.parametrize("text", ["", "  ", "...", "\x00"])
async def test_a_text_without_words_is_no_sound(text: str) -> None:
    assert len((await FliteVoice().speak(text, Voice())).samples) == 0


async def test_speed_shortens_the_sound() -> None:
    flite = FliteVoice()
    slow, plain, fast = [await flite.speak("One moment, please.", Voice(speed=speed)) for speed in (0.5, 1, 2)]
    assert slow.duration == pytest.approx(plain.duration * 2, rel=0.1)
    assert fast.duration == pytest.approx(plain.duration / 2, rel=0.1)


async def test_the_same_text_is_made_once_however_many_ask() -> None:
    flite = FliteVoice()
    sounds = await asyncio.gather(*(flite.speak("One moment, please.", Voice()) for _ in range(20)))
    assert all(sound is sounds[0] for sound in sounds)
    assert not sounds[0].samples.flags.writeable


async def test_a_caller_may_have_another_voice_of_flite_and_unknown_ones_are_its_own() -> None:
    flite = FliteVoice("slt")
    plain = await flite.speak("One moment, please.", Voice())
    other = await flite.speak("One moment, please.", Voice(id="rms"))
    unknown = await flite.speak("One moment, please.", Voice(id="21m00Tcm4TlvDq8ikWAM"))
    assert not np.array_equal(plain.samples, other.samples)
    assert np.array_equal(plain.samples, unknown.samples)


async def test_a_text_longer_than_a_turn_is_refused() -> None:
    with pytest.raises(SpeechRejected, match="10,001 characters"):
        await FliteVoice().speak("a" * (LONGEST_TEXT + 1), Voice())


async def test_giving_up_ends_the_program() -> None:
    speaking = asyncio.create_task(FliteVoice().speak("This is a long text. " * 400, Voice()))
    await asyncio.sleep(0.05)
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking


def test_an_unknown_voice_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no voice 'alloy'; it has .*slt"):
        FliteVoice("alloy")


def test_a_missing_program_is_told_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="apt-get install flite"):
        FliteVoice()
