"""Hearing the agent: its turns are recognised beside the call and recorded in their order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ringback.conversation.recorder import Recorder
from ringback.conversation.turn_sound import BEFORE, TurnSound
from ringback.domain.conversation import Role
from ringback.domain.voice import Span
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples, Sound
from ringback.speech.speech_to_text import SpeechToText


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """A turn of the agent's that has not been heard yet."""

    sound: Sound
    offset: float
    """Where the sound begins; all times are seconds from the call's start."""
    start: float
    end: float
    answers: float | None
    before: asyncio.Event | None
    """Set when the turn before it has been recorded."""
    recorded: asyncio.Event


class AgentHearing:
    """The agent's side of one call."""

    def __init__(self, speech_to_text: SpeechToText, recorder: Recorder, rate: int, language: str) -> None:
        self._speech_to_text = speech_to_text
        self._recorder = recorder
        self._language = language
        self._sound = TurnSound(rate)
        self._last: asyncio.Event | None = None

    def add(self, frame: Samples, *, turn_from: float | None) -> None:
        """The agent's next frame; `turn_from`: where the turn began that is going on, in seconds."""
        self._sound.add(frame, turn_from=turn_from)

    def turn(self, start: float, end: float, *, answers: float | None) -> AgentTurn:
        """A turn that is to be heard, with its sound. To be asked for in the tick that ends it.

        A clock that makes up for lost time ticks on before a task has its turn, and the sound is then gone.

        Args:
            start: Seconds, where its voice began.
            end: Seconds, where its voice ended.
            answers: When our words ended that it is the first to answer; None: it answers none.
        """
        sound, offset = self._sound.between(start, end)
        before, self._last = self._last, asyncio.Event()
        return AgentTurn(sound, offset, start, end, answers, before, self._last)

    async def hear(self, turn: AgentTurn) -> None:
        """Recognise a turn and record it, after those before it.

        Raises:
            SpeechError: the provider failed.
        """
        sound, offset, answers = turn.sound, turn.offset, turn.answers
        try:
            hearing = await self._speech_to_text.hear(sound, language=self._language)
            if turn.before is not None:
                await turn.before.wait()
            spans = await asyncio.to_thread(sounding, sound.samples, sound.rate)
            start, end = _edges(spans, turn.start - offset, turn.end - offset)
            start, end = start + offset, end + offset
            latency = start - answers if answers is not None and start >= answers else None
            self._recorder.spoke(Role.AGENT, hearing.text, start, end, latency=latency, recognition=hearing.recognition)
        finally:
            turn.recorded.set()


def _edges(spans: Sequence[Span], start: float, end: float) -> tuple[float, float]:
    """The turn's first and last sound, which are exact to some milliseconds; the voice model's edges are not.

    Where there is noise all around, nothing near an edge begins or ends, and the model's edges are kept.
    """
    starts = [span.start for span in spans if span.start > 0 and abs(span.start - start) < BEFORE]
    ends = [span.end for span in spans if abs(span.end - end) < BEFORE]
    return min(starts, default=start), max(ends, default=end)
