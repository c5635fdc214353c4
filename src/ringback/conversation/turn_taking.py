"""Whose turn it is: the rules of a text conversation as a state machine without I/O.

What happens is told to it with the time at which it happened; `next` answers what to do now, and if that is to listen,
until when. All times are seconds on one monotonic clock.

The agent's turn is over after a short quiet that follows a content frame. Content and function frames restart the
quiet, metadata does not. A function call holds the turn open until its result or the next content comes, for a limited
time; after a result the quiet is longer, for agents think about what their tools return before they go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ringback.channels.channel import (
    CalledTool,
    ChannelEvent,
    Dropped,
    EndedCall,
    ReportedError,
    Said,
    ToolReturned,
)
from ringback.conversation.endings import after_drop, agent_ended, agent_silent, cancelled, max_duration
from ringback.conversation.limits import Limits
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import Ending, EndingCode

_SHORTEST_WAIT = 0.01
"""Seconds between two questions to a caller that says nothing: it must not keep the event loop to itself."""


@dataclass(slots=True)  # not frozen: made for every frame, and that would double its price
class Listen:
    """Nothing to do until this time, or until something happens."""

    until: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the caller for its next move."""

    opening: bool
    """The caller opens the call: nothing was heard yet."""
    waited: bool
    """The timer of the caller's last wait ran out."""


_ASK_FOR_REPLY = Ask(opening=False, waited=False)


@dataclass(frozen=True, slots=True)
class Speak:
    """The pauses of the chosen utterance are over: send its words."""


@dataclass(frozen=True, slots=True)
class End:
    """End the call from our side, with an empty closing frame and this ending."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Finish:
    """Close the line; the conversation is over."""

    ending: Ending


Step = Listen | Ask | Speak | End | Finish


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence (the agent may break in) or a hold (it may not) before words."""

    seconds: float
    hold: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that the rules have to remark."""

    code: FindingCode
    sentence: str


class _Phase(Enum):
    LISTENING = auto()
    COMPOSING = auto()
    PAUSING = auto()
    CLOSING = auto()
    OVER = auto()


_LISTENING, _COMPOSING, _PAUSING, _CLOSING, _OVER = _Phase  # a member's name is looked up slowly, and often here


class TurnTaking:
    """The state of one conversation."""

    __slots__ = (
        "_ask_again_at",
        "_asked_at",
        "_begun",
        "_called_at",
        "_closing_until",
        "_ending",
        "_error",
        "_fresh",
        "_last_content",
        "_limits",
        "_not_before",
        "_open_calls",
        "_owed",
        "_pauses",
        "_phase",
        "_quiet",
        "_quiet_from",
        "_recompositions",
        "_stop_at",
        "_waits",
        "observations",
        "over_at",
        "utterances",
    )

    def __init__(self, limits: Limits, *, opened_at: float, agent_speaks_first: bool | None) -> None:
        self._limits = limits
        self._phase = _LISTENING
        self.over_at = opened_at + limits.max_duration
        """When the longest duration is reached."""
        self._last_content = opened_at
        self._fresh = False  # content that the caller has not been asked about
        self._quiet_from = opened_at
        self._quiet = limits.settle
        self._called_at: float | None = None  # the last call that still holds the turn open
        self._open_calls: dict[str, str] = {}
        self._not_before = opened_at
        self._ask_again_at: float | None = None  # end of the opening wait, or of a wait of the caller's
        if agent_speaks_first is None:
            self._ask_again_at = opened_at + limits.opening_wait
        elif not agent_speaks_first:
            self._ask_again_at = opened_at
        self._asked_at = opened_at
        self._begun = False  # somebody spoke
        self._owed = False  # the agent has not answered our last utterance
        self._waits = False  # the caller's last move was to wait
        self._pauses: list[tuple[float, bool]] = []
        self._recompositions = 0
        self._error = ""
        self._stop_at: float | None = None
        self._ending: Ending | None = None
        self._closing_until = 0.0
        self.utterances = 0
        """How many utterances with words the caller has sent."""
        self.observations: list[Observation] = []
        """To be taken and recorded after each call."""

    @property
    def awaits_caller(self) -> bool:
        """The caller is composing, and nothing that came makes its proposal void."""
        return self._phase is _COMPOSING

    @property
    def closing(self) -> bool:
        """The end of the call has been said; what comes now is recorded, not answered."""
        return self._phase is _CLOSING

    # What the agent does

    def heard(self, event: ChannelEvent) -> None:
        """Something came from the agent."""
        if isinstance(event, Said):
            if self._phase is not _CLOSING and self._phase is not _OVER:
                self._content(event.at)
        elif isinstance(event, Dropped):
            self._finish(self._ending if self._ending is not None else after_drop(event, self._error))
        elif self._phase in (_CLOSING, _OVER):
            return
        elif isinstance(event, CalledTool):
            self._called_at = self._quiet_from = event.at
            self._open_calls[event.tool.id] = event.tool.name
        elif isinstance(event, ToolReturned):
            self._returned(event)
        elif isinstance(event, EndedCall):
            self._finish(agent_ended((event.extra or {}).get("reason")))
        elif isinstance(event, ReportedError):
            self._error = event.text

    def _returned(self, event: ToolReturned) -> None:
        self._quiet_from = event.at
        self._quiet = max(self._limits.settle, self._limits.tool_settle)
        self._open_calls.pop(event.tool.id, None)
        if not self._open_calls:
            self._called_at = None

    def _content(self, at: float) -> None:
        self._error = ""
        self._begun = True
        self._fresh = True
        self._last_content = self._quiet_from = at
        self._quiet = self._limits.settle
        self._called_at = None
        self._open_calls.clear()
        if self._phase is not _LISTENING:
            self._join_turn(at)

    def _join_turn(self, at: float) -> None:
        """Content before our frame is sent makes the caller think again, unless it is on hold or did so too often."""
        on_hold = self._phase is _PAUSING and next((hold for until, hold in self._pauses if at < until), False)
        if on_hold or self._recompositions >= self._limits.recompositions:
            return
        self._recompositions += 1
        self._phase = _LISTENING
        self.observations.append(
            Observation(
                FindingCode.RECOMPOSED_REPLY,
                f"The agent said more before the caller's reply was sent; it is composed again ({self._recompositions} "
                f"of at most {self._limits.recompositions} times in this turn).",
            )
        )

    def _finish(self, ending: Ending) -> None:
        self._ending = ending
        self._phase = _OVER

    # What the caller does

    def composing(self) -> None:
        """The caller is being asked."""
        self._phase = _COMPOSING
        self._fresh = self._owed = self._waits = False
        self._ask_again_at = None

    def waits(self, at: float, seconds: float | None) -> None:
        """The caller wants to hear more, or to be asked again after so many seconds."""
        self._phase = _LISTENING
        self._waits = True
        self._ask_again_at = None if seconds is None else at + max(seconds, _SHORTEST_WAIT)

    def chose(self, at: float, pauses: Sequence[Pause]) -> None:
        """The caller decided what to say, after these pauses."""
        self._phase = _PAUSING
        self._asked_at = at
        self._pauses = []
        for pause in pauses:
            at += pause.seconds
            self._pauses.append((at, pause.hold))

    def overtaken(self) -> None:
        """The words were not sent, for the agent had said more: the caller is asked again when that was heard."""
        if self._phase in (_COMPOSING, _PAUSING):
            self._phase = _LISTENING
            self._owed = True

    def said(self, at: float, *, hold: float = 0.0) -> None:
        """Words were sent; the agent's next turn begins, to be answered after `hold` seconds at the earliest."""
        self.utterances += 1
        self._new_turn(at, hold)

    def kept_silent(self, at: float, *, again: bool) -> None:
        """An utterance without words is over: its pauses were all. `again`: ask the caller for what follows."""
        self._new_turn(at, 0.0)
        if again:
            self._ask_again_at = max(at, self._asked_at + _SHORTEST_WAIT)

    def _new_turn(self, at: float, hold: float) -> None:
        self._phase = _LISTENING
        self._begun = self._owed = True
        self._fresh = False
        self._called_at = None
        self._open_calls.clear()
        self._recompositions = 0
        self._pauses = []
        self._ask_again_at = None
        self._not_before = at + hold
        self._last_content = at + hold

    def ended(self, at: float, ending: Ending) -> None:
        """Our end_call was sent; the line stays open for the grace."""
        if self._phase is not _OVER:
            self._phase = _CLOSING
            self._ending = ending
            grace, stopped = self._limits.grace, self._limits.grace_when_stopped
            if stopped is not None and ending.code is EndingCode.CANCELLED:
                grace = min(grace, stopped)
            self._closing_until = at + grace

    def stop(self, at: float) -> None:
        """The user stops the run: an agent that owes a turn may finish it, for a limited time."""
        owes_turn = self._phase is _LISTENING and (self._fresh or self._owed)
        self._stop_at = at + self._limits.finish_turn if owes_turn and self._ask_again_at is None else at

    # What to do

    def next(self, now: float) -> Step:  # noqa: PLR0911 - a table of rules: the first that fits decides
        """What to do at this time."""
        if self._phase is _OVER or (self._phase is _CLOSING and now >= self._closing_until):
            assert self._ending is not None  # noqa: S101 - both phases are entered with an ending
            return Finish(self._ending)
        if self._phase is _CLOSING:
            return Listen(self._closing_until)
        if now >= self.over_at:
            return End(max_duration(self._limits.max_duration))
        if self._stop_at is not None and now >= self._stop_at:
            return End(cancelled())
        step = self._step(now)
        if isinstance(step, (float, int)):
            if self._stop_at is not None and self._stop_at < step:
                step = self._stop_at
            return Listen(min(step, self.over_at))
        if self._stop_at is not None and isinstance(step, Ask | Speak):
            return End(cancelled())
        return step

    def _step(self, now: float) -> Step | float:  # noqa: PLR0911 - a table of rules: the first that fits decides
        """The step by the rules of turns alone; a number: listen until then."""
        if self._phase is _COMPOSING:
            return self.over_at
        if self._phase is _PAUSING:
            over = self._pauses[-1][0] if self._pauses else now
            return Speak() if now >= over else over
        silent_at = self._last_content + self._limits.inactivity
        if self._called_at is not None:
            if now >= silent_at:
                return Finish(agent_silent(self._limits.inactivity))
            held_until = self._called_at + self._limits.tool_hold
            if now < held_until:
                return min(held_until, silent_at)
            self._tool_timed_out()
        if self._fresh:
            over = max(self._quiet_from + self._quiet, self._not_before)
            return _ASK_FOR_REPLY if now >= over else over
        if self._ask_again_at is not None and self._ask_again_at <= silent_at:
            due = now >= self._ask_again_at
            return Ask(opening=not self._begun, waited=self._waits) if due else self._ask_again_at
        return Finish(agent_silent(self._limits.inactivity)) if now >= silent_at else silent_at

    def _tool_timed_out(self) -> None:
        self._called_at = None
        names = ", ".join(sorted(filter(None, self._open_calls.values())))
        self._open_calls.clear()
        self.observations.append(
            Observation(
                FindingCode.TOOL_TIMEOUT,
                f"No result of the tool call {names}".rstrip()
                + f" within {self._limits.tool_hold:g} s; the agent's turn is not held open longer.",
            )
        )
