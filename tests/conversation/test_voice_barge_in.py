"""Who speaks while the other does: barge-in both ways, protected words, holds, backchannels; with real speech."""

import numpy as np
import pytest
from staging import ListedCaller
from voice_staging import Call, LineInMemory, loud_spans, polite, spoken

from ringback.callers.caller import Say
from ringback.callers.conditional import ConditionalCaller
from ringback.callers.directives import parse_directives
from ringback.channels.line import AgentStartedSpeaking, Encoding
from ringback.conversation.manner import Manner
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType

GREETING, ANSWER = "welcome to the clinic", "we open at nine"
LONG = "I would like to know when you open and whether I can bring my dog because he does not like to be alone"


class BreaksIn:
    """Greets, and says its words when our caller has spoken for so long; then it answers politely."""

    def __init__(self, after: float, words: str = "wait a minute please", *, announces: bool = False) -> None:
        self._after = after
        self._words = words
        self._announces = announces
        self._polite = polite("", ANSWER)
        self._greeted = False
        self._heard = 0
        self.at: float | None = None
        """When it broke in."""

    def __call__(self, line: LineInMemory) -> None:
        if not self._greeted:
            self._greeted = True
            line.say(GREETING)
        elif self.at is None:
            self._heard += line.caller_loud(0.02) and not line.saying
            if self._heard * 0.02 >= self._after:
                self.at = line.now
                if self._announces:
                    line.tell(AgentStartedSpeaking(at=0.0))
                else:
                    line.say(self._words)


@pytest.mark.parametrize("words", ["wait a minute please", "sorry what was that", "no", "excuse me", "hello there"])
@pytest.mark.parametrize("encoding", list(Encoding))
def test_our_sound_stops_within_200_ms_of_the_agents_voice(words: str, encoding: Encoding) -> None:
    agent = BreaksIn(1.0, words)
    caller = ListedCaller(LONG)
    call = Call(caller, agent, hears=(GREETING, words), encoding=encoding)
    assert agent.at is not None
    edge = next(start for start, _ in call.agent_spans if start >= agent.at)
    stopped = next(end for start, end in call.caller_spans if start < edge < end)
    if spoken(words).size > 16_000 * 0.25:
        assert stopped - edge <= 0.2
    interrupted = next(entry for entry in call.conversation.entries if entry.interrupted)
    assert LONG.startswith(interrupted.content)
    assert 0 < len(interrupted.content) < len(LONG)
    assert interrupted.end == pytest.approx(stopped, abs=0.03)
    assert caller.carried_out, "an utterance that was broken off was said"


def test_an_announcement_stops_us_at_the_next_frame() -> None:
    agent = BreaksIn(1.0, announces=True)
    call = Call(ListedCaller(LONG), agent, hears=(GREETING,))
    assert agent.at is not None
    stopped = next(end for _, end in call.caller_spans if end > agent.at)
    assert stopped - agent.at <= 0.06
    assert call.line.signs[:2] == [
        (pytest.approx(1.98, abs=0.1), "began"),
        (pytest.approx(stopped, abs=0.06), "stopped"),
    ]


def test_words_that_ignore_interruptions_are_said_to_their_end() -> None:
    move = Say(parse_directives(f"<ignore_interruptions>{LONG}</ignore_interruptions>"))
    agent = BreaksIn(1.0)
    call = Call(ListedCaller(move), agent, hears=(GREETING, "wait a minute please"))
    own = next(entry for entry in call.conversation.entries if entry.role == "Testing Agent")
    assert (own.content, own.interrupted) == (LONG, False)
    assert own.end - own.start == pytest.approx(len(spoken(LONG, voice="slt")) / 16_000, abs=0.1)
    assert call.voice.protected == call.voice.caller_speech[:1]
    assert "< wait a minute please" in call.lines, "what the agent says meanwhile is heard"


def test_a_voicemail_greeting_plays_to_its_beep_and_is_protected() -> None:
    move = Say(parse_directives('<voicemail text="You have reached Ann. Please leave a message after the tone."/>'))
    agent = BreaksIn(1.0)
    call = Call(ListedCaller(move), agent, hears=(GREETING, "wait a minute please"))
    start, end = loud_spans(call.line.caller_sound, 16_000, gap=0.6)[0]
    assert end - start > 3.5, "with the beep, and nothing was cut"
    beep = call.line.caller_sound[round((end - 0.3) * 16_000) :][: round(0.2 * 16_000)]
    spectrum = np.abs(np.fft.rfft(beep * np.hanning(len(beep))))
    assert np.fft.rfftfreq(len(beep), 1 / 16_000)[spectrum.argmax()] == pytest.approx(1000, abs=10)
    assert not any(entry.interrupted for entry in call.conversation.entries)


def _follow_up(action: str) -> ConditionalCaller:
    standard, after = ConditionType.STANDARD, ConditionType.ACTION_FOLLOWUP
    return ConditionalCaller(
        ConditionalActions(
            conditions=(
                Condition(
                    id=0, condition="FIRST_MESSAGE", action="When do you open?", type=standard, fixed_message=True
                ),
                Condition(id=1, condition=0, action=action, type=after, fixed_message=True),
            )
        )
    )


def test_a_follow_up_breaks_into_the_agents_turn_at_its_time() -> None:
    answer = "we open at nine and we close at five and on saturday we are closed and on sunday too"
    call = Call(
        _follow_up('<interruption time="2s"/>That is enough, goodbye.<endcall/>'),
        polite(answer, greets=False),
        hears=(answer,),
        agent_speaks_first=False,
    )
    (answered, answered_until), *_ = call.agent_spans
    broke_in = call.caller_spans[1][0]
    assert broke_in - answered == pytest.approx(2.0, abs=0.12)
    assert broke_in < answered_until
    assert call.lines[0] == "> When do you open?"
    assert "> That is enough, goodbye.!" in call.lines, "the agent went on speaking, and did not stop us by that"


def test_a_personality_that_interrupts_breaks_into_a_long_turn() -> None:
    answer = "we open at nine and we close at five and on saturday we are closed"
    call = Call(
        ListedCaller("I see.", "Goodbye."),
        polite(answer),
        hears=(answer,),
        manner=Manner(interruption_chance=1.0, interruption_after=1.5, idle_timeout=2.0, idle_prompts=1),
    )
    assert call.caller_spans[0][0] == pytest.approx(1.6, abs=0.12)
    assert "> Sorry, one moment." in call.lines
    assert "> I see." in call.lines


def test_on_hold_nobody_is_asked_whether_they_are_there() -> None:
    move = Say(parse_directives('One moment please. <hold time="7s"/>'))
    call = Call(
        ListedCaller(move, "Here I am."), polite(GREETING, "take your time"), hears=(GREETING, "take your time")
    )
    assert call.lines[:4] == [f"< {GREETING}", "> One moment please.", "< take your time", "> Here I am."]
    own = [entry for entry in call.conversation.entries if entry.role == "Testing Agent"]
    assert own[1].start - own[0].end == pytest.approx(7, abs=0.3), "the answer waits for the end of the hold"
    stopped = next(at for at, sign in call.line.signs if sign == "stopped")
    assert stopped == pytest.approx(own[0].end + 0.6, abs=0.1), "and the agent is told that nobody speaks"


def test_a_silence_may_be_broken_into() -> None:
    move = Say(parse_directives('Let me see. <silence time="8s"/> I have it here.'))
    call = Call(
        ListedCaller(move, "Yes."), polite(GREETING, "are you there", after=2.0), hears=(GREETING, "are you there")
    )
    assert call.lines[:4] == [f"< {GREETING}", "> Let me see.…", "< are you there", "> Yes."]


def test_backchannels_are_said_into_a_long_turn_and_are_no_turns() -> None:
    long = " and ".join(["we open at nine", "we close at five", "we are closed on sunday", "you can call us"] * 2)
    call = Call(
        ListedCaller("I see."),
        polite(long),
        hears=(long,),
        manner=Manner(backchannels=True, idle_timeout=2.0, idle_prompts=1),
    )
    assert len(call.voice.backchannels) >= 1
    (_, agent_until), *_ = call.agent_spans
    assert all(span.end < agent_until for span in call.voice.backchannels)
    assert set(call.voice.backchannels) <= set(call.voice.caller_speech)
    assert call.lines[:2] == [f"< {long}", "> I see."]
    assert len(call.agent_spans) == 1
