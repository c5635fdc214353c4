"""Who speaks when in a spoken call, from the stretches in which each side was heard. Pure; times are seconds.

A *sound* is a stretch of one side in which gaps under 0.2 s are filled, as Brady's speech detector does (1965, "A
technique for investigating on-off patterns of speech", Bell System Technical Journal 44, 1-22): stops within words are
no pauses. An *utterance* is what one side says with pauses under 0.5 s in it. A gap between the sides, an overlap of
both and a pause within one side are told apart as in Heldner and Edlund (2010, "Pauses, gaps and overlaps in
conversations", Journal of Phonetics 38, 555-568).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ringback.domain.voice import Side, Span, VoiceRecord

SOUND_GAP = 0.2
"""Seconds of silence that end a sound."""

UTTERANCE_PAUSE = 0.5
"""Seconds of silence that end an utterance."""

_KEY = 0.1
"""Seconds for which our caller holds a key."""

EDGE = 0.1
"""Seconds within which two edges count as the same moment: more than edges of speech can be off, and less than it takes
anybody to react to what the other side does."""

REACTION = 0.7
"""Seconds after a backchannel's end within which an agent that stops has stopped because of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The end of an utterance of the caller's, and the agent's answer to it."""

    asked_until: float
    answered_from: float

    @property
    def latency(self) -> float:
        """Seconds; 0 where the agent began within the error of measurement before the caller's end."""
        return max(0.0, self.answered_from - self.asked_until)


@dataclass(frozen=True, slots=True)
class Wait:
    """Time in which the agent has the floor and is not heard."""

    start: float
    end: float
    answered: bool
    """False: the call ended first."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The caller began to speak while the agent was speaking."""

    at: float
    stopped: float
    """Where the sound that the caller spoke into ended."""
    quiet: float
    """Where the agent fell silent for the rest of the caller's utterance; `stopped` where it did not go on."""
    yielded: bool
    """Whether that was before the caller had finished."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A call by who sounds when. All stretches of one kind are in order and do not touch."""

    duration: float
    caller_sounds: tuple[Span, ...]
    """All that the caller was heard with, backchannels too."""
    caller: tuple[Span, ...]
    """Utterances of the caller, without backchannels."""
    agent_sounds: tuple[Span, ...]
    agent: tuple[Span, ...]
    """Utterances of the agent."""
    backchannels: tuple[Span, ...]
    protected: tuple[Span, ...]
    broken_off: frozenset[int]
    """Places in `caller` of those utterances that were not finished because the agent began to speak."""
    holds: tuple[Span, ...] = ()
    """When the agent had our caller on hold: its music is no speech of the agent's, and nobody owes anything."""

    @classmethod
    def of(cls, voice: VoiceRecord, broken_off: Sequence[float] = ()) -> "Floor":
        """From what is kept of a call; stretches beyond its ends are cut off.

        A key that the caller presses is of its turn: the agent's time to answer begins when it is let go.
        `broken_off` are the moments at which the caller was broken off.
        """
        length = voice.duration
        holds = joined(voice.holds, length, 0.0)
        agent = without(voice.agent_speech, holds) if holds else voice.agent_speech
        backchannels = joined(voice.backchannels, length, SOUND_GAP)
        keys = [Span(start=key.at, end=key.at + _KEY) for key in voice.keys if key.by is Side.CALLER]
        made = (*voice.caller_speech, *keys)
        meant = [span for span in made if 2 * shared(span, backchannels) < span.duration]
        caller = joined(meant, length, UTTERANCE_PAUSE)
        return cls(
            duration=length,
            caller_sounds=joined(made, length, SOUND_GAP),
            caller=caller,
            agent_sounds=joined(agent, length, SOUND_GAP),
            agent=joined(agent, length, UTTERANCE_PAUSE),
            backchannels=backchannels,
            protected=joined(voice.protected, length, SOUND_GAP),
            broken_off=frozenset(
                place
                for place, span in enumerate(caller)
                if any(abs(span.end - moment) < EDGE for moment in broken_off)
            ),
            holds=holds,
        )

    def replies(self) -> tuple[Reply, ...]:
        """The answered turns of the caller.

        A turn ends with the last utterance before the agent begins. A turn at whose end the agent is already speaking
        has no answer that could be timed: it was interrupted, or talked over; neither has one with a hold between.
        """
        return tuple(self._replies())

    def _replies(self) -> Iterator[Reply]:
        for place, asked in enumerate(self.caller):
            if _at(self.agent, asked.end - EDGE) is not None:
                continue
            answer = _first_from(self.agent, asked.end - EDGE)
            later = self.caller[place + 1].start if place + 1 < len(self.caller) else None
            if answer is None or (later is not None and answer.start >= later) or self._broke_off(answer.start):
                continue
            if not shared(Span(start=asked.end, end=answer.start), self.holds):
                yield Reply(asked.end, answer.start)

    def waits(self) -> tuple[Wait, ...]:
        """How long the agent let the caller wait: from the end of each utterance, and from the call's start.

        The wait at the start ends with the first sound of either side. What the caller says meanwhile ("are you
        there?") does not end a wait; being put on hold does, for that is an answer.
        """
        return tuple(self._waits())

    def _waits(self) -> Iterator[Wait]:
        firsts = [spans[0].start for spans in (self.agent_sounds, self.caller_sounds) if spans]
        yield Wait(0.0, min(firsts, default=self.duration), answered=bool(firsts))
        for asked in self.caller:
            if _at(self.agent_sounds, asked.end) is None and _at(self.holds, asked.end) is None:
                answers = (_first_from(self.agent_sounds, asked.end), _first_from(self.holds, asked.end))
                answer = min((one for one in answers if one), key=_start, default=None)
                yield Wait(asked.end, answer.start if answer else self.duration, answered=answer is not None)

    def agent_interruptions(self) -> tuple[float, ...]:
        """Where the agent began to speak while the caller was speaking.

        Backchannels do not count as speaking, and over protected playback the agent may speak. Sides that begin within
        `EDGE` of each other collide: nobody interrupts. Where our caller was broken off, it stopped for the agent, and
        may have done so before the agent was heard.
        """
        return tuple(
            span.start
            for span in self.agent
            if (_inside(self.caller, span.start) and not _at(self.protected, span.start)) or self._broke_off(span.start)
        )

    def _broke_off(self, moment: float) -> bool:
        """Whether the caller was broken off for what the agent began to say at a moment."""
        place = bisect_left(self.caller, moment - EDGE, key=_start) - 1
        return place in self.broken_off and moment <= self.caller[place].end + UTTERANCE_PAUSE

    def barge_ins(self) -> tuple[BargeIn, ...]:
        """Where the caller began to speak while the agent was speaking, and what the agent did."""
        return tuple(self._barge_ins())

    def _barge_ins(self) -> Iterator[BargeIn]:
        for said in self.caller:
            sound = _inside(self.agent_sounds, said.start)
            if sound is None:
                continue
            first = bisect_left(self.agent_sounds, sound.start, key=_start)
            beyond = bisect_left(self.agent_sounds, said.end - EDGE, key=_start)
            last = self.agent_sounds[max(first, beyond - 1)]
            yield BargeIn(said.start, sound.end, last.end, yielded=last.end <= said.end)

    def false_yields(self) -> tuple[int, int]:
        """How many backchannels fell into the agent's speech, and after how many of them it stopped.

        It stopped where its utterance ends within `REACTION` of the backchannel's end. An agent that had come to the
        end of what it had to say cannot be told from one that stopped, so the figure is an upper bound.
        """
        inside = stopped = 0
        for heard in self.backchannels:
            spoken = _inside(self.agent, heard.start)
            if spoken is not None:
                inside += 1
                stopped += spoken.end <= heard.end + REACTION and spoken.end < self.duration
        return inside, stopped

    def silences(self) -> tuple[Span, ...]:
        """Stretches in which nobody was heard and no hold was on, those at the call's start and end too."""
        both = joined([*self.caller_sounds, *self.agent_sounds, *self.holds], self.duration, SOUND_GAP)
        edges = [0.0, *(edge for span in both for edge in (span.start, span.end)), self.duration]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return tuple(Span(start=start, end=end) for start, end in pairs if end > start)

    def caller_owes(self, silence: Span) -> bool:
        """Whether the agent was heard last before a silence, so that it is our caller's turn to speak."""
        ends = [max((span.end for span in side if span.end <= silence.start), default=-1.0) for side in self._sounds]
        return ends[1] > ends[0]

    @property
    def _sounds(self) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        return self.caller_sounds, self.agent_sounds


def joined(spans: Iterable[Span], duration: float, gap: float) -> tuple[Span, ...]:
    """The same stretches in order, within the call, with silences under `gap` seconds filled; empty ones left out."""
    found: list[Span] = []
    cut = [Span(start=max(0.0, span.start), end=min(span.end, duration)) for span in spans]
    for span in sorted((span for span in cut if span.end > span.start), key=_start):
        if found and span.start - found[-1].end < gap:
            found[-1] = Span(start=found[-1].start, end=max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def without(spans: Iterable[Span], holes: Sequence[Span]) -> list[Span]:
    """What of the stretches lies outside of holes, which are in order and do not overlap."""
    left: list[Span] = []
    for span in spans:
        start = span.start
        for hole in holes[bisect_right(holes, start, key=_end) :]:
            if hole.start >= span.end:
                break
            if hole.start > start:
                left.append(Span(start=start, end=hole.start))
            start = max(start, hole.end)
        if start < span.end:
            left.append(Span(start=start, end=span.end))
    return left


def total(spans: Iterable[Span]) -> float:
    """Seconds of all of them; they must not overlap."""
    return sum(span.duration for span in spans)


def shared(span: Span, others: Sequence[Span]) -> float:
    """Seconds of a stretch that lie within others, which are in order and do not overlap."""
    first = bisect_right(others, span.start, key=_end)
    seconds = 0.0
    for other in others[first:]:
        if other.start >= span.end:
            break
        seconds += min(span.end, other.end) - max(span.start, other.start)
    return seconds


def _start(span: Span) -> float:
    return span.start


def _end(span: Span) -> float:
    return span.end


def _at(spans: Sequence[Span], moment: float) -> Span | None:
    """The stretch that a moment lies in, its start counted in and its end not."""
    place = bisect_right(spans, moment, key=_start) - 1
    return spans[place] if place >= 0 and moment < spans[place].end else None


def _inside(spans: Sequence[Span], moment: float) -> Span | None:
    """The stretch that a moment lies in; None at its edges."""
    span = _at(spans, moment)
    return span if span is not None and span.start + EDGE < moment < span.end - EDGE else None


def _first_from(spans: Sequence[Span], moment: float) -> Span | None:
    """The first stretch that begins at a moment or later."""
    place = bisect_left(spans, moment, key=_start)
    return spans[place] if place < len(spans) else None
