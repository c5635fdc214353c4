"""How an utterance's words are given to the voice: a few at a time, none twice, and nothing left running."""

import asyncio

import numpy as np
import pytest

from ringback.callers.directives import parse_directives
from ringback.conversation.manner import Manner
from ringback.conversation.mouth import prepare
from ringback.errors import SpeechRejected
from ringback.speech.audio import Sound
from ringback.speech.text_to_speech import Voice


class _Counting:
    """A voice that counts what is asked of it at once, and refuses some words."""

    name = "flite:slt"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most = 0
        self._now = 0

    async def speak(self, text: str, voice: Voice) -> Sound:
        self.asked.append(text)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            for _ in range(3):
                await asyncio.sleep(0)
        finally:
            self._now -= 1
        if "refused" in text:
            raise SpeechRejected("no")
        return Sound(np.full(100, 500, np.int16), 8_000)

    async def close(self) -> None:
        assert self._now == 0


async def test_sentences_are_spoken_a_few_at_a_time_and_equal_ones_once() -> None:
    voice = _Counting()
    texts = [f"This is sentence number {number} and it is long enough." for number in range(20)]
    utterance = parse_directives(" ".join([*texts, texts[0]]))
    plan = await prepare(utterance, text_to_speech=voice, manner=Manner(), rate=8_000)
    assert voice.most == 4
    assert sorted(voice.asked) == sorted(texts)
    assert plan.text == " ".join([*texts, texts[0]])


async def test_a_voice_that_refuses_ends_the_preparing_and_leaves_nothing_running() -> None:
    voice = _Counting()
    texts = ["This is refused by the voice that speaks it here.", *("And this is another sentence, a long one." * 9,)]
    with pytest.raises(SpeechRejected):
        await prepare(parse_directives(" ".join(texts)), text_to_speech=voice, manner=Manner(), rate=8_000)
    for _ in range(5):
        await asyncio.sleep(0)
    await voice.close()
