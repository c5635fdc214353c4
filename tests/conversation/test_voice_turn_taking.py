"""The rules of a spoken call, one by one, with plain times and nothing else."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ringback.conversation.agent_voice import LONGEST_TURN
from ringback.conversation.endings import agent_hung_up
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.conversation.turn_taking import Ask, End, Finish
from ringback.conversation.voice_steps import Backchannel, BreakIn, Hear, Prompt, SayPlan, Step, StopSpeaking, Withdraw
from ringback.conversation.voice_turn_taking import VoiceTurnTaking
from ringback.domain.ending import EndingCode

NOTICED = 0.06
"""Seconds after which an edge of the agent's voice is known, as with the real model."""


@dataclass(kw_only=True)
class Talk:
    """Steps the rules each 20 ms against a timetable of the agent, with a caller that always has something to say."""

    agent: Sequence[tuple[float, float]] = ()
    """When the agent's voice sounds."""
    manner: Manner = field(default_factory=Manner)
    limits: Limits = field(default_factory=lambda: Limits(grace=0.5))
    end_of_turn: float = 0.5
    first: bool | None = True
    thinks: float = 0.1
    speaks: float = 2.0
    hears: float = 0.1
    protected: bool = False
    holds: float = 0.0
    """Seconds of hold behind the words."""
    silent: float = 0.0
    """Seconds of silence before the words."""
    ends_call: bool = False
    moves: int = 99
    """How many utterances there are; then the caller waits."""
    waits: float | None = None
    announced: float | None = None
    key: float | None = None
    stop_at: float | None = None
    hung_up_at: float | None = None
    follow_up: float | None = None
    """The second utterance is known beforehand, and breaks in so long into the agent's turn."""

    def until(self, end: float) -> "Talk":
        self.log: list[tuple[float, Step]] = []
        self.ours: list[list[float]] = []
        """Our stretches of words."""
        self.turns = VoiceTurnTaking(
            self.manner, self.limits, end_of_turn=self.end_of_turn, agent_speaks_first=self.first
        )
        self._timers: list[tuple[float, str]] = []
        self._from = self._until = -1.0
        self._talking = self._voice = False
        self._left = self.moves
        for tick in range(1, round(end / 0.02) + 1):
            now = round(tick * 0.02, 6)
            self._agent_at(now)
            self._mouth_at(now)
            for due, what in [timer for timer in self._timers if timer[0] <= now]:
                self._timers.remove((due, what))
                self._due(what, now)
            while (step := self.turns.next(now)) is not None:
                self.log.append((now, step))
                if isinstance(step, Finish):
                    return self
                self._do(step, now)
        return self

    def _agent_at(self, now: float) -> None:
        for start, end in self.agent:
            if _reached(now, start + NOTICED):
                self._voice = True
                self.turns.voice_began(start)
            if _reached(now, end + NOTICED):
                self.turns.voice_ended(end)
        if self.announced is not None and _reached(now, self.announced):
            self.turns.announced(now)
        if self.key is not None and _reached(now, self.key):
            self.turns.pressed(now)
        if self.stop_at is not None and _reached(now, self.stop_at):
            self.turns.stop(now)
        if self.hung_up_at is not None and _reached(now, self.hung_up_at):
            self.turns.hung_up(agent_hung_up())

    def _mouth_at(self, now: float) -> None:
        words_from, words_until = self._from + self.silent, self._from + self.silent + self.speaks
        if self._own:
            words_from, words_until = self._from, self._until
        if self._phrase_until:
            busy = now < self._phrase_until
            self.turns.mouth(now, speaking=True, protected=False, holding=False, busy=busy)
            if not busy:
                self._phrase_until = 0.0
                self.turns.spoken(now, words=False)
            return
        speaking = self._talking and words_from < now <= words_until
        busy = self._talking and now < self._until
        self.turns.mouth(
            now,
            speaking=speaking,
            protected=speaking and self.protected,
            holding=self._talking and not self._own and words_until < now <= words_until + self.holds,
            busy=busy,
        )
        if speaking:
            self.ours[-1][1] = now
        if self._talking and not busy:
            self._talking = False
            self.turns.spoken(now, words=not self._own)
            if self.follow_up is not None:
                self.turns.composing(ahead=True)
                self._timers.append((now + self.thinks, "follow"))

    _own = False
    _phrase_until = 0.0

    def _due(self, what: str, now: float) -> None:
        if what == "heard":
            self.turns.heard()
        elif what == "follow":
            self.turns.ready(interruption=self.follow_up)
            self.follow_up = None
        elif what == "thought":
            if self._left:
                self._left -= 1
                self.turns.ready(ends_call=self.ends_call)
            else:
                self.turns.waits(now, self.waits)
        elif what == "prompt":
            self.turns.ready()

    def _do(self, step: Step, now: float) -> None:
        match step:
            case Hear():
                self._timers.append((now + self.hears, "heard"))
            case Ask():
                self._own = False
                self.turns.composing()
                self._timers.append((now + self.thinks, "thought"))
            case Prompt():
                self._own = True
                self.turns.composing(prompt=True)
                self._timers.append((now + self.thinks, "prompt"))
            case Withdraw():
                self._left += any(what == "nothing" for _, what in self._timers)
                self._timers = [timer for timer in self._timers if timer[1] == "heard"]
            case SayPlan():
                self._from = now
                self._until = now + (1.0 if self._own else self.silent + self.speaks + self.holds)
                self._talking = True
                self.ours.append([now, now])
                self.turns.speaking(now)
            case BreakIn():
                self._phrase_until = now + 1.0
                self.turns.speaking(now, phrase=True)
            case StopSpeaking():
                self._talking = False
                self.turns.stopped(now, words=True)
            case End():
                self.turns.ended(now, step.ending)
            case _:
                pass

    def of(self, kind: type[Step]) -> list[float]:
        """When it was decided so."""
        return [at for at, step in self.log if isinstance(step, kind)]

    @property
    def ending(self) -> EndingCode:
        step = self.log[-1][1]
        assert isinstance(step, Finish)
        return step.ending.code


def _reached(now: float, at: float) -> bool:
    return now - 0.02 < at <= now + 1e-9


def test_a_turn_is_heard_after_its_silence_and_answered_when_its_words_have_come() -> None:
    talk = Talk(agent=[(0.1, 1.5)]).until(4)
    (heard_at,) = talk.of(Hear)
    assert heard_at == pytest.approx(2.0, abs=0.021)
    assert talk.of(Ask) == [pytest.approx(heard_at + 0.1, abs=0.021)]
    assert talk.of(SayPlan) == [pytest.approx(heard_at + 0.2, abs=0.041)]


def test_a_turn_lasts_as_long_as_its_pauses_are_short() -> None:
    talk = Talk(agent=[(0.1, 1.0), (1.3, 2.0), (2.4, 3.0)]).until(5)
    assert [step for _, step in talk.log if isinstance(step, Hear)] == [Hear(0.1, 3.0)]


def test_the_caller_opens_where_it_has_to() -> None:
    assert Talk(first=False).until(1).of(Ask)[0] == 0.02


def test_the_caller_opens_when_no_greeting_comes() -> None:
    talk = Talk(first=None).until(4)
    (at, ask), *_ = talk.log
    assert at == pytest.approx(2.0, abs=0.021)
    assert ask == Ask(opening=True, waited=False)


def test_a_greeting_within_the_opening_wait_is_listened_to() -> None:
    talk = Talk(first=None, agent=[(1.9, 3.0)]).until(4)
    assert [step for _, step in talk.log[:2]] == [Hear(1.9, 3.0), Ask(opening=False, waited=False)]


def test_a_greeting_that_comes_while_the_opening_is_thought_of_goes_first() -> None:
    talk = Talk(first=None, agent=[(2.1, 3.0)], thinks=1.0).until(4)
    kinds = [type(step) for _, step in talk.log]
    assert kinds == [Ask, Withdraw, Hear, Ask]
    assert talk.log[-1][1] == Ask(opening=False, waited=False)
    assert not talk.ours


def test_an_agent_that_breaks_in_is_stopped_for_within_200_ms_of_its_voice() -> None:
    talk = Talk(agent=[(0.1, 1.0), (2.5, 4.0)], speaks=5.0).until(4)
    assert talk.of(StopSpeaking)[0] - 2.5 <= 0.2 - 0.02, "and the frame that is on its way sounds 20 ms"


def test_after_it_was_interrupted_the_caller_waits_for_the_turn_and_the_backoff() -> None:
    manner = Manner(backoff=3.0)
    talk = Talk(agent=[(0.1, 1.0), (2.5, 2.9)], speaks=5.0, manner=manner).until(8)
    assert talk.of(SayPlan)[1] == pytest.approx(talk.of(StopSpeaking)[0] + 3.0, abs=0.041)


@pytest.mark.parametrize("blip", [0.05, 0.1])
def test_a_cough_stops_nobody_who_was_told_to_wait_for_words(blip: float) -> None:
    talk = Talk(agent=[(0.1, 1.0), (2.5, 2.5 + blip)], speaks=3.0, manner=Manner(stop_seconds=0.5)).until(8)
    assert not talk.of(StopSpeaking)
    assert talk.ours[0][1] - talk.ours[0][0] == pytest.approx(3.0, abs=0.03)


def test_words_to_stop_for_are_counted_by_their_time() -> None:
    talk = Talk(agent=[(0.1, 1.0), (2.5, 6.0)], speaks=5.0, manner=Manner(stop_words=3)).until(5)
    assert talk.of(StopSpeaking)[0] - 2.5 == pytest.approx(0.9 - 0.064, abs=0.03)


def test_an_agent_that_announces_its_speech_is_stopped_for_at_once() -> None:
    talk = Talk(agent=[(0.1, 1.0)], speaks=5.0, announced=3.0).until(4)
    assert talk.of(StopSpeaking) == [pytest.approx(3.0, abs=0.021)]


def test_what_is_protected_goes_on() -> None:
    talk = Talk(agent=[(0.1, 1.0), (2.5, 6.0)], speaks=3.0, protected=True, announced=2.6).until(9)
    assert not talk.of(StopSpeaking)
    assert talk.of(Hear)[1] == pytest.approx(6.5, abs=0.021), "and what the agent says meanwhile is heard"


def test_what_the_agent_says_within_our_words_wants_no_answer_of_its_own() -> None:
    talk = Talk(agent=[(0.1, 1.0), (2.5, 3.0)], speaks=4.0, protected=True).until(9)
    assert len(talk.of(Hear)) == 2
    assert len(talk.of(Ask)) == 1


def test_the_agent_may_break_into_a_silence() -> None:
    talk = Talk(agent=[(0.1, 1.0), (3.0, 4.0)], silent=5.0).until(6)
    assert talk.of(StopSpeaking) == [pytest.approx(3.14, abs=0.041)]


def test_on_hold_the_agent_is_heard_and_answered_when_the_hold_is_over() -> None:
    talk = Talk(agent=[(0.1, 1.0), (5.0, 6.0)], speaks=2.0, holds=15.0).until(21)
    assert not talk.of(StopSpeaking)
    assert not talk.of(Prompt)
    over = talk.ours[0][1] + 15.0
    assert talk.of(Hear)[1] < over
    assert talk.of(Ask)[1] == pytest.approx(over, abs=0.041)


def test_a_hold_pauses_the_idle_timer() -> None:
    talk = Talk(agent=[(0.1, 1.0)], speaks=2.0, holds=15.0).until(33)
    assert talk.of(Prompt) == [pytest.approx(talk.ours[0][1] + 15.0 + 10.0, abs=0.06)]


def test_an_agent_that_says_more_before_we_speak_makes_the_caller_think_again() -> None:
    talk = Talk(agent=[(0.1, 1.0), (1.8, 3.0)], thinks=1.0).until(5.5)
    assert [type(step) for _, step in talk.log] == [Hear, Ask, Withdraw, Hear, Ask, SayPlan]
    assert len(talk.turns.observations) == 1


def test_a_cough_before_we_speak_makes_nobody_think_again() -> None:
    talk = Talk(agent=[(0.1, 1.0), (1.8, 1.9)], thinks=1.0).until(4)
    assert not talk.of(Withdraw)
    assert len(talk.of(SayPlan)) == 1


def test_after_so_many_recompositions_the_reply_is_said_when_the_agent_pauses() -> None:
    agent = [(0.1, 1.0), *((1.8 + 2 * n, 2.6 + 2 * n) for n in range(6))]
    talk = Talk(agent=agent, thinks=1.5, limits=Limits(recompositions=2)).until(8)
    assert len(talk.of(Withdraw)) == 2
    assert len(talk.of(SayPlan)) == 1


def test_the_start_delay_counts_from_the_end_of_the_turn() -> None:
    talk = Talk(agent=[(0.1, 1.0)], manner=Manner(start_delay=2.0)).until(4)
    assert talk.of(SayPlan) == [pytest.approx(3.0, abs=0.021)]


def test_after_mutual_silence_the_caller_asks_thrice_and_gives_up() -> None:
    talk = Talk(first=True, manner=Manner(idle_timeout=5.0)).until(60)
    assert talk.ending is EndingCode.AGENT_SILENT
    assert len(talk.of(Prompt)) == 3
    assert talk.of(Prompt)[0] == pytest.approx(5.0, abs=0.021)
    assert talk.of(Finish) == [pytest.approx(talk.ours[2][1] + 5.0, abs=0.06)]


def test_an_agent_that_speaks_again_is_given_all_prompts_again() -> None:
    agent = [(0.0, 1.0), (14.0, 15.0)]
    talk = Talk(agent=agent, moves=0, manner=Manner(idle_timeout=5.0, idle_prompts=2)).until(60)
    assert len(talk.of(Prompt)) == 4
    assert talk.ending is EndingCode.AGENT_SILENT


def test_a_caller_that_waits_on_purpose_does_not_ask_whether_anybody_is_there() -> None:
    talk = Talk(agent=[(0.0, 1.0)], moves=0, waits=30.0).until(40)
    asked = [step for _, step in talk.log if isinstance(step, Ask)]
    assert asked == [Ask(opening=False, waited=False), Ask(opening=False, waited=True)]
    assert not talk.of(Prompt)


def test_a_caller_that_thinks_long_is_not_the_agents_silence() -> None:
    talk = Talk(agent=[(0.0, 1.0)], thinks=25.0).until(30)
    assert not talk.of(Prompt)
    assert len(talk.of(SayPlan)) == 1


def test_an_agent_that_does_not_stop_is_heard_and_answered_all_the_same() -> None:
    talk = Talk(agent=[(0.0, 500.0)]).until(100)
    assert talk.log[0][1] == Hear(0.0, pytest.approx(LONGEST_TURN, abs=0.021))  # pyright: ignore[reportArgumentType] - compares as a number
    assert talk.of(SayPlan)[0] < LONGEST_TURN + 1
    assert talk.ours[0][1] - talk.ours[0][0] == pytest.approx(2.0, abs=0.03), "it is not stopped for what went before"


def test_a_key_of_the_agents_wants_an_answer() -> None:
    talk = Talk(key=1.0).until(3)
    assert talk.of(SayPlan) == [pytest.approx(1.5, abs=0.021)]


def test_a_goodbye_is_given_time_to_arrive() -> None:
    talk = Talk(agent=[(0.1, 1.0)], ends_call=True).until(10)
    assert talk.ending is EndingCode.CALLER_ENDED
    assert talk.of(Finish) == [pytest.approx(talk.ours[0][1] + 0.5, abs=0.041)]


def test_a_goodbye_that_was_broken_off_is_not_said_again() -> None:
    talk = Talk(agent=[(0.1, 1.0), (2.5, 4.0)], speaks=3.0, ends_call=True).until(10)
    assert len(talk.ours) == 1
    assert talk.ending is EndingCode.CALLER_ENDED
    assert talk.of(Finish)[0] > 4.5, "the agent is heard out"


def test_an_agent_that_hangs_up_ends_the_call_whatever_happens() -> None:
    talk = Talk(agent=[(0.1, 1.0)], hung_up_at=2.5).until(10)
    assert talk.ending is EndingCode.AGENT_ENDED
    assert talk.of(Finish) == [pytest.approx(2.5, abs=0.021)]


def test_an_agent_that_hangs_up_after_our_goodbye_did_not_end_the_call() -> None:
    talk = Talk(agent=[(0.1, 1.0)], ends_call=True, hung_up_at=4.1).until(10)
    assert talk.ending is EndingCode.CALLER_ENDED


def test_no_call_lasts_longer_than_it_may() -> None:
    talk = Talk(agent=[(0.0, 500.0)], limits=Limits(max_duration=7.0)).until(10)
    assert talk.ending is EndingCode.MAX_DURATION
    assert talk.of(Finish) == [pytest.approx(7.0, abs=0.021)]


def test_a_user_who_stops_lets_the_agent_finish_its_turn() -> None:
    talk = Talk(agent=[(0.0, 3.0)], stop_at=1.0).until(10)
    assert talk.ending is EndingCode.CANCELLED
    assert talk.of(Hear) == [pytest.approx(3.5, abs=0.021)]
    assert not talk.ours


def test_a_user_who_stops_does_not_wait_for_ever() -> None:
    talk = Talk(agent=[(0.0, 300.0)], stop_at=1.0).until(10)
    assert talk.ending is EndingCode.CANCELLED
    assert talk.of(End) == [pytest.approx(6.0, abs=0.021)]


def test_a_follow_up_breaks_into_the_next_turn_at_its_time() -> None:
    talk = Talk(agent=[(0.1, 1.0), (5.0, 12.0)], follow_up=3.0, moves=1).until(11)
    assert talk.of(SayPlan)[1] == pytest.approx(8.0, abs=0.021)
    assert not talk.of(StopSpeaking), "the agent was speaking before, it does not break in"


def test_a_follow_up_does_not_wait_for_a_turn_that_was_too_short() -> None:
    talk = Talk(agent=[(0.1, 1.0), (5.0, 6.0)], follow_up=3.0, moves=1).until(8)
    assert talk.of(SayPlan)[1] == pytest.approx(6.5, abs=0.041)


def test_a_follow_up_does_not_wait_for_a_turn_that_never_comes() -> None:
    talk = Talk(agent=[(0.1, 1.0)], follow_up=3.0, moves=1).until(20)
    assert talk.of(SayPlan)[1] == pytest.approx(talk.ours[0][1] + 10.0, abs=0.06)


def test_a_caller_that_interrupts_breaks_in_and_is_asked_when_the_agent_has_yielded() -> None:
    manner = Manner(interruption_chance=1.0, interruption_after=2.0)
    talk = Talk(agent=[(0.1, 2.5)], manner=manner).until(6)
    assert talk.of(BreakIn) == [pytest.approx(2.1, abs=0.021)]
    assert len(talk.of(Ask)) == 1, "although the agent said its last words within ours"
    assert talk.of(Ask)[0] >= 3.1


def test_an_agent_that_does_not_yield_is_heard_out() -> None:
    manner = Manner(interruption_chance=1.0, interruption_after=2.0)
    talk = Talk(agent=[(0.1, 9.0)], manner=manner).until(12)
    assert len(talk.of(BreakIn)) == 1, "once a turn"
    assert not talk.of(StopSpeaking)
    assert talk.of(Ask) == [pytest.approx(9.6, abs=0.041)]


def test_whom_the_caller_interrupts_is_a_matter_of_the_seed() -> None:
    manner = Manner(interruption_chance=0.5, interruption_after=0.5)

    def interrupted(seed: int) -> list[int]:
        turns = VoiceTurnTaking(manner, Limits(), end_of_turn=0.5, agent_speaks_first=True, seed=seed)
        numbers: list[int] = []
        for number in range(12):
            turns.voice_began(3.0 * number + 1)
            if isinstance(turns.next(3.0 * number + 2), BreakIn):
                numbers.append(number)
            turns.voice_ended(3.0 * number + 2)
            turns.next(3.0 * number + 2.6)
        return numbers

    assert interrupted(1) == interrupted(1) != interrupted(2)
    assert 2 < len(interrupted(1)) < 10


def test_who_listens_long_says_so_and_leaves_the_turn_to_the_agent() -> None:
    talk = Talk(agent=[(0.1, 14.0)], manner=Manner(backchannels=True)).until(13)
    said = talk.of(Backchannel)
    assert 2 <= len(said) <= 3
    assert 4.1 <= said[0] <= 6.2
    assert [type(step) for _, step in talk.log] == [Backchannel] * len(said)


def test_a_user_who_stops_during_a_greeting_lets_the_agent_finish_it() -> None:
    talk = Talk(first=None, agent=[(0.1, 1.0)], stop_at=0.5).until(5)
    assert [type(step) for _, step in talk.log] == [Hear, End, Finish]


@pytest.mark.parametrize("seed", range(100))
def test_whatever_the_agent_does_the_call_ends_and_nobody_speaks_out_of_turn(seed: int) -> None:
    """Agents that speak and pause at random: each turn is heard once, and all of it; every call ends in time."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    agent: list[tuple[float, float]] = []
    at = chance.uniform(0, 3)
    while at < 28:
        end = at + chance.choice([0.1, 0.5, 2.0, 6.0]) * chance.uniform(0.5, 1.5)
        agent.append((at, end))
        at = end + chance.choice([0.1, 0.3, 1.0, 4.0]) * chance.uniform(0.8, 1.5)
    talk = Talk(
        agent=agent,
        manner=Manner(idle_timeout=3, backoff=chance.choice([0, 1]), start_delay=chance.choice([0, 0.5])),
        limits=Limits(max_duration=30, grace=0.5),
        first=chance.choice([None, True, False]),
        thinks=chance.choice([0.0, 0.2, 1.5]),
        hears=chance.choice([0.0, 0.3]),
        speaks=chance.choice([0.3, 2.0, 5.0]),
        silent=chance.choice([0.0, 1.0]),
        holds=chance.choice([0.0, 2.0]),
        protected=chance.random() < 0.2,
        moves=chance.choice([3, 99]),
    ).until(31)
    assert talk.ending in (EndingCode.MAX_DURATION, EndingCode.AGENT_SILENT)
    turns = [step for _, step in talk.log if isinstance(step, Hear)]
    heard_until = talk.turns.turn_from or talk.log[-1][0] - 0.7
    for start, end in agent:
        if end < heard_until:
            assert sum(turn.start <= start and end <= turn.end for turn in turns) == 1
    for said_at in talk.of(SayPlan):
        assert not any(turn.start + NOTICED + 0.02 < said_at < turn.end for turn in turns)
