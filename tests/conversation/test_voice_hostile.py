"""Agents, recognisers and moments that spoken calls do not expect; with real speech and the real model of voice."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from staging import ListedCaller
from voice_staging import Call, FliteAtOnce, GrammarAtOnce, LineInMemory, polite, spoken

from ringback.callers.caller import Say
from ringback.channels.line import AgentHungUp, Encoding
from ringback.conversation.agent_hearing import AgentHearing
from ringback.conversation.disturbances import make_ready
from ringback.conversation.endings import agent_hung_up
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.conversation.recorder import Recorder
from ringback.conversation.turn_taking import Finish
from ringback.conversation.voice_turn_taking import VoiceTurnTaking
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import EndingCode
from ringback.domain.event import Event
from ringback.domain.noise import BackgroundNoise
from ringback.domain.utterance import Utterance
from ringback.errors import SpeechUnavailable

GREETING = "welcome to the clinic"
BYE = Say(Utterance.of("Thank you, goodbye.", ends_call=True))


def _at_once_and(end: Callable[[LineInMemory], None]) -> Callable[[LineInMemory], None]:
    """All the agent's words in one frame, and the end with it."""

    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(GREETING)
            end(line)

    return agent


def _closes(line: LineInMemory) -> None:
    line.drop(1000)


def _hangs_up(line: LineInMemory) -> None:
    line.tell(AgentHungUp(at=0.0))


@pytest.mark.parametrize(("end", "code"), [(_closes, EndingCode.AGENT_CLOSED), (_hangs_up, EndingCode.AGENT_ENDED)])
def test_what_an_agent_said_before_it_ended_the_call_is_played_and_heard(
    end: Callable[[LineInMemory], None], code: EndingCode
) -> None:
    call = Call(ListedCaller("Hello."), _at_once_and(end), hears=(GREETING,), agent_speaks_first=True)
    assert call.lines == [f"< {GREETING}"]
    assert call.conversation.ending.code is code
    assert call.voice.duration == pytest.approx(len(spoken(GREETING)) / 16_000, abs=0.05)
    (finding,) = call.conversation.findings
    assert finding.code is FindingCode.AFTER_END
    assert "a telephone company drops them" in finding.sentence


def test_what_an_agent_had_not_played_when_its_line_dropped_is_lost() -> None:
    call = Call(ListedCaller("Hello."), _at_once_and(lambda line: line.drop(None)), agent_speaks_first=True)
    assert call.conversation.ending.code is EndingCode.AGENT_DROPPED
    assert call.line.now < 0.5


def test_an_agent_that_leaves_minutes_of_sound_behind_is_heard_for_half_a_minute() -> None:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(np.zeros(120 * 16_000, np.int16))
            line.drop(1000)

    call = Call(ListedCaller("Hello."), agent)
    assert call.line.now == pytest.approx(30, abs=0.1)
    assert call.conversation.ending.code is EndingCode.AGENT_CLOSED


def test_the_user_need_not_wait_for_what_a_gone_agent_had_to_say() -> None:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(np.zeros(120 * 16_000, np.int16))
            line.drop(1000)

    call = Call(ListedCaller("Hello."), agent, stop_at=1.0)
    assert call.line.now == pytest.approx(1 + Limits().finish_turn, abs=0.1)


LATE: dict[str, Callable[[VoiceTurnTaking], None]] = {
    "asked": lambda turns: turns.composing(),
    "ready": lambda turns: turns.ready(),
    "speaks": lambda turns: turns.speaking(1.0),
    "has spoken": lambda turns: turns.spoken(1.0, words=True),
    "was stopped": lambda turns: turns.stopped(1.0, words=True),
    "waits": lambda turns: turns.waits(1.0, 0.0),
}


@pytest.mark.parametrize("late", LATE)
def test_what_the_caller_does_in_the_moment_of_the_hang_up_reopens_no_call(late: str) -> None:
    turns = VoiceTurnTaking(Manner(), Limits(), end_of_turn=0.5, agent_speaks_first=None)
    turns.hung_up(agent_hung_up())
    LATE[late](turns)
    turns.ended(1.0, agent_hung_up())
    assert turns.next(1.02) == Finish(agent_hung_up())


@pytest.mark.parametrize("until", [13, 14, 15, 16, 17])
def test_a_line_that_closes_as_our_words_end_ends_the_call(until: int) -> None:
    """Whichever frame of ours is the last."""
    greet = polite(GREETING)
    spoke = 0

    def agent(line: LineInMemory) -> None:
        nonlocal spoke
        greet(line)
        spoke += line.caller_loud(0.02)
        if spoke == until:
            line.drop(1000)

    call = Call(ListedCaller("Hello.", "Hello?"), agent, hears=(GREETING,))
    assert call.conversation.ending.code is EndingCode.AGENT_CLOSED
    assert call.line.now < 4


def test_what_was_said_stands_before_the_hang_up_that_cut_it() -> None:
    words = "I would like to know when you open and whether I can bring my dog."
    call = Call(ListedCaller(words), polite(GREETING), hears=(GREETING,), limits=Limits(max_duration=4.0))
    assert call.conversation.ending.code is EndingCode.MAX_DURATION
    said, end = call.conversation.entries[-2:]
    assert said.interrupted
    assert said.content
    assert words.startswith(said.content)
    assert (end.content, end.ends_call) == ("", True)


def test_last_words_that_the_recogniser_never_answers_for_are_an_error_of_ours() -> None:
    ear = GrammarAtOnce(GREETING, takes=[1e6])
    call = Call(ListedCaller("Hello."), _at_once_and(_closes), speech_to_text=ear)
    assert isinstance(call.held.failure, SpeechUnavailable)
    assert call.conversation.ending.code is EndingCode.CALLER_FAILED


def test_a_defect_in_hearing_the_last_words_is_not_swallowed() -> None:
    ear = GrammarAtOnce(GREETING, fails=ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError):
        Call(ListedCaller("Hello."), _at_once_and(_closes), speech_to_text=ear)


STREET = Manner(
    background=BackgroundNoise.STREET, packet_loss=0.05, jitter=0.06, delay=0.1, clipping=0.2, narrow_band=True
)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_the_same_seed_sends_the_same_sound_bit_for_bit(encoding: Encoding) -> None:
    def sent(seed: int) -> bytes:
        call = Call(ListedCaller(BYE), polite(GREETING), hears=(GREETING,), manner=STREET, encoding=encoding, seed=seed)
        assert call.voice.seed == seed
        return call.line.caller_sound.tobytes()

    asyncio.run(make_ready(STREET, encoding.rate))  # in a thread, for which the virtual clock would wait as it likes
    once = sent(7)
    assert sent(7) == once
    assert sent(8) != once


def test_max_duration_ends_a_call_whose_words_are_never_made() -> None:
    voice = FliteAtOnce(takes=1e6)
    call = Call(
        ListedCaller("Hello."),
        polite(GREETING),
        hears=(GREETING,),
        text_to_speech=voice,
        limits=Limits(max_duration=5.0),
    )
    assert call.conversation.ending.code is EndingCode.MAX_DURATION
    assert call.line.now == pytest.approx(5, abs=0.1)
    assert asyncio.run(_nothing_left())


async def _nothing_left() -> bool:
    return len(asyncio.all_tasks()) == 1


async def test_a_turn_is_heard_whole_although_the_next_frames_come_before_its_recogniser_is_asked() -> None:
    """As they do when a process that was held up makes up for the ticks that it missed."""
    ear, recorder = GrammarAtOnce(GREETING), Recorder(1, list[Event]().append)
    hearing = AgentHearing(ear, recorder, 16_000, "en")
    greeting = spoken(GREETING)
    frames = greeting[: len(greeting) // 320 * 320].reshape(-1, 320)
    for frame in frames:
        hearing.add(frame, turn_from=0.0)
    turn = hearing.turn(0.0, len(frames) * 0.02, answers=None)
    for _ in range(100):
        hearing.add(np.zeros(320, np.int16), turn_from=None)
    await hearing.hear(turn)
    assert [entry.content for entry in recorder.entries] == [GREETING]
