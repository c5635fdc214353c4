"""What our caller says on the line: its mouth, the way of its sound, and the record of what became of its words."""

from dataclasses import dataclass, field

from ringback.callers.caller import Say
from ringback.channels.line import FRAME_SECONDS, Line
from ringback.conversation.disturbances import Disturbances
from ringback.conversation.manner import Manner
from ringback.conversation.mouth import Mouth, Said
from ringback.conversation.plan import Plan
from ringback.conversation.recorder import Recorder
from ringback.conversation.voice_record import VoiceNotes
from ringback.domain.conversation import Role
from ringback.domain.utterance import Silence
from ringback.domain.voice import Side, Span
from ringback.speech.audio import Samples

_LONGEST_PAUSE = 30
"""Frames of 20 ms between two words of the same speech, as the agent is told of it."""


@dataclass(slots=True, kw_only=True, eq=False)
class Speech:
    """A plan that the mouth was given, and what was said of it."""

    plan: Plan
    move: Say | None = None
    """None: words of our own, which the caller knows nothing of."""
    backchannel: bool = False
    broken_off: bool = False
    recorded: bool = False
    said: list[Said] = field(default_factory=list[Said])

    @property
    def text(self) -> str:
        """What was said of it."""
        if self.move is not None and not self.broken_off:
            return self.move.utterance.text
        return " ".join(said.text for said in self.said if said.text)

    @property
    def all_said(self) -> bool:
        """Whether no words of it are left, and none were cut; what has no words is never all said."""
        pieces = sum(1 for piece in self.plan.pieces if piece.text)
        return 0 < pieces == len(self.said) and not any(said.interrupted for said in self.said)

    @property
    def only_silence(self) -> bool:
        """Whether nothing is to be said or done in it but to wait."""
        return self.move is not None and all(isinstance(part, Silence) for part in self.move.utterance.parts)


class OwnSpeech:
    """Our side of one call."""

    def __init__(self, line: Line, recorder: Recorder, notes: VoiceNotes, manner: Manner, seed: int) -> None:
        rate = line.encoding.rate
        self._line = line
        self._recorder = recorder
        self._notes = notes
        self._rate = rate
        self._disturbances = Disturbances(manner, rate, seed)
        self._speeches: dict[int, Speech] = {}  # by the numbers that the mouth gives their plans
        self._plans = 0
        self._told = False
        self._wordless = 0  # frames since our last words
        self.mouth = Mouth(rate, manner, seed, keys_in_sound=not line.carries_keys)
        self.current: Speech | None = None
        """What is being said that is meant to take the turn."""
        self.words_ended: float | None = None
        """When our last words ended that nothing has answered yet."""

    def say(self, speech: Speech) -> None:
        """Give the mouth a plan."""
        self._speeches[self._plans] = speech
        self._plans += 1
        if not speech.backchannel:
            self.current = speech
            self.words_ended = None
        self.mouth.say(speech.plan)

    def stop(self) -> bool:
        """Break off; True: something protected goes on, or a fading end."""
        self.mouth.stop()
        self._take_said()
        if self.current is not None:
            self.current.broken_off = not self.current.all_said and bool(self.current.plan.text)
        return self.mouth.busy

    def collect(self, now: float) -> Speech | None:
        """Note and record what was said; returns the speech that is over."""
        self._take_said()
        speech = self.current
        if speech is None:
            return None
        if not speech.recorded and (speech.all_said or not self.mouth.busy):
            self._record(speech, now)
        if self.mouth.busy:
            return None
        self.current = None
        for number in [number for number, other in self._speeches.items() if other is speech]:
            del self._speeches[number]  # with its sound
        return speech

    def _take_said(self) -> None:
        for said in self.mouth.take_said():
            speech = self._speeches[said.plan]
            speech.said.append(said)
            span = self._span(said)
            self._notes.caller_spoke(span, protected=said.protected, backchannel=speech.backchannel)

    def give_up(self, now: float) -> Speech | None:
        """The call is over: what was being said, as far as it came."""
        self.stop()
        speech = self.collect(now)
        if speech is None and self.current is not None:  # the rest of it is protected
            speech, self.current = self.current, None
            if not speech.recorded:
                self._record(speech, now)
        return speech

    def _record(self, speech: Speech, now: float) -> None:
        """Put what was said into the transcript; what has no words leaves no entry."""
        speech.recorded = True
        text = speech.text
        if speech.said:
            start, end = self._span(speech.said[0]).start, self._span(speech.said[-1]).end
        else:
            start = end = now
        ends_call = speech.plan.ends_call and not speech.broken_off
        if text or ends_call:
            self._recorder.spoke(Role.CALLER, text, start, end, interrupted=speech.broken_off, ends_call=ends_call)
        if text:
            self.words_ended = end

    def frame(self, now: float) -> Samples:
        """Our next 20 ms, which begin at `now`."""
        mouth = self.mouth
        frame = mouth.frame()
        for digit in mouth.keys:
            self._line.press(digit)
            self._notes.pressed(now, digit, Side.CALLER)
        self._tell(speaking=mouth.speaking, more=mouth.busy)
        return self._disturbances.apply(frame, mouth.conditions, speaking=mouth.speaking)

    def _tell(self, *, speaking: bool, more: bool) -> None:
        """Tell the agent that we speak, or have spoken: a hold or a long silence is no speech."""
        self._wordless = 0 if speaking else self._wordless + 1
        if speaking and not self._told:
            self._told = True
            self._line.began_speaking()
        elif self._told and not speaking and (not more or self._wordless >= _LONGEST_PAUSE):
            self._told = False
            self._line.stopped_speaking()

    def _span(self, said: Said) -> Span:
        """On the recording: a frame is sent in the tick after the one in which the mouth gave it."""
        later = FRAME_SECONDS + self._disturbances.delay
        return Span(start=round(said.start / self._rate + later, 6), end=round(said.end / self._rate + later, 6))
