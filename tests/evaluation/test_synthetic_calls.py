"""Metrics of calls that were made sample by sample: what is known to be there is found, and the figures are right."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import MetricScore
from ringback.domain.voice import Key, Recognition, RecognitionMode, Side, Span, VoiceRecord
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.record import Record
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples, Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice

WITHIN = 0.02
"""Seconds: how exactly the start of a tone is found."""
SPOKEN = 0.06
"""Seconds: how exactly that of speech is, which begins softly."""


def tone(rate: int, seconds: float, hertz: float = 440.0) -> Samples:
    places = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * hertz * places)).astype(np.int16)


@dataclass
class Stereo:
    """A recording that is put together at known samples."""

    rate: int
    seconds: float

    def __post_init__(self) -> None:
        self.caller = np.zeros(round(self.seconds * self.rate), np.int16)
        self.agent = self.caller.copy()
        self.spoken: list[Span] = []
        self.backchannels: list[Span] = []

    def says(self, at: float, sound: Samples, *, backchannel: bool = False) -> float:
        """The caller speaks; returns when it ends."""
        end = at + put(self.caller, at, sound, self.rate)
        self.spoken.append(Span(start=at, end=end))
        if backchannel:
            self.backchannels.append(Span(start=at, end=end))
        return end

    def answers(self, at: float, sound: Samples) -> float:
        """The agent speaks; returns when it ends."""
        return at + put(self.agent, at, sound, self.rate)

    def call(self, *, degraded: tuple[str, ...] = ()) -> Conversation:
        """The record, the agent's side as the ear hears it."""
        heard = sounding(self.agent, self.rate)
        voice = VoiceRecord(
            transport="media-streams",
            rate=self.rate,
            duration=self.seconds,
            recognition=RecognitionMode.OPEN,
            speech_to_text="test:ear",
            text_to_speech="flite:slt",
            caller_speech=tuple(self.spoken),
            agent_speech=heard,
            backchannels=tuple(self.backchannels),
            degraded=degraded,
        )
        return Conversation(
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            duration=self.seconds,
            entries=entries(self.spoken, heard),
            ending=Ending(code=EndingCode.CALLER_ENDED, sentence="Over."),
            voice=voice,
        )


def put(side: Samples, at: float, sound: Samples, rate: int) -> float:
    start = round(at * rate)
    side[start : start + len(sound)] += sound[: len(side) - start]
    return len(sound) / rate


def entries(caller: Sequence[Span], agent: Sequence[Span]) -> tuple[Entry, ...]:
    known = Recognition(mode=RecognitionMode.OPEN)
    said = [(span, Role.CALLER, "hello there", None) for span in caller]
    said += [(span, Role.AGENT, "one two three", known) for span in agent]
    return tuple(
        Entry(number=number, role=role, content=text, start=span.start, end=span.end, turn=0, recognition=heard)
        for number, (span, role, text, heard) in enumerate(sorted(said, key=lambda one: one[0].start), 1)
    )


async def measured(slug: str, conversation: Conversation) -> MetricScore:
    return await COMPUTED[slug].measure(Record(conversation))


@pytest.fixture(scope="module")
def spoken() -> Sound:
    return asyncio.run(FliteVoice().speak("Sure, we are open from eight to five.", Voice()))


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("sample", [16_001, 20_123, 31_999])
async def test_a_tone_is_found_within_20_ms_and_on_its_own_channel_only(rate: int, sample: int) -> None:
    stereo = Stereo(rate, 10.0)
    stereo.answers(sample / rate, tone(rate, 1.0))
    conversation = stereo.call()
    assert conversation.voice is not None
    (span,) = conversation.voice.agent_speech
    assert span.start == pytest.approx(sample / rate, abs=WITHIN)
    assert span.end == pytest.approx(sample / rate + 1.0, abs=WITHIN)
    assert sounding(stereo.caller, rate) == ()


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("delay", [0.7, 1.7])
async def test_an_agent_s_delay_is_its_latency(rate: int, delay: float) -> None:
    stereo = Stereo(rate, 20.0)
    at = 1.0
    for _ in range(3):
        end = stereo.says(at, tone(rate, 1.2, 300))
        at = stereo.answers(end + delay, tone(rate, 1.5)) + 0.8
    score = await measured("latency", stereo.call())
    assert score.value == pytest.approx(delay, abs=WITHIN)
    assert score.percentiles is not None
    assert all(value == pytest.approx(delay, abs=WITHIN) for value in score.percentiles.values())


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("delay", [0.7, 1.7])
async def test_the_latency_of_speech_is_as_exact_as_speech_begins(rate: int, delay: float, spoken: Sound) -> None:
    words = resampled(spoken, rate).samples
    stereo = Stereo(rate, 20.0)
    end = stereo.says(0.5, words)
    stereo.says(stereo.answers(end + delay, words) + 1.0, words)
    score = await measured("latency", stereo.call())
    assert score.value == pytest.approx(delay, abs=SPOKEN)


async def test_crosstalk_below_the_floor_is_nobody_s_speech() -> None:
    """The caller's voice, 60 dB down, comes back on the agent's channel."""
    stereo = Stereo(8_000, 10.0)
    stereo.says(1.0, tone(8_000, 2.0))
    stereo.agent += (stereo.caller / 1000).astype(np.int16)
    stereo.answers(4.0, tone(8_000, 1.0))
    assert (await measured("latency", stereo.call())).value == pytest.approx(1.0, abs=WITHIN)


async def test_who_breaks_in_is_told_apart() -> None:
    stereo = Stereo(8_000, 20.0)
    stereo.answers(0.5, tone(8_000, 3.4))
    stereo.says(3.5, tone(8_000, 2.0))  # breaks in; the agent stops after 0.4 s
    stereo.says(8.0, tone(8_000, 3.0))
    stereo.answers(9.0, tone(8_000, 1.0))  # breaks in
    call = stereo.call()
    assert (await measured("caller_interruptions", call)).value == 1
    assert (await measured("agent_interruptions", call)).value == 1
    assert (await measured("stop_time", call)).value == pytest.approx(0.4, abs=WITHIN)
    assert (await measured("yield_time", call)).value == pytest.approx(0.4, abs=WITHIN)
    assert (await measured("interruption_score", call)).value == pytest.approx(2.5)
    assert (await measured("latency", call)).value is None


async def test_an_agent_that_never_stops() -> None:
    stereo = Stereo(8_000, 10.0)
    stereo.answers(0.0, tone(8_000, 10.0))
    stereo.says(2.0, tone(8_000, 1.0))
    call = stereo.call()
    score = await measured("stop_time", call)
    assert score.value == pytest.approx(8.0, abs=WITHIN)
    assert "did not stop" in score.explanation
    assert "spoke on past the caller's end at 2.00 s" in (await measured("yield_time", call)).explanation
    assert (await measured("talk_ratio", call)).value == pytest.approx(1.0, abs=0.01)
    assert (await measured("answered_in_time", call)).value is True


async def test_an_agent_that_stops_at_a_backchannel() -> None:
    stereo = Stereo(8_000, 12.0)
    stereo.answers(0.5, tone(8_000, 3.0))
    stereo.says(3.0, tone(8_000, 0.3), backchannel=True)
    stereo.answers(5.0, tone(8_000, 5.0))
    stereo.says(7.0, tone(8_000, 0.3), backchannel=True)
    call = stereo.call()
    score = await measured("false_yields", call)
    assert (score.value, score.explanation) == (1, "The agent stopped at 1 of 2 backchannels.")
    assert (await measured("caller_interruptions", call)).value == 0


async def test_pace_and_share_of_speech() -> None:
    stereo = Stereo(8_000, 20.0)
    stereo.answers(1.0, tone(8_000, 2.0))
    stereo.answers(6.0, tone(8_000, 2.0))
    call = stereo.call()
    assert (await measured("talk_ratio", call)).value == pytest.approx(0.2, abs=0.005)
    assert (await measured("words_per_minute", call)).value == pytest.approx(90, rel=0.02)
    assert (await measured("dead_air", call)).value == pytest.approx(16, abs=4 * WITHIN)
    longest = await measured("longest_silence", call)
    assert longest.value == pytest.approx(12, abs=WITHIN)
    silence = await measured("no_long_silence", call)
    assert (silence.value, silence.cannot_tell) == (None, True)
    assert silence.explanation == "Nobody was heard for 12.0 s from 8.00 s on, when it was our caller's turn to speak."


async def test_words_that_were_not_recognised_give_no_pace() -> None:
    stereo = Stereo(8_000, 20.0)
    stereo.answers(1.0, tone(8_000, 1.0))
    stereo.answers(6.0, tone(8_000, 2.0))
    call = stereo.call()
    lost = Recognition(mode=RecognitionMode.GRAMMAR, matched=False)
    heard, missed = call.entries
    few = replace(call, entries=(heard, replace(missed, content="", recognition=lost)))
    assert (await measured("words_per_minute", few)).value is None
    most = replace(call, entries=(replace(heard, content="", recognition=lost), missed))
    assert (await measured("words_per_minute", most)).value == pytest.approx(90, rel=0.03)


async def test_an_agent_that_keeps_the_caller_waiting() -> None:
    stereo = Stereo(8_000, 20.0)
    stereo.answers(0.2, tone(8_000, 1.0))
    stereo.says(2.0, tone(8_000, 1.0))
    stereo.says(10.0, tone(8_000, 0.5))  # are you there?
    stereo.answers(14.0, tone(8_000, 1.0))
    call = stereo.call()
    score = await measured("answered_in_time", call)
    assert score.value is False
    assert score.explanation == "The agent was awaited for 11.0 s from 3.00 s on, then it was heard."
    assert (await measured("no_long_silence", call)).value is True


async def test_a_silence_is_too_long_where_the_agent_is_awaited() -> None:
    stereo = Stereo(8_000, 40.0)
    stereo.answers(0.2, tone(8_000, 1.0))
    stereo.says(14.0, tone(8_000, 1.0))
    stereo.answers(26.0, tone(8_000, 1.0))
    score = await measured("no_long_silence", stereo.call())
    assert score.value is False
    assert score.explanation == "Nobody was heard for 11.0 s from 15.00 s on (1 such silences)."
    never = Stereo(8_000, 12.0)
    assert (await measured("no_long_silence", never.call())).value is False


async def test_a_call_without_the_agent_s_sound() -> None:
    stereo = Stereo(8_000, 15.0)
    stereo.says(1.0, tone(8_000, 1.0))
    call = stereo.call()
    values = {slug: (await measured(slug, call)).value for slug in COMPUTED}
    none = {"latency", "stop_time", "yield_time", "false_yields", "words_per_minute"}
    assert {slug for slug in none if values[slug] is not None} == set()
    assert values["answered_in_time"] is False
    assert (values["talk_ratio"], values["agent_interruptions"]) == (0.0, 0.0)
    short = replace(call, voice=replace(call.voice, duration=4.0)) if call.voice else call
    assert (await measured("answered_in_time", short)).value is None


async def test_a_call_of_no_length_has_no_figures_and_crashes_nothing() -> None:
    call = Stereo(8_000, 0.0).call()
    values = {slug: (await measured(slug, call)).value for slug in COMPUTED}
    assert {slug for slug, value in values.items() if value is not None} == {
        "turns",
        "caller_interruptions",
        "dead_air",
        "longest_silence",
    }


async def test_figures_of_time_of_a_degraded_call_are_shown_and_not_trusted() -> None:
    stereo = Stereo(8_000, 12.0)
    stereo.answers(stereo.says(1.0, tone(8_000, 1.0)) + 0.7, tone(8_000, 4.0))
    stereo.says(6.0, tone(8_000, 1.0))
    call = stereo.call(degraded=("Frames were sent 60 ms late.",))
    shown = {
        "latency": "Mean of 1 answers, 0.700 s; the slowest, entry 2, took 0.700 s.",
        "stop_time": "Measured was 0.7 s.",
        "agent_interruptions": "Measured was 0 times.",
        "interruption_score": "Measured was 5.",
    }
    for slug, figure in shown.items():
        score = await measured(slug, call)
        assert (score.value, score.cannot_tell) == (None, True)
        assert "Not trusted: Frames were sent 60 ms late." in score.explanation
        assert figure in score.explanation
    assert (await measured("talk_ratio", call)).value is not None


@pytest.mark.parametrize("slug", ["answered_in_time", "no_long_silence"])
async def test_of_a_degraded_call_only_the_good_is_believed_about_long_waits(slug: str) -> None:
    for seconds, held in ((8.0, True), (25.0, None)):
        stereo = Stereo(8_000, seconds)
        stereo.answers(stereo.says(1.0, tone(8_000, 1.0)) + 0.7, tone(8_000, 1.0))
        stereo.says(5.0, tone(8_000, 1.0))
        score = await measured(slug, stereo.call(degraded=("Frames were sent 60 ms late.",)))
        assert (score.value, score.cannot_tell) == (held, held is None)


async def test_the_time_to_answer_a_key_begins_when_the_key_is_let_go() -> None:
    stereo = Stereo(8_000, 8.0)
    said = stereo.says(1.0, tone(8_000, 1.0))
    stereo.answers(said + 1.0, tone(8_000, 1.0))
    call = stereo.call()
    assert call.voice is not None
    pressed = replace(call.voice, keys=(Key(at=said + 0.3, digit="1", by=Side.CALLER),))
    assert (await measured("latency", call)).value == pytest.approx(1.0, abs=0.02)
    assert (await measured("latency", replace(call, voice=pressed))).value == pytest.approx(0.6, abs=0.02)


async def test_text_has_no_speech_metrics() -> None:
    text = replace(Stereo(8_000, 5.0).call(), voice=None)
    score = await measured("talk_ratio", text)
    assert (score.value, score.explanation) == (None, "It is measured on spoken calls only.")
