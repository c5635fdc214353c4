"""One spoken call between its opening and its end: what the rules decide, done on the line.

The clock steps it every 20 ms; what takes longer (recognising, thinking, making words into sound) runs in tasks beside
it, while the line gets silence or background noise. Times are seconds of the recording, from the call's start.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import numpy as np

from ringback.callers.caller import Caller, FollowsUp, HangUp, Heard, Move, Say, Wait
from ringback.channels.line import FRAME_SECONDS, Line
from ringback.conversation.agent_hearing import AgentHearing, AgentTurn
from ringback.conversation.endings import after_failure, caller_ended, max_turns
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.conversation.mouth import prepare
from ringback.conversation.own_speech import OwnSpeech, Speech
from ringback.conversation.plan import Plan
from ringback.conversation.recorder import Recorder
from ringback.conversation.spoken_phrases import PhrasePlans, phrases_in
from ringback.conversation.turn_taking import Ask, End, Finish
from ringback.conversation.voice_record import VoiceNotes
from ringback.conversation.voice_steps import (
    Backchannel,
    BreakIn,
    Hear,
    Prompt,
    SayPlan,
    Step,
    StopSpeaking,
    Withdraw,
)
from ringback.conversation.voice_turn_taking import VoiceTurnTaking
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import Ending
from ringback.domain.utterance import Utterance, VoiceDirective
from ringback.domain.voice import Side
from ringback.errors import CallerError, RingbackError, SpeechUnavailable
from ringback.speech.audio import Samples
from ringback.speech.speech_to_text import SpeechToText
from ringback.speech.text_to_speech import TextToSpeech
from ringback.speech.tones import KeyDetector
from ringback.speech.voice_activity import Ear

_NOTHING_TO_SAY = Say(Utterance.of("Hello"))
"""What a caller says that must open the call and has no words of its own."""

_MOST_DECISIONS = 20
"""In one frame; a defect of the rules must not hold up the clock of all calls."""

_HEARING_PATIENCE = 30.0
"""Seconds in which the agent's last turns may still be recognised when the call is over."""


class SpokenExchange:
    """A call that its clock steps; `over` is its ending when it has come."""

    def __init__(
        self,
        line: Line,
        caller: Caller,
        recorder: Recorder,
        *,
        ear: Ear,
        notes: VoiceNotes,
        text_to_speech: TextToSpeech,
        speech_to_text: SpeechToText,
        manner: Manner,
        limits: Limits,
        end_of_turn: float,
        agent_speaks_first: bool | None,
        language: str,
        seed: int,
    ) -> None:
        rate = line.encoding.rate
        self.line = line
        self.ear = ear
        self.over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.failure: RingbackError | None = None
        """Why our side could not go on."""
        self.now = 0.0
        """How much of the call has been heard; where our next frame begins."""
        self._caller = caller
        self._recorder = recorder
        self._notes = notes
        self._text_to_speech = text_to_speech
        self._manner = manner
        self._limits = limits
        self._language = language
        self._rate = rate
        first = True if caller.waits_for_agent_first else agent_speaks_first
        self.turns = VoiceTurnTaking(manner, limits, end_of_turn=end_of_turn, agent_speaks_first=first, seed=seed)
        self._own = OwnSpeech(line, recorder, notes, manner, seed)
        self._hearing = AgentHearing(speech_to_text, recorder, rate, language)
        self._keys = KeyDetector(rate)
        self._phrases = phrases_in(language)
        self._phrase_plans = PhrasePlans(self._lay_out)
        self._sending: Samples = np.zeros(line.encoding.frame_samples, np.int16)
        self._ticks = 0
        self._voice_began: float | None = None
        self._chosen: Speech | None = None
        self._composing: asyncio.Task[None] | None = None
        self._defect: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._hearings: set[asyncio.Task[None]] = set()
        for sentence in manner.skipped:
            recorder.remark(FindingCode.DIRECTIVE_SKIPPED, sentence)
        if manner.backchannels:
            self._spawn(self._make(self._phrases.backchannel))
        if manner.interruption_chance > 0:
            self._spawn(self._make(self._phrases.break_in))

    # By the clock

    def step(self, heard: Samples) -> Samples:
        """Take the agent's frame, decide, and give our frame for the next tick."""
        self._ticks += 1
        self.now = now = self._ticks * FRAME_SECONDS
        self._notes.add(self._sending, heard)
        self._listen(heard)
        own, mouth = self._own, self._own.mouth
        self.turns.mouth(
            now, speaking=mouth.speaking, protected=mouth.protected, holding=mouth.holding, busy=mouth.busy
        )
        self._spoken(own.collect(now))
        self._decide(now)
        self._sending = own.frame(now)
        return self._sending

    def _decide(self, now: float) -> None:
        for _ in range(_MOST_DECISIONS):
            step = self.turns.next(now)
            if step is None:
                return
            self._record_observations()
            self._do(step)
            if isinstance(step, Finish):
                return
        raise RuntimeError("The rules of turns decide without end.")

    def broke(self, defect: Exception) -> None:
        """Something of ours is broken: the call is over with it."""
        self._defect = defect
        if not self.over.done():
            self.over.set_exception(defect)

    def _listen(self, heard: Samples) -> None:
        ear, turns = self.ear, self.turns
        if ear.voice and self._voice_began is None:
            self._voice_began = (ear.began or 0) / self._rate
            turns.voice_began(self._voice_began)
            self._notes.note(self._voice_began, "voice_began")
        elif not ear.voice and self._voice_began is not None:
            ended = (ear.ended or 0) / self._rate
            turns.voice_ended(ended)
            self._notes.agent_spoke(self._voice_began, ended)
            self._voice_began = None
        self._hearing.add(heard, turn_from=turns.turn_from)
        if (key := self._keys.feed(heard)) is not None:
            self.agent_pressed(key)

    def agent_pressed(self, digit: str) -> None:
        """The agent pressed a key: a line of the transcript, in the reference product's words."""
        if self._notes.pressed(self.now, digit, Side.AGENT):
            self._recorder.spoke(Role.AGENT, f"Main Agent sent DTMF: {digit}", self.now, self.now)
            self.turns.pressed(self.now)

    # What the rules decide

    def _do(self, step: Step) -> None:  # noqa: C901, PLR0912 - a table: one decision, one case
        match step:
            case Hear():
                self._hear(step)
            case Ask():
                self.turns.composing()
                self._compose(self._ask(step))
            case Prompt():
                self.turns.composing(prompt=True)
                self._compose(self._prompt())
            case Withdraw():
                self._withdraw()
            case SayPlan():
                self._say()
            case StopSpeaking():
                self._stop_speaking()
            case BreakIn():
                if plan := self._phrase_plans.ready(self._phrases.break_in):
                    self._own.say(Speech(plan=plan))
                    self.turns.speaking(self.now, phrase=True)
            case Backchannel():
                if plan := self._phrase_plans.ready(self._phrases.backchannel):
                    self._own.say(Speech(plan=plan, backchannel=True))
            case End():
                self.end(step.ending)
            case Finish():
                if not self.over.done():
                    self.over.set_result(step.ending)

    def _record_observations(self) -> None:
        for observation in self.turns.observations:
            self._recorder.remark(observation.code, observation.sentence)
        self.turns.observations.clear()

    def hung_up(self, ending: Ending, rest: float = 0.0) -> None:
        """The agent has ended the call; `rest`: seconds of its sound that are to be played before it is over."""
        self._fall_silent()
        self.turns.hung_up(ending, until=self.now + rest)

    def _fall_silent(self) -> None:
        self._spoken(self._own.give_up(self.now))
        self._withdraw()

    def end(self, ending: Ending) -> None:
        """End the call from our side."""
        self._fall_silent()
        if not self.turns.closing:
            self._recorder.spoke(Role.CALLER, "", self.now, self.now, ends_call=True)
        self.turns.ended(self.now, ending)

    def _fail(self, failure: RingbackError) -> None:
        if self.failure is None:
            self.failure = failure
            if not self.over.done():
                self.end(after_failure(failure))

    # Hearing

    def _hear(self, step: Hear) -> None:
        answers = self._own.words_ended
        if answers is not None and (self._own.current is not None or step.end <= answers):
            answers = None  # it lies within our words
        elif answers is not None:
            self._own.words_ended = None
        task = self._spawn(self._heard(self._hearing.turn(step.start, step.end, answers=answers)))
        self._hearings.add(task)
        task.add_done_callback(self._hearings.discard)

    async def _heard(self, turn: AgentTurn) -> None:
        await self._hearing.hear(turn)
        if not self.over.done():
            self.turns.heard()

    # The caller's move

    def _compose(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._composing = self._spawn(coroutine)

    def _withdraw(self) -> None:
        self._chosen = None
        composing, self._composing = self._composing, None
        if composing is not None and composing is not asyncio.current_task():
            composing.cancel()

    async def _ask(self, step: Ask) -> None:
        try:
            if step.opening:
                move = await self._caller.open()
                if isinstance(move, Wait):
                    move = _NOTHING_TO_SAY
            else:
                turn = tuple(entry for entry in self._recorder.turn_entries if entry.role is not Role.CALLER)
                transcript = tuple(self._recorder.entries)
                move = await self._caller.reply(Heard(turn=turn, transcript=transcript, waited=step.waited))
            await self._take(move)
        except RingbackError as failure:
            if asyncio.current_task() is not self._composing:
                return  # withdrawn
            if self._at_limit and isinstance(failure, CallerError):
                self.end(max_turns(self._limits.max_turns))
                return
            raise

    async def _take(self, move: Move) -> None:
        match move:
            case Wait():
                self._caller.said(move)
                self.turns.waits(self.now, move.seconds)
            case HangUp():
                self._caller.said(move)
                self._hang_up()
            case Say():
                if move.utterance.text and self._at_limit:
                    self.end(max_turns(self._limits.max_turns))
                    return
                await self._choose(move)

    async def _choose(self, move: Say, *, ahead: bool = False) -> None:
        plan = await self._lay_out(move.utterance)
        for sentence in plan.skipped:
            self._recorder.remark(FindingCode.DIRECTIVE_SKIPPED, sentence)
        self._chosen = Speech(plan=plan, move=move)
        ends_call = plan.ends_call and self._manner.end_call_enabled
        self.turns.ready(interruption=plan.interruption if ahead else None, ends_call=ends_call)

    def _look_ahead(self) -> None:
        """What breaks into the agent's next turn has to be known before that turn is over."""
        follow_up = self._caller.follow_up() if isinstance(self._caller, FollowsUp) else None
        if follow_up is not None and any(
            isinstance(part, VoiceDirective) and part.name == "interruption" for part in follow_up.utterance.parts
        ):
            self.turns.composing(ahead=True)
            self._compose(self._choose(follow_up, ahead=True))

    @property
    def _at_limit(self) -> bool:
        return self.turns.utterances >= self._limits.max_turns

    def _hang_up(self) -> None:
        if self._manner.end_call_enabled:
            self.end(caller_ended())
            return
        sentence = "The caller has nothing more to say, and its personality leaves hanging up to the agent."
        self._recorder.remark(FindingCode.CALLER_FINDING, sentence)
        self.turns.waits(self.now, None)

    async def _prompt(self) -> None:
        self._chosen = Speech(plan=await self._phrase_plans.plan(self._phrases.still_there))
        self.turns.ready()

    async def _make(self, phrase: str) -> None:
        await self._phrase_plans.plan(phrase)

    async def _lay_out(self, utterance: Utterance) -> Plan:
        return await prepare(
            utterance,
            text_to_speech=self._text_to_speech,
            manner=self._manner,
            rate=self._rate,
            language=self._language,
        )

    # Speaking

    def _say(self) -> None:
        speech, self._chosen, self._composing = self._chosen, None, None
        assert speech is not None  # noqa: S101 - the rules let a caller speak that has chosen its words
        self._own.say(speech)
        if speech.move is not None:
            self._recorder.turn_over()  # a question of ours whether anybody is there answers nothing
        self.turns.speaking(self.now)

    def _stop_speaking(self) -> None:
        self.turns.goes_on()  # what is protected is played to its end, and the last syllable fades
        self._own.stop()
        self._spoken(self._own.collect(self.now))

    def _spoken(self, speech: Speech | None) -> None:
        """A speech is over: tell the caller and the rules."""
        if speech is None:
            return
        words = bool(speech.text) and speech.move is not None
        if speech.move is not None and (words or not speech.plan.text):
            self._caller.said(speech.move)
        if speech.broken_off:
            self.turns.stopped(self.now, words=words)
        else:
            self.turns.spoken(self.now, words=words, again=speech.only_silence)
            if speech.move is not None and not self.turns.closing and not self._at_limit:
                self._look_ahead()

    # At the end

    async def settle(self) -> None:
        """When the call is over: record what was being said, and wait for what is being recognised."""
        self._fall_silent()
        start = self.turns.turn_from
        if start is not None and self.now > start:
            self._hear(Hear(start, self.now))
        if self._hearings:
            _, late = await asyncio.wait(tuple(self._hearings), timeout=_HEARING_PATIENCE)
            if late:
                self._fail(SpeechUnavailable(f"The agent's last words were not recognised in {_HEARING_PATIENCE:g} s."))
        if self._defect is not None:
            raise self._defect

    async def drop_tasks(self) -> None:
        """Cancel whatever still runs."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, RingbackError):
            self._fail(error)
        elif isinstance(error, Exception):
            self.broke(error)
