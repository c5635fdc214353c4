"""How an utterance's words are given to the voice: a few at a time, none twice, and nothing left running."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.callers.directives import parse_directives
from ringback.conversation.manner import Manner
from ringback.conversation.mouth import Mouth, prepare
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


DIRECTIVES = (
    '<silence time="200ms"/>', '<hold time="1s"/>', '<dtmf digits="1#"/>', '<noise sound="beep"/>',
    "<spell>a1 -</spell>", "<ignore_interruptions>go on</ignore_interruptions>", '<speed ratio="1.2"/>',
    '<speed ratio="0.8">slow <volume ratio="0.5">and low</volume></speed>', '<volume ratio="0"/>',
    '<voice provider="11labs" id="x">other</voice>', '<background_noise sound="rain" volume="3"/>',
    '<background_noise sound="off">a <network_simulation packet_loss="9%">x</network_simulation></background_noise>',
    '<network_simulation packet_loss="?"/>', '<send_sms text="x"/>', "words", ". ",
    '<audio id="x"/>', "  ", "Another sentence that is longer than forty letters. And one more.",
)  # fmt: skip


@given(st.lists(st.sampled_from(DIRECTIVES), max_size=10), st.integers(0, 2000))
@settings(max_examples=60)
def test_any_message_is_laid_out_played_and_broken_off_within_its_bounds(parts: list[str], stop_at: int) -> None:
    """All words come out once, in order; after a stop only what was protected goes on."""
    utterance = parse_directives(" ".join(parts))
    plan = asyncio.run(prepare(utterance, text_to_speech=_Counting(), manner=Manner(), rate=8_000))
    whole, broken = Mouth(8_000, Manner(), 1), Mouth(8_000, Manner(), 1)
    for mouth in (whole, broken):
        mouth.say(plan)
    pressed: list[str] = []
    while whole.busy:
        whole.frame()
        pressed += whole.keys
    assert whole.position <= plan.samples + 160
    texts = [piece.text for piece in plan.pieces if piece.text]
    assert [said.text for said in whole.take_said()] == texts
    assert pressed == ["1", "#"] * parts.count(DIRECTIVES[2])
    while broken.position < stop_at:
        broken.frame()
    broken.stop()
    while broken.busy:
        broken.frame()
        assert broken.protected or broken.speaking  # the fading end of words
    assert len(broken.take_said()) <= len(texts)
    broken.frame()
    assert broken.frame().any() == 0
