"""What is measured on whole calls of real speech, on a virtual clock, with agents of whom it is known what they do."""

import asyncio
from pathlib import Path

import pytest
from staging import ListedCaller
from voice_staging import Call, LineInMemory, polite, spoken

from ringback.callers.caller import Say
from ringback.channels.line import AgentHeard, Encoding
from ringback.conversation.manner import Manner
from ringback.domain.evaluation import MetricScore
from ringback.domain.utterance import Utterance
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.record import Record

BYE = Say(Utterance.of("Thank you, goodbye.", ends_call=True))
GREETING, FIRST, SECOND = "welcome to the clinic", "we open at nine", "see you on friday"
LONG = "I would like to know when you open and whether I can bring my dog because he does not like to be alone"
SPOKEN = 0.1
"""Seconds: the agents here hear our words' end where they die away, which is before their last sample."""


def measured(slug: str, call: Call) -> MetricScore:
    return asyncio.run(COMPUTED[slug].measure(Record(call.conversation)))


@pytest.mark.parametrize(("encoding", "delay"), [(Encoding.MULAW, 0.7), (Encoding.PCM, 1.7)])
def test_an_agent_that_answers_after_a_known_time_measures_so(tmp_path: Path, encoding: Encoding, delay: float) -> None:
    answers = polite(GREETING, FIRST, SECOND, after=delay)

    def agent(line: LineInMemory) -> None:
        if line.ticks == 100:
            line.tell(AgentHeard(at=2.0, text="when do you close friday please thank you goodbye"))
        answers(line)

    call = Call(
        ListedCaller("When do you open?", "Friday, please.", BYE),
        agent,
        hears=(GREETING, FIRST, SECOND),
        recordings=tmp_path,
        encoding=encoding,
    )
    latency = measured("latency", call)
    assert latency.explanation.startswith("Mean of 2 answers")
    assert latency.value == pytest.approx(delay, abs=SPOKEN)
    assert [place.entry for place in latency.evidence] in ([3], [5])
    assert (measured("agent_interruptions", call).value, measured("caller_interruptions", call).value) == (0, 0)
    sounds = sum(end - start for start, end in call.agent_spans)
    assert measured("talk_ratio", call).value == pytest.approx(sounds / call.line.now, abs=0.03)
    assert measured("words_per_minute", call).value == pytest.approx(12 * 60 / sounds, rel=0.1)
    accuracy = measured("transcription_accuracy", call)
    assert accuracy.value == 80.0
    assert "“open” → “close”" in accuracy.explanation
    assert measured("word_error_rate", call).value == pytest.approx(1 / 9)


def test_an_agent_that_breaks_in_interrupts(tmp_path: Path) -> None:
    def agent(line: LineInMemory) -> None:
        if line.ticks == 0:
            line.say(GREETING)
        elif line.ticks == 200:  # our caller is in the middle of it
            line.say("sorry what was that")

    call = Call(ListedCaller(LONG, BYE), agent, hears=(GREETING, "sorry what was that"), recordings=tmp_path)
    assert any(entry.interrupted for entry in call.conversation.entries)
    score = measured("agent_interruptions", call)
    assert (score.value, score.explanation) == (1.0, "The agent did so at 4.00 s.")
    assert measured("latency", call).value is None


def test_an_agent_that_lets_itself_be_broken_off_yields_in_the_time_it_takes(tmp_path: Path) -> None:
    """It stops half a second after it has heard our caller."""
    heard: list[float] = []

    def agent(line: LineInMemory) -> None:
        if line.ticks == 0:
            line.say(spoken(LONG, line.rate))
        if line.caller_loud(0.02):
            heard.append(line.now)
        if heard and line.now - heard[0] >= 0.5:
            line.clear()
        if line.ticks == 350:
            line.drop()

    call = Call(
        ListedCaller("Stop, I only want to know when you are open.", BYE),
        agent,
        manner=Manner(interruption_chance=1.0, interruption_after=2.0),
        recordings=tmp_path,
    )
    assert measured("caller_interruptions", call).value == 1
    assert measured("stop_time", call).value == pytest.approx(0.5, abs=SPOKEN)
    assert measured("yield_time", call).value == measured("stop_time", call).value
    assert measured("agent_interruptions", call).value == 0
