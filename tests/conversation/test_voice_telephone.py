"""What only happens on telephone lines: holds, transfers, media that stops, and what the line reports at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from staging import ListedCaller
from voice_staging import Call, LineInMemory, polite

from ringback.callers.caller import Say, Wait
from ringback.channels.channel import Dropped
from ringback.channels.line import Encoding, LineReport, PutOnHold, TakenOffHold, Transferred
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.conversation.turn_taking import Ask, End
from ringback.conversation.voice_steps import Backchannel, BreakIn, Hear, Prompt, SayPlan, Step
from ringback.conversation.voice_turn_taking import VoiceTurnTaking
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import EndedBy, EndingCode
from ringback.domain.utterance import Utterance
from ringback.domain.voice import MediaRecord, Span

BYE = Say(Utterance.of("Thank you, goodbye.", ends_call=True))
GREETING, ANSWER = "welcome to the clinic", "we open at nine"
IMPATIENT = Manner(idle_timeout=3.0, idle_prompts=2)


@dataclass(kw_only=True)
class Held:
    """The rules with an agent that has greeted and puts the caller on hold; the caller would answer at once."""

    off_at: float | None = None
    """When the agent is back; None: never."""
    on_at: float = 1.0
    voice: tuple[float, float] | None = None
    """An announcement or the agent's words."""
    manner: Manner = field(default_factory=lambda: IMPATIENT)
    longest: float = 60.0

    def until(self, end: float) -> list[tuple[float, Step]]:
        turns = VoiceTurnTaking(
            self.manner, Limits(longest_hold=self.longest), end_of_turn=0.5, agent_speaks_first=True
        )
        log: list[tuple[float, Step]] = []
        happens: dict[float, Callable[[float], None]] = {
            0.1: turns.voice_began,
            0.6: turns.voice_ended,
            self.on_at: turns.put_on_hold,
        }
        if self.voice is not None:
            happens |= {self.voice[0]: turns.voice_began, self.voice[1]: turns.voice_ended}
        if self.off_at is not None:
            happens[self.off_at] = turns.taken_off_hold
        for tick in range(1, round(end / 0.02) + 1):
            now = round(tick * 0.02, 2)
            turns.mouth(now, speaking=False, protected=False, holding=False, busy=False)
            if now in happens:
                happens[now](now)
            while (step := turns.next(now)) is not None:
                log.append((now, step))
                match step:
                    case Hear():
                        turns.heard()
                    case Ask():
                        turns.composing()
                        turns.ready()
                    case End():
                        turns.ended(now, step.ending)
                    case _:
                        return log
        return log


def test_on_hold_nobody_is_asked_whether_it_is_there_and_no_reply_is_said() -> None:
    log = Held().until(50)
    assert [type(step) for _, step in log] == [Hear], "idle prompts are due every three seconds"


def test_what_was_said_before_the_hold_is_answered_after_it_and_not_at_once() -> None:
    log = Held(off_at=20.0).until(30)
    assert [type(step) for _, step in log] == [Hear, Ask, SayPlan]
    assert log[1][0] == log[2][0] == pytest.approx(20.5, abs=0.021), "the agent may speak first"


def test_an_agent_that_speaks_when_it_is_back_is_listened_to_first() -> None:
    log = Held(off_at=20.0, voice=(20.3, 22.0)).until(30)
    assert [type(step) for _, step in log] == [Hear, Hear, Ask, SayPlan], "nothing is thought of in vain"


def test_announcements_on_hold_are_heard_and_not_answered() -> None:
    manner = Manner(interruption_chance=1.0, interruption_after=0.5, backchannels=True)
    log = Held(voice=(5.0, 15.0), manner=manner).until(40)
    assert [type(step) for _, step in log] == [Hear, Hear]
    assert not [step for _, step in log if isinstance(step, BreakIn | Backchannel)]


def test_after_a_hold_silence_counts_anew() -> None:
    """The greeting is answered before the hold; then the caller has nothing to say."""
    turns = VoiceTurnTaking(IMPATIENT, Limits(), end_of_turn=0.5, agent_speaks_first=True)
    turns.put_on_hold(1.0)
    prompted: float | None = None
    for tick in range(1, 2000):
        now = round(tick * 0.02, 2)
        turns.mouth(now, speaking=False, protected=False, holding=False, busy=False)
        if now == 20.0:
            turns.taken_off_hold(now)
        if isinstance(turns.next(now), Prompt):
            prompted = now
            break
    assert prompted == pytest.approx(23.0, abs=0.041)


def test_a_hold_without_end_ends_the_call_and_says_how_long_it_was() -> None:
    at, step = Held(longest=30.0).until(100)[1]
    assert at == pytest.approx(31.0, abs=0.021)
    assert isinstance(step, End)
    assert (step.ending.code, step.ending.ended_by) == (EndingCode.AGENT_SILENT, EndedBy.AGENT)
    assert step.ending.sentence == "The agent kept the caller on hold for 30 s."


def _holding(seconds: float) -> Callable[[LineInMemory], None]:
    """Greets, holds the caller for so long from second 3 on, and answers."""
    greet = polite(GREETING)

    def agent(line: LineInMemory) -> None:
        if line.now < 3:
            greet(line)
        if line.ticks == 150:
            line.tell(PutOnHold(at=0.0))
            line.tell(PutOnHold(at=0.0))
        if line.ticks == 150 + round(seconds * 50):
            line.tell(TakenOffHold(at=0.0))
            line.tell(TakenOffHold(at=0.0))
            line.say(ANSWER)

    return agent


def test_a_hold_is_in_the_transcript_and_in_the_record() -> None:
    call = Call(
        ListedCaller("Hello?", BYE), _holding(8), hears=(GREETING, ANSWER), manner=IMPATIENT, encoding=Encoding.PCM_8K
    )
    assert [line for line in call.lines if "hold" in line] == [
        "< Main Agent put the call on hold",
        "< Main Agent took the call off hold after 8.0 s",
    ]
    assert "> Are you still there?" not in call.lines
    assert call.lines[-2:] == [f"< {ANSWER}", "> Thank you, goodbye.!"]
    (hold,) = call.voice.holds
    assert (hold.start, hold.duration) == (pytest.approx(3.0, abs=0.05), pytest.approx(8.0, abs=0.03))


def test_a_hold_that_lasts_to_the_end_is_recorded_to_the_end() -> None:
    call = Call(
        ListedCaller("Hello?", BYE), _holding(500), hears=(GREETING,), limits=Limits(grace=0.2, longest_hold=8.0)
    )
    assert call.conversation.ending.code is EndingCode.AGENT_SILENT
    assert call.voice.holds == (Span(start=call.voice.holds[0].start, end=call.voice.duration),)


def test_a_storm_of_holds_stays_small() -> None:
    def agent(line: LineInMemory) -> None:
        line.tell(PutOnHold(at=0.0))
        line.tell(TakenOffHold(at=0.0))

    call = Call(ListedCaller("Hello?"), agent, limits=Limits(max_duration=4, grace=0.2))
    assert len(call.voice.holds) == 100
    assert len([line for line in call.lines if "hold" in line]) == 200


def _then(event: object) -> Callable[[LineInMemory], None]:
    def agent(line: LineInMemory) -> None:
        if not line.ticks:
            line.say(GREETING)
        elif line.ticks == 200:
            line.tell(event)  # pyright: ignore[reportArgumentType] - an event of the test's

    return agent


def test_a_transfer_ends_the_call_and_says_where_it_went() -> None:
    call = Call(ListedCaller(Wait()), _then(Transferred(at=0.0, target="sip:sales@clinic.example")), hears=(GREETING,))
    ending = call.conversation.ending
    assert (ending.code, ending.ended_by) == (EndingCode.TRANSFERRED, EndedBy.AGENT)
    assert ending.reference_reason == "Main agent-ended-call"
    assert "< Main Agent transferred the call to sip:sales@clinic.example" in call.lines
    assert call.conversation.metadata == {"transferred_to": "sip:sales@clinic.example"}
    assert call.voice.transfer == "sip:sales@clinic.example"


def test_an_address_of_the_agent_s_choice_is_cut() -> None:
    call = Call(ListedCaller(Wait()), _then(Transferred(at=0.0, target="sip:" + "9" * 5000)), hears=(GREETING,))
    assert len(call.conversation.ending.sentence) < 300
    assert len(call.voice.transfer or "") < 250
    assert len(str(call.conversation.metadata)) < 300


@pytest.mark.parametrize(
    ("cause", "ending"),
    [
        (FindingCode.NO_MEDIA, EndingCode.NO_MEDIA),
        (FindingCode.MEDIA_STOPPED, EndingCode.MEDIA_STOPPED),
        (FindingCode.TELEPHONE_FAILED, EndingCode.TELEPHONE_FAILED),
    ],
)
def test_a_telephone_line_that_is_lost_says_so_in_the_same_words_everywhere(
    cause: FindingCode, ending: EndingCode
) -> None:
    sentence = "The telephone said so."
    call = Call(
        ListedCaller(Wait()), _then(Dropped(at=0.0, close_code=None, reason=sentence, cause=cause)), hears=(GREETING,)
    )
    assert call.conversation.ending.code is ending
    assert call.conversation.ending.sentence == sentence
    assert [(found.code, found.sentence) for found in call.conversation.findings] == [(cause, sentence)]


def test_what_the_line_reports_is_in_the_record_and_our_own_loss_is_not_among_it() -> None:
    """The packets of a personality's bad line are sent, with silence in them: the telephone loses none."""
    media = MediaRecord(codec="PCMU", packets_sent=500, packets_received=500, lost_sent=0, round_trip=0.031)
    greet = polite(GREETING)

    def agent(line: LineInMemory) -> None:
        greet(line)
        line.report = LineReport(ringing=1.25, call_id="4711@127.0.0.1", media=media)

    noisy = Manner(packet_loss=0.3, idle_timeout=2.0, idle_prompts=1)
    call = Call(ListedCaller(BYE), agent, hears=(GREETING,), manner=noisy, encoding=Encoding.PCM_8K)
    assert (call.voice.ringing, call.voice.call_id, call.voice.media) == (1.25, "4711@127.0.0.1", media)
    assert call.voice.degraded == ()
    assert call.conversation.ringing == 1.25


def test_a_line_that_lost_much_makes_the_call_degraded() -> None:
    greet = polite(GREETING)
    reason = "12 % of the agent's packets were lost on their way to us."

    def agent(line: LineInMemory) -> None:
        greet(line)
        line.report = LineReport(media=MediaRecord(codec="PCMA"), degraded=(reason,))

    call = Call(ListedCaller(BYE), agent, hears=(GREETING,))
    assert call.voice.degraded == (reason,)
