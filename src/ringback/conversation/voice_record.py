"""What is kept of a spoken call, as it grows."""

import asyncio
import logging
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ringback.channels.line import FRAME_SECONDS, Encoding, LineReport
from ringback.domain.voice import AgentTranscript, Key, Lateness, RecognitionMode, Side, Span, VoiceRecord
from ringback.errors import StorageError
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples
from ringback.speech.recording import Recording

_log = logging.getLogger(__name__)

LATE = 0.04
"""Seconds: where one frame in a hundred was sent later than that, the call's figures of time are not trusted."""

_READ_SECONDS = 10
"""Of a recording, which may be of an hour, at a time."""

_MOST_KEYS = 1000
"""Of one call; no person presses more."""
_MOST_HOLDS = 100
"""Of one call; those that a storm of them brings on top are not followed."""
_MOST_TRANSCRIPTS = 1000
"""Texts of one call that the agent says it heard."""

_SAME_PRESS = 0.5
"""Seconds within which a key that is told and a key that is heard are the same press."""


class VoiceNotes:
    """Sound, spans, keys and texts of one call. Times are seconds from the call's start."""

    def __init__(self, recording: Recording | None, rate: int) -> None:
        """Nothing yet.

        Args:
            recording: Where the sound goes; None: it is not kept.
            rate: Hz.
        """
        self._recording = recording
        self._rate = rate
        self._caller: list[Span] = []
        self._agent: list[Span] = []
        self._backchannels: list[Span] = []
        self._protected: list[Span] = []
        self._keys: list[Key] = []
        self._transcripts: list[AgentTranscript] = []
        self._holds: list[Span] = []
        self._held_since: float | None = None
        self._transfer: str | None = None
        self._frames = 0
        self._arriving: tuple[float, float] | None = None
        """Sound that is not in the event log yet: when it came, and its seconds."""

    def add(self, caller: Samples, agent: Samples) -> None:
        """The frames that were sent and played at the same tick."""
        self._frames += 1
        if self._recording is not None:
            self._recording.add(caller, agent)

    def note(self, at: float, event: str, **detail: Any) -> None:
        """A line of the event log."""
        self._log_arrived()
        if self._recording is not None:
            self._recording.note({"at": round(at, 4), "event": event, **detail})

    def arrived(self, at: float, seconds: float) -> None:
        """Sound of the agent's came; what comes between two ticks of the clock is one line of the event log."""
        before = self._arriving
        if before is not None and before[0] == at:
            seconds += before[1]
        else:
            self._log_arrived()
        self._arriving = at, seconds

    def _log_arrived(self) -> None:
        if self._arriving is not None:
            (at, seconds), self._arriving = self._arriving, None
            self.note(at, "sound_arrived", seconds=round(seconds, 4))

    def caller_spoke(self, span: Span, *, protected: bool = False, backchannel: bool = False) -> None:
        """Words of ours sounded."""
        self._caller.append(span)
        if protected:
            self._protected.append(span)
        if backchannel:
            self._backchannels.append(span)
        self.note(span.end, "caller_speech", start=span.start, end=span.end)

    def agent_spoke(self, start: float, end: float) -> None:
        """The agent's voice was heard, as the model says that hears it."""
        self._agent.append(Span(start=start, end=end))
        self.note(end, "voice_ended")

    def pressed(self, at: float, digit: str, by: Side) -> bool:
        """A key was pressed; False: that press is known already, or there were too many."""
        if len(self._keys) >= _MOST_KEYS:
            return False
        for key in reversed(self._keys):
            if at - key.at > _SAME_PRESS:
                break
            if key.by is by and key.digit == digit and by is Side.AGENT:
                return False
        self._keys.append(Key(at=at, digit=digit, by=by))
        self.note(at, "key", digit=digit, by=by.value)
        return True

    def put_on_hold(self, at: float) -> bool:
        """The agent holds us, until `taken_off_hold`; False: it did already, or did too often."""
        if self._held_since is not None or len(self._holds) >= _MOST_HOLDS:
            return False
        self._held_since = at
        self.note(at, "put_on_hold")
        return True

    def taken_off_hold(self, at: float) -> Span | None:
        """The agent is back after so long; None: it was not known to have us on hold."""
        if self._held_since is None:
            return None
        span = Span(start=self._held_since, end=at)
        self._holds.append(span)
        self._held_since = None
        self.note(at, "taken_off_hold")
        return span

    def transferred(self, at: float, target: str) -> None:
        """The agent passes the call on."""
        self._transfer = target
        self.note(at, "transferred", target=target)

    def transcribed(self, at: float, text: str) -> None:
        """The agent says what it heard of us."""
        if len(self._transcripts) < _MOST_TRANSCRIPTS:
            self._transcripts.append(AgentTranscript(at=at, text=text))

    async def finish(
        self,
        *,
        transport: str,
        mode: RecognitionMode,
        speech_to_text: str,
        text_to_speech: str,
        stem: str,
        lateness: Lateness,
        seed: int,
        line: LineReport,
    ) -> VoiceRecord:
        """Close the recording and measure the agent's sound on it."""
        duration = round(self._frames * FRAME_SECONDS, 3)
        self.taken_off_hold(duration)
        self._log_arrived()
        degraded = list(line.degraded)
        recorded, agent = None, tuple(self._agent)
        if self._recording is not None:
            try:
                files = await self._recording.finish()
                recorded = stem
                agent = await asyncio.to_thread(_sound_of_agent, files.wav)
            except (StorageError, OSError) as error:
                _log.warning("A recording could not be kept: %s", error)
                degraded.append("The call could not be recorded, so the agent's sound was measured less exactly.")
        if lateness.p99 > LATE:
            degraded.append(late_sentence(lateness))
        return VoiceRecord(
            transport=transport,
            rate=self._rate,
            duration=duration,
            recognition=mode,
            speech_to_text=speech_to_text,
            text_to_speech=text_to_speech,
            recording=recorded,
            call_id=line.call_id,
            caller_speech=tuple(self._caller),
            agent_speech=agent,
            backchannels=tuple(self._backchannels),
            protected=tuple(self._protected),
            keys=tuple(self._keys),
            agent_transcripts=tuple(self._transcripts),
            lateness=lateness,
            degraded=tuple(degraded),
            seed=seed,
            ringing=line.ringing,
            media=line.media,
            holds=tuple(self._holds),
            transfer=self._transfer,
        )

    async def discard(self) -> None:
        """The call was given up: nothing is kept."""
        if self._recording is not None:
            await self._recording.discard()


def _sound_of_agent(wav: Path) -> tuple[Span, ...]:
    samples, rate = _right_channel(wav)
    return sounding(samples, rate)


def _right_channel(wav: Path) -> tuple[Samples, int]:
    """The agent's side of a recording as `Recording` writes it: two channels of 16 bits."""
    with wave.open(str(wav), "rb") as file:
        rate, samples = file.getframerate(), np.zeros(file.getnframes(), np.int16)
        for first in range(0, len(samples), _READ_SECONDS * rate):
            part = np.frombuffer(file.readframes(_READ_SECONDS * rate), "<i2")[1::2]
            samples[first : first + len(part)] = part
        return samples, rate


def no_voice_sentence(sounds: Sequence[Span], encoding: Encoding) -> str:
    """What may be wrong where an agent was to be heard and no voice was in it."""
    seconds = sum(sound.duration for sound in sounds)
    return (
        f"The agent sent {seconds:.1f} s of sound in which no voice was heard. If it spoke, its sound is of another "
        f"format than {encoding.label}, {encoding.rate} Hz, one channel."
    )


def late_sentence(lateness: Lateness) -> str:
    """Why the figures of a call are not trusted whose frames were late."""
    return (
        f"One in a hundred of our own frames was sent more than {1000 * lateness.p99:.0f} ms late "
        f"(the bound is {1000 * LATE:.0f} ms): the machine was too busy to measure times on this call."
    )
