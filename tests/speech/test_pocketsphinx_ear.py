import asyncio
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest

from ringback.domain.voice import RecognitionMode
from ringback.errors import UsageError
from ringback.speech.audio import Sound
from ringback.speech.codec import decode_mulaw, encode_mulaw
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.speech.resampling import resampled
from ringback.speech.speech_workers import Shared
from ringback.speech.text_to_speech import Voice

KNOWN = (
    "Is there anything else?",
    "Which day would you like?",
    "Your flight leaves at 10:30 from gate 12.",
    "The total is $25.50.",
    "The doctor can see you tomorrow morning.",
    "Please hold while I transfer you to an agent.",
)


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[None]:
    """The same process for all tests: it takes longer to start than to hear."""
    Shared.take().count = 1
    yield
    asyncio.run(Shared.give_back())


@pytest.fixture
async def ear() -> AsyncIterator[GrammarEar]:
    ear = GrammarEar(KNOWN)
    await ear.warm_up()
    yield ear
    await ear.close()


async def test_known_lines_are_heard_as_they_are_written_and_other_speech_is_not(ear: GrammarEar) -> None:
    voice = FliteVoice("slt")
    spoken = {
        "The doctor can see you tomorrow morning.": True,
        "Your flight leaves at 10:30 from gate 12.": True,
        "Which day would you like? Is there anything else?": True,
        "Is there anything else you would like to know about pasta?": False,
        "I would like to order a large pizza with mushrooms.": False,
        "Guten Tag, wie kann ich Ihnen helfen?": False,
    }
    sounds = await asyncio.gather(*(voice.speak(text, Voice()) for text in spoken))
    narrow = [resampled(sound, 8_000) for sound in sounds]
    telephone = [Sound(decode_mulaw(encode_mulaw(sound.samples)), 8_000) for sound in narrow]
    for heard in (await asyncio.gather(*map(ear.hear, sounds)), await asyncio.gather(*map(ear.hear, telephone))):
        assert [each.text for each in heard] == [text if known else "" for text, known in spoken.items()]
        assert [each.recognition.matched for each in heard] == list(spoken.values())
        assert all(each.recognition.mode is RecognitionMode.GRAMMAR for each in heard)
        assert all(0.5 <= (each.recognition.confidence or 1) <= 1 for each in heard)


async def test_another_value_than_a_line_has_is_no_match(ear: GrammarEar) -> None:
    voice = FliteVoice("rms")
    changed = (
        "Your flight leaves at 10:30 from gate 11.",
        "The total is $35.50.",
        "The doctor can see you this evening.",
    )
    heard = await asyncio.gather(*[ear.hear(await voice.speak(text, Voice())) for text in changed])
    assert [each.text for each in heard] == [""] * len(changed)


async def test_a_line_whose_frames_came_late_is_heard(ear: GrammarEar) -> None:
    whole = resampled(await FliteVoice("slt").speak(KNOWN[-1], Voice()), 8_000)
    pieces = np.array_split(decode_mulaw(encode_mulaw(whole.samples)), 7)
    late = np.zeros(round(0.06 * 8_000), np.int16)
    broken = np.concatenate([part for piece in pieces for part in (piece, late)])
    assert (await ear.hear(Sound(broken, 8_000))).text == KNOWN[-1]


async def test_silence_noise_and_tones_are_no_lines(ear: GrammarEar) -> None:
    noise = np.random.default_rng(1).normal(0, 1, 8_000)
    tone = np.sin(np.arange(8_000) * 0.3)
    loud = (9_000 * noise).clip(-32_768, 32_767)
    for samples in (noise, 300 * noise, loud, 300 * tone, 20_000 * tone, 0 * tone, np.zeros(0)):
        hearing = await ear.hear(Sound(samples.astype(np.int16), 8_000))
        assert (hearing.text, hearing.recognition.matched) == ("", False)


def test_words_without_a_pronunciation_are_named_with_a_remedy() -> None:
    with pytest.raises(UsageError, match=r"not known: blorpington, xyzzyx\. Add a line for each .* blorpington /"):
        GrammarEar(["Hello Blorpington, it is the xyzzyx."])


async def test_a_pronunciation_given_by_hand_is_heard_also_of_a_word_that_is_known() -> None:
    ear = GrammarEar(["Blorpington /B L AO R P IH NG T AH N/", "name /N EY M/", "My name is Blorpington."])
    try:
        assert (await ear.hear(await FliteVoice().speak("My name is Blorpington.", Voice()))).text
    finally:
        await ear.close()


async def test_a_jsgf_grammar_is_heard() -> None:
    ear = GrammarEar(["#JSGF V1.0;\ngrammar a;\npublic <a> = the doctor can see you (today | tomorrow morning);"])
    try:
        hearing = await ear.hear(await FliteVoice().speak("The doctor can see you tomorrow morning.", Voice()))
    finally:
        await ear.close()
    assert hearing.text == "the doctor can see you tomorrow morning"


def test_no_lines_are_told() -> None:
    with pytest.raises(UsageError, match="no known lines"):
        GrammarEar(["", "Xyz /Z/"])
