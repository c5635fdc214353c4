"""Whose turn it is in a spoken call: the rules as a state machine without I/O.

What happens is told to it with its time; `next` answers what to do now. All times are seconds from the call's start on
the clock of the recording. `next` is to be asked every 20 ms, again and again until it answers None.

The agent's turn is its voice until `end_of_turn` seconds of silence; then the whole turn is heard, and when its words
have come the caller is asked. Nothing here depends on what was said.
"""

from enum import Enum, auto

from ringback.channels.line import FRAME_SECONDS
from ringback.conversation.agent_voice import AgentVoice
from ringback.conversation.endings import agent_quiet, caller_ended, cancelled, kept_on_hold, max_duration
from ringback.conversation.interjections import Interjections
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.conversation.turn_taking import Ask, End, Finish, Observation
from ringback.conversation.voice_steps import BreakIn, Hear, Prompt, SayPlan, Step, StopSpeaking, Withdraw
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import Ending, EndingCode

EDGE_BEFORE = 0.064
"""Seconds by which a voice may have begun before the model that hears it says so: two of its chunks."""

SECONDS_A_WORD = 0.3
"""How long a spoken word takes: `stop_words` are counted by it, for words are only heard when the turn is over."""

_SURE = 0.2
"""Seconds of voice that make the caller think its reply over; less is a cough."""

_SHORTEST_WAIT = 0.01
"""Seconds between two questions to a caller that says nothing."""


class _Phase(Enum):
    LISTENING = auto()
    COMPOSING = auto()
    """The caller thinks, or its words are made into sound."""
    READY = auto()
    SPEAKING = auto()
    CLOSING = auto()
    """The end has been said; nothing leads back from it."""


_LISTENING, _COMPOSING, _READY, _SPEAKING, _CLOSING = _Phase  # a member's name is looked up slowly


class VoiceTurnTaking:
    """The state of one spoken call."""

    def __init__(
        self, manner: Manner, limits: Limits, *, end_of_turn: float, agent_speaks_first: bool | None, seed: int = 0
    ) -> None:
        """A call that has just been opened.

        Args:
            manner: The caller's.
            limits: Of them `opening_wait`, `grace`, `grace_when_stopped`, `max_duration`, `inactivity`,
                `longest_hold`, `recompositions` and `finish_turn` count.
            end_of_turn: Seconds of silence that end a turn of the agent's.
            agent_speaks_first: None: listen for a greeting, then open.
            seed: Of the chances: the same seed breaks into the same turns.
        """
        self._manner = manner
        self._limits = limits
        self._end_of_turn = end_of_turn
        self._interjections = Interjections(manner, seed)
        self._stop_after = max(manner.stop_seconds, manner.stop_words * SECONDS_A_WORD)
        self._phase = _LISTENING
        # The agent
        self._voice = AgentVoice(end_of_turn)
        self._hearing = 0  # turns whose words have not come yet
        self._fresh = False  # the caller has not been asked about what came
        self._counts: list[bool] = []  # whether each turn that is being heard wants an answer
        self._announced_at = -1.0
        # Our mouth
        self._speaking = self._protected = self._holding = self._busy = False
        self._own_until = -1.0  # our last sound with words
        self._spoke_from = 0.0
        self._over_agent = False  # we talk into a turn of the agent's on purpose
        self._phrase = False  # what we say is a phrase to break in with, and the reply comes after it
        self._yielded = False  # the agent broke in, so its turn is to be answered
        # The caller
        self._begun = False
        self._waits = False
        self._owed = False
        self._ahead = False
        self._own_prompt = False  # what is being composed is not the caller's
        self._ends_call = False
        self._farewell_broken = False
        self._interruption: float | None = None
        self._ask_again_at: float | None = None
        if agent_speaks_first is None:
            self._ask_again_at = limits.opening_wait
        elif not agent_speaks_first:
            self._ask_again_at = 0.0
        self._not_before = 0.0
        self._recompositions = 0
        self._quiet_from = 0.0
        self._prompts = 0
        self._held_from: float | None = None  # the agent holds us since then
        self._listens_until = 0.0  # it is just back
        self._stop_at: float | None = None
        self._ending: Ending | None = None
        self._closing_until = self._rest_until = 0.0
        self.utterances = 0
        """How many utterances with words the caller has said."""
        self.observations: list[Observation] = []
        """To be taken and recorded after each call."""

    @property
    def closing(self) -> bool:
        """The end of the call has been said; what comes now is recorded, not answered."""
        return self._phase is _CLOSING

    def _enter(self, phase: _Phase) -> None:
        if self._phase is not _CLOSING:  # a move that comes, or words that end, when the line is closed already
            self._phase = phase

    @property
    def turn_from(self) -> float | None:
        """When the agent's turn began that has not been heard yet."""
        return self._voice.turn_from

    # What the agent does

    def voice_began(self, at: float) -> None:
        """The agent's voice is heard, from this time on."""
        if self._voice.began(at):
            self._turn_begins(at)

    def voice_ended(self, at: float) -> None:
        """The agent's voice is heard no more."""
        self._voice.ended(at)

    def _turn_begins(self, at: float) -> None:
        self._prompts = 0
        self._begun = True
        self._interjections.turn_begins(at, listening=self._phase is _LISTENING and self._held_from is None)

    def announced(self, at: float) -> None:
        """The agent says that it begins to speak; one that we talk to is stopped for at once."""
        self._announced_at = at

    def pressed(self, at: float) -> None:
        """The agent pressed a key: that wants an answer as words do."""
        self._begun = self._fresh = True
        self._prompts = 0
        self._not_before = max(self._not_before, at + self._end_of_turn)

    def put_on_hold(self, at: float) -> None:
        """The agent holds us and does not listen: what it says until it is back is heard, and answered then."""
        if self._held_from is None:
            self._held_from = at
            self._interjections.none()

    def taken_off_hold(self, at: float) -> None:
        """The agent is back; it speaks first if it wants to."""
        self._held_from = None
        self._prompts = 0
        self._listens_until = at + self._end_of_turn
        self._not_before = max(self._not_before, self._listens_until)

    def heard(self) -> None:
        """The words of the oldest turn that was to be heard have been recorded."""
        self._hearing -= 1
        if self._counts.pop(0):
            self._fresh = True

    def hung_up(self, ending: Ending, *, until: float = 0.0) -> None:
        """The line is closed, or the agent said the end; what is left of its sound is played until then."""
        self._ending = self._ending or ending
        self._phase = _CLOSING
        self._closing_until = self._rest_until = max(until, self._rest_until)

    # What our mouth does

    def mouth(self, now: float, *, speaking: bool, protected: bool, holding: bool, busy: bool) -> None:
        """What the mouth was doing in the frame before `now`."""
        self._speaking, self._protected, self._holding, self._busy = speaking, protected, holding, busy
        if speaking and self._phase is _SPEAKING:
            self._own_until = now
            self._fresh = self._fresh and self._phrase  # what was said before is answered by this
        idle = self._phase is _LISTENING or (self._ahead and self._phase in (_COMPOSING, _READY))
        if not idle or self._held_from is not None or self._voice.sounds or speaking or holding or self._hearing:
            self._quiet_from = now

    # What the caller does

    def composing(self, *, prompt: bool = False, ahead: bool = False) -> None:
        """The caller is being asked.

        Args:
            prompt: It is not: words of our own are made.
            ahead: What is to break into the agent's next turn is made, so that no word of the agent's voids it.
        """
        self._enter(_COMPOSING)
        self._own_prompt = prompt
        self._ahead = ahead
        if prompt:
            self._prompts += 1
        else:
            self._fresh = self._owed = self._waits = False
        self._ask_again_at = None

    def waits(self, now: float, seconds: float | None) -> None:
        """The caller wants to hear more, or to be asked again after so many seconds."""
        self._enter(_LISTENING)
        self._waits = True
        self._ask_again_at = None if seconds is None else now + max(seconds, _SHORTEST_WAIT)

    def ready(self, *, interruption: float | None = None, ends_call: bool = False) -> None:
        """The words are laid out; `interruption`: seconds into the agent's next turn at which they break in."""
        self._enter(_READY)
        self._interruption = interruption
        self._ends_call = ends_call

    def speaking(self, now: float, *, phrase: bool = False) -> None:
        """The mouth has been given its words; `phrase`: those that only break in."""
        self._enter(_SPEAKING)
        self._begun = True
        self._spoke_from = now
        self._phrase = phrase
        self._ends_call = self._ends_call and not phrase
        self._over_agent = self._voice.turn_from is not None
        self._interjections.none()

    def spoken(self, now: float, *, words: bool, again: bool = False) -> None:
        """The mouth has played all of it.

        Args:
            now: Where its last frame ended.
            words: It was an utterance of the caller's with words.
            again: It was nothing but a silence: ask the caller for what follows.
        """
        phrase, hangs_up = self._phrase, self._ends_call
        self._after_speech()
        self.utterances += words
        if hangs_up:
            self.ended(now, caller_ended())
        elif phrase:
            self._fresh = True
        elif again:
            self._ask_again_at = now + _SHORTEST_WAIT
        self._owed = True

    def stopped(self, now: float, *, words: bool) -> None:
        """The mouth was stopped, for the agent broke in; `words`: some of the caller's were said."""
        self._farewell_broken = self._ends_call
        self._after_speech()
        self.utterances += words
        self._yielded = True
        self._not_before = now + self._manner.backoff

    def goes_on(self) -> None:
        """The mouth was stopped, but what it has left is protected: that is played to its end."""
        self._over_agent = True
        self._announced_at = -1.0

    def _after_speech(self) -> None:
        self._enter(_LISTENING)
        self._phrase = self._ends_call = self._over_agent = False
        self._interruption = self._ask_again_at = None
        self._recompositions = 0

    def ended(self, now: float, ending: Ending) -> None:
        """The end of the call was said or decided by us; the line stays open for the grace."""
        if self.closing:
            return
        self._phase = _CLOSING
        self._ending = ending
        graces = {EndingCode.CALLER_ENDED: self._limits.grace, EndingCode.CANCELLED: self._limits.grace_when_stopped}
        self._closing_until = now + (graces.get(ending.code) or 0.0)

    def stop(self, now: float) -> None:
        """The user stops the run: an agent that owes a turn may finish it, for a limited time."""
        open_turn = self._voice.turn_from is not None or self._hearing > 0
        owed = (self._fresh or self._owed) and self._ask_again_at is None
        owes_turn = self._phase is _LISTENING and (open_turn or owed)
        self._stop_at = now + self._limits.finish_turn if owes_turn else now
        self._closing_until = min(self._closing_until, now + self._limits.finish_turn)

    # What to do

    def next(self, now: float) -> Step | None:  # noqa: PLR0911 - a table of rules: the first that fits decides
        """What to do at this time; None: nothing more before the next frame."""
        if self._ending is not None and now >= self._closing_until:
            return Finish(self._ending)
        if step := self._turn_over(now):
            return step
        if self._phase is _CLOSING:
            return None
        if now >= self._limits.max_duration:
            return End(max_duration(self._limits.max_duration))
        if self._stop_at is not None and now >= self._stop_at:
            return End(cancelled())
        step = self._step(now)
        if self._stop_at is not None and isinstance(step, Ask | SayPlan | Prompt | BreakIn):
            return End(cancelled())
        return step

    def _turn_over(self, now: float) -> Hear | None:
        """The agent's turn, where it is over or as long as a turn may become."""
        turn = self._voice.turn_over(now)
        if turn is None:
            return None
        self._over_agent = self._voice.turn_from is not None  # an agent that does not stop is answered all the same
        self._hearing += 1
        in_our_words = turn.end <= self._own_until or (self._speaking and self._phase is _SPEAKING)
        self._counts.append(self._yielded or not in_our_words)
        self._yielded = False
        self._not_before = max(self._not_before, turn.end + self._manner.start_delay)
        return turn

    def _step(self, now: float) -> Step | None:
        if self._phase is _SPEAKING:
            return StopSpeaking() if self._agent_breaks_in(now) else None
        if self._held_from is not None:
            held = now - self._held_from
            return End(kept_on_hold(held)) if held >= self._limits.longest_hold else None
        if self._phase is _LISTENING:
            return self._while_listening(now)
        if self._agent_goes_on(now):
            return self._withdraw()
        if self._phase is _READY and self._may_speak(now):
            return SayPlan()
        return None

    def _agent_breaks_in(self, now: float) -> bool:
        """Whether we have to stop before the next frame of ours."""
        if not self._busy or self._protected or self._holding:
            return False
        if self._announced_at >= self._spoke_from:  # or in the 20 ms in which we began
            return True
        yields = self._voice.sounds and not self._over_agent
        return yields and self._voice.lasts(now + FRAME_SECONDS) > self._stop_after - EDGE_BEFORE

    def _while_listening(self, now: float) -> Step | None:  # noqa: PLR0911 - a table of rules: the first that fits decides
        if self._voice.turn_from is not None and not self._over_agent:
            return self._into_the_turn(now)
        if self._hearing or now < self._listens_until:
            return None
        if self._fresh:
            return End(caller_ended()) if self._farewell_broken else Ask(opening=False, waited=False)
        silence = now - self._quiet_from
        if self._ask_again_at is not None:
            if now >= self._ask_again_at:
                return Ask(opening=not self._begun, waited=self._waits)
            return End(agent_quiet(silence, 0)) if silence >= self._limits.inactivity else None
        if silence < self._manner.idle_timeout or self._busy:
            return None
        if self._prompts < self._manner.idle_prompts:
            return Prompt()
        return End(agent_quiet(silence, self._prompts))

    def _into_the_turn(self, now: float) -> Step | None:
        """What we say while the agent speaks on."""
        return self._interjections.due(now) if self._voice.sounds and not self._busy else None

    def _agent_goes_on(self, now: float) -> bool:
        """Whether the agent said more before our words were, so that the caller has to think again."""
        if self._voice.lasts(now) < _SURE or self._over_agent or self._ahead:
            return False
        return self._own_prompt or self._recompositions < self._limits.recompositions

    def _withdraw(self) -> Withdraw:
        self._enter(_LISTENING)
        self._interruption = None
        if not self._own_prompt:
            self._yielded = True  # the turn that has begun wants an answer, whatever becomes of its words
            self._recompositions += 1
            self.observations.append(
                Observation(
                    FindingCode.RECOMPOSED_REPLY,
                    "The agent said more before the caller's reply was said; it is composed again "
                    f"({self._recompositions} of at most {self._limits.recompositions} times in this turn).",
                )
            )
        return Withdraw()

    def _may_speak(self, now: float) -> bool:
        if self._interruption is not None:
            if self._voice.turn_from is not None:
                return now >= self._voice.turn_from + self._interruption
            too_short = self._hearing > 0  # the turn was over before we could break into it
            return too_short or now - self._quiet_from >= self._manner.idle_timeout
        return now >= self._not_before and (self._voice.turn_from is None or self._over_agent)
