"""Holding one conversation: a channel and a caller, driven by the rules of turn taking."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ringback.callers.caller import Caller, HangUp, Heard, Move, Say, Wait
from ringback.channels.channel import Channel, ChannelEvent, Dropped, Overtaken
from ringback.conversation.chosen import Chosen, pauses_of
from ringback.conversation.endings import after_failure, caller_ended, max_turns
from ringback.conversation.limits import Limits
from ringback.conversation.loop_lag import LoopLag
from ringback.conversation.recorder import Recorder
from ringback.conversation.stopping import WhenStopped, open_unless_stopped
from ringback.conversation.turn_taking import Ask, End, Finish, Listen, Speak, Step, TurnTaking
from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending
from ringback.domain.usage import Usage
from ringback.domain.utterance import EndCall, Utterance
from ringback.errors import CallerError, RingbackError

_NOTHING_TO_SAY = Utterance.of("Hello")
"""What a caller says that must open the call and has no words of its own."""

_FAREWELL = Utterance((EndCall(),))

_FAREWELL_PATIENCE = 1.0
"""Seconds in which an agent that has stopped reading may still take our end_call."""


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that took place."""

    conversation: Conversation
    failure: RingbackError | None
    """Why our caller could not go on, where that ended it."""
    usage: Mapping[str, Usage] = field(default_factory=dict[str, Usage])
    """What carried the words used, by role: `text_to_speech` and `speech_to_text` of a spoken call."""


async def converse(
    channel: Channel,
    caller: Caller,
    recorder: Recorder,
    *,
    limits: Limits,
    agent_speaks_first: bool | None = None,
    stop: asyncio.Event | None = None,
) -> Held:
    """Open the channel and let caller and agent talk until somebody, a limit or the user ends it.

    Args:
        channel: Not yet open; closed when this returns or raises.
        caller: Asked for one move after the other.
        recorder: Keeps what happens; its clock must be the channel's.
        limits: Times and counts.
        agent_speaks_first: None: listen for a greeting, then open.
        stop: Set by the user; the agent may finish its turn, then the call is ended.

    Raises ChannelError where the channel cannot be opened, Interrupted where the user stops before it is. An error of
    the caller or of its model ends the conversation and is returned as its failure.
    """
    try:
        await open_unless_stopped(channel.open, stop)
        with LoopLag() as lag:
            exchange = _Exchange(channel, caller, recorder, limits, agent_speaks_first)
            ending = await exchange.hold(stop)
            return Held(recorder.finish(ending, exchange.over_at, loop_lag=lag.largest), exchange.failure)
    finally:
        await channel.close()


class _Exchange:
    """One call between its opening and its end.

    Frames are recorded by a reading task as they come. The rules are asked after each one; the conversing task is
    only woken, or its composing interrupted, when there is something to do.
    """

    __slots__ = (
        "_caller",
        "_cancellations",
        "_channel",
        "_chosen",
        "_clock",
        "_composing",
        "_defect",
        "_due",
        "_limits",
        "_loop",
        "_recorder",
        "_rung_at",
        "_sending_until",
        "_task",
        "_timer",
        "_timer_at",
        "_turns",
        "_waiter",
        "_withdrawn",
        "failure",
        "over_at",
    )

    def __init__(
        self, channel: Channel, caller: Caller, recorder: Recorder, limits: Limits, agent_speaks_first: bool | None
    ) -> None:
        self._channel = channel
        self._caller = caller
        self._recorder = recorder
        self._limits = limits
        self._clock = recorder.clock
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine of ours runs in a task
        self._task = task
        self._cancellations = task.cancelling()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._rung_at = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._composing = False
        self._withdrawn = False
        self._chosen: Chosen | None = None
        self._defect: BaseException | None = None
        self._due: Step | None = None  # what the conversing task was woken for
        self._sending_until: float | None = None
        self.failure: RingbackError | None = None
        now = self._clock()
        self.over_at = now
        recorder.call_opened(now)
        first = True if caller.waits_for_agent_first else agent_speaks_first
        self._turns = TurnTaking(limits, opened_at=now, agent_speaks_first=first)

    async def hold(self, stop: asyncio.Event | None) -> Ending:
        """Talk; returns the ending."""
        reader = self._loop.create_task(self._read())
        try:
            with WhenStopped(stop, self._stopped):
                ending = await self._talk()
            await self._channel.close()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if not reader.done():
                reader.cancel()
                await asyncio.wait((reader,))
        return ending

    async def _talk(self) -> Ending:
        turns = self._turns
        while True:
            if self._defect is not None:
                raise self._defect
            step = self._due or turns.next(self._now())
            self._due = None
            if turns.observations:
                self._record_observations()
            match step:
                case Listen():
                    await self._listen(step.until)
                case Ask():
                    await self._ask(step)
                case Speak():
                    await self._speak()
                case End():
                    await self._end(step.ending)
                case Finish():
                    self.over_at = max(self.over_at, self._clock())
                    return step.ending

    # Listening

    async def _read(self) -> None:
        try:
            async for event in self._channel.events():
                self._heard(event)
                if isinstance(event, Dropped):
                    return
            self._heard(Dropped(at=self._clock(), close_code=None, reason="no more events"))
        except Exception as defect:  # noqa: BLE001 - raised again by the conversing task
            self._defect = defect
            self._wake()

    def _heard(self, event: ChannelEvent) -> None:
        if isinstance(event, Dropped) and event.closed_by_us:
            return
        self._recorder.heard(event, after_end=self._turns.closing)
        self._turns.heard(event)
        self._look()

    def _stopped(self) -> None:
        self._turns.stop(self._clock())
        if self._sending_until is not None:
            self._sending_until = self._clock()
        self._look()

    def _look(self) -> None:
        """Something happened: wake the conversing task if there is something to do for it."""
        if self._waiter is None and not self._composing:
            if self._sending_until is not None:
                self._look_at_sending(self._sending_until)
            return
        if self._composing and not self._turns.awaits_caller:
            self._wake()
            return
        step = self._turns.next(self._now())
        if isinstance(step, Listen):
            self._due = None
            self._record_observations()
            self._alarm(step.until)
        else:
            self._due = step
            self._wake()

    def _wake(self) -> None:
        if self._composing:
            self._withdraw()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _withdraw(self) -> None:
        """Interrupt what the conversing task waits for."""
        if not self._withdrawn:
            self._withdrawn = True
            self._task.cancel()

    def _withdrawal_taken(self) -> None:
        """The interruption has arrived. Raises `CancelledError` where somebody else cancelled the task as well."""
        self._withdrawn = False
        if self._task.uncancel() > self._cancellations:
            raise asyncio.CancelledError

    def _look_at_sending(self, until: float) -> None:
        """Our frame has not left yet: an agent that has stopped reading is not waited for longer than this."""
        if self._now() >= until:
            self._withdraw()
        else:
            self._alarm(until)

    def _now(self) -> float:
        # Timers may ring a little early; what they were set for is due all the same.
        return max(self._clock(), self._rung_at)

    def _record_observations(self) -> None:
        for observation in self._turns.observations:
            self._recorder.remark(observation.code, observation.sentence)
        self._turns.observations.clear()

    async def _listen(self, until: float) -> None:
        self._alarm(until)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _alarm(self, until: float) -> None:
        """Look again at `until`; an alarm that rings earlier is left to ring and set anew then."""
        if self._timer is not None:
            if self._timer_at <= until:
                return
            self._timer.cancel()
        self._timer_at = until
        self._timer = self._loop.call_later(max(0.0, until - self._clock()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._rung_at = self._timer_at
        self._look()

    # The caller's move

    async def _ask(self, step: Ask) -> None:
        self._turns.composing()
        try:
            move = await self._compose(step)
        except RingbackError as failure:
            if self._at_limit and isinstance(failure, CallerError):
                await self._end(max_turns(self._limits.max_turns))
                return
            self.failure = failure
            await self._end(after_failure(failure))
            return
        if move is not None:
            await self._take(move, opening=step.opening)

    async def _compose(self, step: Ask) -> Move | None:
        """The caller's proposal; None where something came that makes it void."""
        if self._timer is None:
            # None rings later than at the longest duration; this one need not be set anew when we listen.
            self._alarm(min(self._turns.over_at, self._clock() + self._limits.inactivity))
        self._composing = True
        try:
            if step.opening:
                move = await self._caller.open()
            else:
                turn, transcript = self._recorder.turn_entries, tuple(self._recorder.entries)
                move = await self._caller.reply(Heard(turn=turn, transcript=transcript, waited=step.waited))
        except (asyncio.CancelledError, RingbackError):
            if not self._withdrawn:
                raise
            move = None
        finally:
            self._composing = False
        if self._withdrawn:
            self._withdrawal_taken()
            return None
        return move

    async def _take(self, move: Move, *, opening: bool) -> None:
        if isinstance(move, Wait) and opening:
            move = Say(_NOTHING_TO_SAY)
        match move:
            case Wait():
                self._turns.waits(self._clock(), move.seconds)
                self._caller.said(move)
            case HangUp():
                await self._end(caller_ended())
                self._caller.said(move)
            case Say():
                await self._choose(move)

    async def _choose(self, move: Say) -> None:
        utterance = move.utterance
        text = utterance.text
        if text and self._at_limit:
            await self._end(max_turns(self._limits.max_turns))
            return
        pauses, hold = pauses_of(utterance, text)
        self._chosen = Chosen(move, text, paused=bool(pauses), hold=hold)
        if pauses:
            self._turns.chose(self._clock(), pauses)
        else:
            await self._speak()

    @property
    def _at_limit(self) -> bool:
        return self._turns.utterances >= self._limits.max_turns

    async def _speak(self) -> None:
        chosen = self._chosen
        assert chosen is not None  # noqa: S101 - the rules let a caller speak that has chosen its words
        utterance = chosen.move.utterance
        if utterance.ends_call:
            await self._end(caller_ended(), utterance)
        elif chosen.text:
            try:
                at = await self._send(utterance, self._turns.over_at)
            except Overtaken:
                self._turns.overtaken()
                return
            self._recorder.caller_said(chosen.text, at)
            self._turns.said(at, hold=chosen.hold)
        else:
            self._recorder.turn_over()
            self._turns.kept_silent(self._clock(), again=chosen.paused)
        self._caller.said(chosen.move)

    async def _end(self, ending: Ending, utterance: Utterance = _FAREWELL) -> None:
        """Say the end of the call, in one frame with the last words if there are any."""
        until = self._turns.over_at if utterance.text else 0.0
        at = await self._send(utterance, max(until, self._clock() + _FAREWELL_PATIENCE))
        self._recorder.caller_said(utterance.text, at, ends_call=True)
        self._turns.ended(at, ending)

    async def _send(self, utterance: Utterance, until: float) -> float:
        """Send one frame; an agent that has stopped reading is not waited for longer than `until`.

        Raises Overtaken as the channel does.
        """
        at = self._clock()
        overtaken = False
        self._sending_until = until
        self._alarm(until)
        try:
            at = await self._channel.send(utterance)
        except Overtaken:
            overtaken = True
        except asyncio.CancelledError:
            if not self._withdrawn:
                raise  # else the frame is on the line, as far as we can tell
        finally:
            self._sending_until = None
        if self._withdrawn:
            self._withdrawal_taken()
        if overtaken:
            raise Overtaken
        return at
