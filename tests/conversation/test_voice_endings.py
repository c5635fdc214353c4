"""How spoken calls end, and what agents do that no call expects; with real speech and the real model of voice."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from staging import ListedCaller
from voice_staging import Call, FliteAtOnce, GrammarAtOnce, LineInMemory, noise, polite, spoken

from ringback.callers.caller import Say, Wait
from ringback.channels.channel import Remark
from ringback.channels.line import AgentHeard, AgentHungUp, Encoding, KeyPressed, MetadataCame, Remarked
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import EndingCode
from ringback.domain.utterance import Utterance, VoiceDirective
from ringback.domain.voice import AgentTranscript, Key, Side
from ringback.errors import SpeechRejected, SpeechUnavailable
from ringback.speech.tones import tone

BYE = Say(Utterance.of("Thank you, goodbye.", ends_call=True))
GREETING, ANSWER = "welcome to the clinic", "we open at nine"
IMPATIENT = Manner(idle_timeout=2.0, idle_prompts=2)


def _silent(line: LineInMemory) -> None:
    del line


@pytest.mark.parametrize("first", [True, None, False])
def test_an_agent_that_never_speaks_is_asked_and_given_up(first: bool | None) -> None:
    call = Call(ListedCaller("Hello?"), _silent, manner=IMPATIENT, agent_speaks_first=first)
    opening = [] if first else ["> Hello?"]
    assert call.lines == [*opening, "> Are you still there?", "> Are you still there?", "> !"]
    assert call.conversation.ending.code is EndingCode.AGENT_SILENT
    assert call.conversation.ending.sentence.startswith("The agent said nothing for 2")
    assert not call.conversation.agent_spoke
    assert call.held.failure is None


@pytest.mark.parametrize("sound", ["noise", "music", "8-bit"])
@pytest.mark.parametrize("encoding", list(Encoding))
def test_noise_is_no_turn_and_holds_up_nobody(sound: str, encoding: Encoding) -> None:
    rate = encoding.rate
    times = np.arange(rate * 12) / rate
    sounds = {
        "noise": noise(12, rate),
        "music": np.sum([4000 * np.sin(2 * np.pi * f * times) for f in (262, 330, 392, 523)], axis=0).astype(np.int16),
        "8-bit": np.random.default_rng(0).integers(-128, 128, 12 * rate).astype(np.int16) * 256,
    }

    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(sounds[sound])

    call = Call(ListedCaller("Hello?"), agent, manner=Manner(idle_timeout=2.0, idle_prompts=1), encoding=encoding)
    assert call.conversation.ending.code is EndingCode.AGENT_SILENT
    assert not call.conversation.agent_spoke
    assert call.line.now < 12


def test_an_agent_that_never_stops_is_answered_after_a_minute_and_the_call_ends_in_time() -> None:
    monologue = np.concatenate([spoken("we open at nine and we close at five and on sunday we are closed")] * 20)

    def agent(line: LineInMemory) -> None:
        if not line.saying:
            line.say(monologue)

    call = Call(ListedCaller("Thank you."), agent, limits=Limits(max_duration=63))
    turn = call.conversation.entries[0]
    assert (turn.role, turn.end - turn.start) == ("Main Agent", pytest.approx(60, abs=1))
    assert "> Thank you." in call.lines
    assert call.conversation.ending.code is EndingCode.MAX_DURATION
    assert call.line.now == pytest.approx(63, abs=0.1)


def test_a_long_turn_with_pauses_is_one_turn() -> None:
    pause = np.zeros(round(0.4 * 16_000), np.int16)
    parts = [spoken(words) for words in (GREETING, "we open at nine", "how can i help you")]

    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(np.concatenate([parts[0], pause, parts[1], pause, parts[2]]))

    call = Call(ListedCaller(BYE), agent, hears=(f"{GREETING} we open at nine how can i help you",))
    assert call.lines == [f"< {GREETING} we open at nine how can i help you", "> Thank you, goodbye.!"]


def test_what_the_ear_cannot_tell_is_an_empty_line_and_a_finding() -> None:
    call = Call(ListedCaller(BYE), polite(GREETING), hears=("the office is closed today",))
    entry = call.conversation.entries[0]
    assert entry.content == ""
    assert entry.recognition is not None
    assert not entry.recognition.matched
    assert [(finding.code, finding.entry) for finding in call.conversation.findings] == [(FindingCode.NO_MATCH, 1)]
    assert call.conversation.agent_spoke


def _then(words: str, event: object) -> "object":
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(words)
        elif not line.saying:
            line.tell(event)  # pyright: ignore[reportArgumentType] - an event of the test's

    return agent


def test_an_agent_that_hangs_up_is_heard_to_its_last_word() -> None:
    call = Call(ListedCaller("Hello."), _then("goodbye", AgentHungUp(at=0.0)), hears=("goodbye",))  # pyright: ignore[reportArgumentType] - as above
    assert call.lines == ["< goodbye"]
    assert call.conversation.ending.code is EndingCode.AGENT_ENDED
    assert call.conversation.ending.sentence == "The agent hung up."


@pytest.mark.parametrize(("code", "ending"), [(1000, EndingCode.AGENT_CLOSED), (1006, EndingCode.AGENT_DROPPED)])
def test_a_line_that_drops_within_our_word_keeps_what_was_said_of_it(code: int, ending: EndingCode) -> None:
    greet = polite(GREETING)
    words = "I would like to know when you open and whether I can bring my dog."

    def agent(line: LineInMemory) -> None:
        greet(line)
        if line.caller_loud(0.02) and line.now > 4:
            line.drop(code)

    call = Call(ListedCaller(words), agent, hears=(GREETING,))
    assert call.conversation.ending.code is ending
    last = call.conversation.entries[-1]
    assert last.interrupted
    assert words.startswith(last.content)
    assert last.end <= call.line.now + 0.03


def test_a_caller_without_words_hangs_up() -> None:
    call = Call(ListedCaller(), polite(GREETING), hears=(GREETING,))
    assert call.lines == [f"< {GREETING}", "> !"]
    assert call.conversation.ending.code is EndingCode.CALLER_ENDED
    assert call.line.hung_up_at is not None


def test_a_caller_that_may_not_hang_up_leaves_it_to_the_agent() -> None:
    manner = Manner(end_call_enabled=False, idle_timeout=2.0, idle_prompts=1)
    call = Call(ListedCaller(), polite(GREETING), hears=(GREETING,), manner=manner)
    assert call.conversation.ending.code is EndingCode.AGENT_SILENT
    assert FindingCode.CALLER_FINDING in call.codes


def test_the_limit_of_turns_ends_the_call() -> None:
    call = Call(
        ListedCaller("one", "two", "three"), polite("yes", "no", "yes"), hears=("yes", "no"), limits=Limits(max_turns=2)
    )
    assert call.conversation.ending.code is EndingCode.MAX_TURNS
    assert call.lines[-1] == "> !"
    assert "> three" not in call.lines


def test_a_user_who_stops_ends_the_call_after_the_agents_turn() -> None:
    call = Call(ListedCaller("Hello."), polite(GREETING), hears=(GREETING,), stop_at=0.5)
    assert call.lines == [f"< {GREETING}", "> !"]
    assert call.conversation.ending.code is EndingCode.CANCELLED


def test_a_voice_that_fails_ends_the_call_on_our_side() -> None:
    failure = SpeechUnavailable("the voice is down")
    call = Call(ListedCaller("Hi"), polite(GREETING), hears=(GREETING,), text_to_speech=FliteAtOnce(fails=failure))
    assert call.held.failure is failure
    assert call.conversation.ending.code is EndingCode.CALLER_FAILED
    assert call.conversation.ending.sentence == "the voice is down"


@pytest.mark.parametrize("hangs_up", [False, True])
def test_an_ear_that_fails_ends_the_call_on_our_side(hangs_up: bool) -> None:
    """Also when it fails at the very end: what the agent said is not known then."""
    failure = SpeechRejected("no such model")
    agent = _then("goodbye", AgentHungUp(at=0.0)) if hangs_up else polite(GREETING)
    call = Call(ListedCaller("Hi"), agent, speech_to_text=GrammarAtOnce(GREETING, fails=failure))  # pyright: ignore[reportArgumentType] - as above
    assert call.held.failure is failure
    assert call.conversation.ending.code is EndingCode.CALLER_FAILED


def test_an_agent_that_speaks_while_our_words_are_made_is_listened_to_first() -> None:
    answered = False

    def agent(line: LineInMemory) -> None:
        nonlocal answered
        if not line.ticks:
            line.say(GREETING)
        elif line.now > 2.4 and not answered:
            answered = True
            line.say(ANSWER)

    call = Call(ListedCaller(BYE), agent, hears=(GREETING, ANSWER), text_to_speech=FliteAtOnce(takes=1.5))
    assert call.lines == [f"< {GREETING}", f"< {ANSWER}", "> Thank you, goodbye.!"]
    assert call.codes == [FindingCode.RECOMPOSED_REPLY]


def test_turns_are_recorded_in_their_order_however_long_each_takes_to_recognise() -> None:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(GREETING)
        elif line.ticks == 120:
            line.say(ANSWER)

    ear = GrammarAtOnce(GREETING, ANSWER, takes=[3.0, 0.0])
    call = Call(ListedCaller(BYE), agent, speech_to_text=ear)
    assert call.lines[:2] == [f"< {GREETING}", f"< {ANSWER}"]


def test_a_caller_that_waits_hears_more() -> None:
    caller = ListedCaller(Wait(2.0), BYE)
    call = Call(caller, polite(GREETING), hears=(GREETING,))
    assert [heard.waited for heard in caller.asked if heard] == [False, True]
    assert call.lines[-1] == "> Thank you, goodbye.!"


def test_late_frames_make_a_call_degraded() -> None:
    def block(loop: asyncio.AbstractEventLoop) -> None:
        for at in range(1, 5):
            loop.call_later(at, lambda: loop.skip(0.1))  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType,reportUnknownLambdaType] - the virtual one

    call = Call(ListedCaller("Hi", BYE), polite(GREETING, ANSWER), hears=(GREETING, ANSWER), meanwhile=block)
    (sentence,) = call.voice.degraded
    assert "too busy" in sentence
    assert call.codes == [FindingCode.LATE_SENDING]
    assert call.voice.lateness.p99 > 0.04
    assert call.voice.lateness.p50 == 0


def test_keys_of_the_caller_are_pressed_or_sound() -> None:
    keys = Say(Utterance((VoiceDirective("dtmf", (("digits", "12#"),)),)))
    told = Call(ListedCaller(keys), polite(GREETING), hears=(GREETING,), carries_keys=True)
    assert [digit for _, digit in told.line.keys] == ["1", "2", "#"]
    assert not told.caller_spans[:-1], "nothing sounds but the question whether anybody is there"
    assert [(key.digit, key.by) for key in told.voice.keys] == [(digit, Side.CALLER) for digit in "12#"]
    sounding = Call(ListedCaller(keys), polite(GREETING), hears=(GREETING,))
    first = sounding.voice.keys[0]
    assert sounding.caller_spans[0][0] == pytest.approx(first.at, abs=0.02)


@pytest.mark.parametrize("told", [True, False])
def test_keys_of_the_agent_are_lines_of_the_transcript(told: bool) -> None:
    def agent(line: LineInMemory) -> None:
        if line.ticks == 50:
            line.say(tone("5", 16_000))
            if told:
                line.tell(KeyPressed(at=0.0, digit="5"))

    call = Call(ListedCaller(BYE), agent, agent_speaks_first=True)
    assert call.lines == ["< Main Agent sent DTMF: 5", "> Thank you, goodbye.!"]
    assert [(key.digit, key.by) for key in call.voice.keys] == [("5", Side.AGENT)]
    assert isinstance(call.voice.keys[0], Key)
    assert call.voice.keys[0].at == pytest.approx(1.03, abs=0.05)


def test_what_the_agent_tells_beside_its_sound_is_kept() -> None:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(GREETING)
            line.tell(AgentHeard(at=0.0, text="Thank you"))
            line.tell(MetadataCame(at=0.0, values={"version": 3}))
            line.tell(Remarked(at=0.0, remarks=(Remark(code=FindingCode.BAD_FRAME, sentence="A mark of nothing."),)))

    call = Call(ListedCaller(BYE), agent, hears=(GREETING,))
    assert [transcript.text for transcript in call.voice.agent_transcripts] == ["Thank you"]
    assert isinstance(call.voice.agent_transcripts[0], AgentTranscript)
    assert call.conversation.metadata == {"version": 3}
    assert call.codes == [FindingCode.BAD_FRAME]


def test_a_defect_ends_the_call_and_leaves_no_recording(tmp_path: Path) -> None:
    def agent(line: LineInMemory) -> None:
        if line.ticks == 100:
            line.defect = ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        Call(ListedCaller(), agent, recordings=tmp_path)
    assert not list(tmp_path.rglob("*.wav"))


def test_directives_that_no_line_carries_out_are_found() -> None:
    move = Say(Utterance((VoiceDirective("send_sms", (("text", "hi"),)), *BYE.utterance.parts)))
    call = Call(ListedCaller(move), polite(GREETING), hears=(GREETING,), manner=Manner(skipped=("no such noise.",)))
    assert call.codes == [FindingCode.DIRECTIVE_SKIPPED] * 2


def test_a_call_that_is_cancelled_lets_go_of_line_and_recording(tmp_path: Path) -> None:
    lines: list[LineInMemory] = []

    def agent(line: LineInMemory) -> None:
        lines.append(line)

    def cancel_later(loop: asyncio.AbstractEventLoop) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop.call_later(1.0, task.cancel)

    with pytest.raises(asyncio.CancelledError):
        Call(ListedCaller("Hi"), agent, agent_speaks_first=True, recordings=tmp_path, meanwhile=cancel_later)
    assert lines[-1].closed
    assert lines[-1].now == pytest.approx(1.0, abs=0.03)
    assert not list(tmp_path.rglob("*.wav"))


def test_asking_whether_anybody_is_there_keeps_what_was_said_before() -> None:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(GREETING)
        elif line.caller_quiet(0.6) and line.ticks == 300:
            line.say(ANSWER)

    caller = ListedCaller(Wait(), BYE)
    call = Call(caller, agent, hears=(GREETING, ANSWER))
    assert call.lines == [f"< {GREETING}", "> Are you still there?", f"< {ANSWER}", "> Thank you, goodbye.!"]
    assert caller.asked[-1] is not None
    assert caller.asked[-1].text == f"{GREETING}\n{ANSWER}", "nobody has answered the greeting yet"


def test_a_question_whether_anybody_is_there_is_dropped_when_the_agent_speaks_before_it() -> None:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(GREETING)
        elif line.now >= 3.8 and line.now < 3.82:
            line.say(ANSWER)

    slow = FliteAtOnce(takes=2.0)
    call = Call(ListedCaller(Wait(), BYE), agent, hears=(GREETING, ANSWER), text_to_speech=slow)
    assert call.lines == [f"< {GREETING}", f"< {ANSWER}", "> Thank you, goodbye.!"]
    assert not call.codes
