"""Hearing the agent: its turns are recognised beside the call and recorded in their order."""

import asyncio

from ringback.conversation.recorder import Recorder
from ringback.conversation.turn_sound import TurnSound
from ringback.domain.conversation import Role
from ringback.speech.audio import Samples
from ringback.speech.speech_to_text import SpeechToText


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

    async def hear(self, start: float, end: float, *, latency: float | None) -> None:
        """Recognise the turn between two times (seconds) and record it, after those before it.

        Raises:
            SpeechError: the provider failed.
        """
        sound = self._sound.between(start, end)
        before, recorded = self._last, asyncio.Event()
        self._last = recorded
        try:
            hearing = await self._speech_to_text.hear(sound, language=self._language)
            if before is not None:
                await before.wait()
            self._recorder.spoke(Role.AGENT, hearing.text, start, end, latency=latency, recognition=hearing.recognition)
        finally:
            recorded.set()
