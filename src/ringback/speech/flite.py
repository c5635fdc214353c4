"""Flite, a small speech synthesizer that needs no key and no model file: the system's program `flite`."""

import asyncio
import io
import re
import shutil
import subprocess
from typing import Final

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none; its signatures are annotated

from ringback.errors import SpeechRejected, SpeechUnavailable, UsageError
from ringback.speech.audio import Sound
from ringback.speech.programs import answer_of
from ringback.speech.spoken_texts import SpokenTexts
from ringback.speech.text_to_speech import Voice
from ringback.speech.trimming import trimmed

LONGEST_TEXT: Final = 10_000
"""Characters of one text: ten minutes of speech."""
_SECONDS = 30.0
"""For one text; the longest takes two."""
_AT_ONCE = 2
"""Programs that run at the same time: the processor is needed for calls."""
_SLOWEST, _FASTEST = 0.5, 2.0
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f]+")


class FliteVoice:
    """Speaks English through the program `flite`, at its voices' own rate (16 kHz, and 8 kHz for `kal`)."""

    def __init__(self, voice: str = "slt") -> None:
        """Look for the program and the voice.

        Raises:
            UsageError: the program is not installed, or has no such voice.
        """
        program = shutil.which("flite")
        if program is None:
            raise UsageError("The program flite, which speaks for callers, is not installed: apt-get install flite")
        self._program = program
        self._voices = _voices(program)
        if voice not in self._voices:
            raise UsageError(f"flite has no voice {voice!r}; it has {', '.join(self._voices)}.")
        self._voice = voice
        self._spoken = SpokenTexts()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @property
    def name(self) -> str:
        """`flite:VOICE`."""
        return f"flite:{self._voice}"

    async def speak(self, text: str, voice: Voice) -> Sound:
        """The text as sound; a voice that flite does not have is this one's own.

        Raises:
            SpeechError: the program failed, or the text is longer than `LONGEST_TEXT`.
        """
        words = _UNSPEAKABLE.sub(" ", text).strip()
        if len(words) > LONGEST_TEXT:
            raise SpeechRejected(
                f"A text of {len(words):,} characters is more than one turn; at most {LONGEST_TEXT:,}."
            )
        name = voice.id if voice.id in self._voices else self._voice
        speed = min(_FASTEST, max(_SLOWEST, voice.speed))
        return await self._spoken.get((name, speed, words), lambda: self._speak(name, speed, words))

    async def _speak(self, name: str, speed: float, words: str) -> Sound:
        if not any(letter.isalnum() for letter in words):
            return Sound(np.zeros(0, np.int16), 16_000)
        stretch = ("--setf", f"duration_stretch={1 / speed:.4f}")
        command = (self._program, "-voice", name, *stretch, "-t", words, "-o", "/dev/stdout")
        async with self._turn:
            written = await answer_of(command, seconds=_SECONDS)
        return await asyncio.to_thread(_sound, written)

    async def close(self) -> None:
        """Forget what was spoken."""
        self._spoken.forget()


def _voices(program: str) -> tuple[str, ...]:
    try:
        listed = subprocess.run([program, "-lv"], capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603 - the program that PATH names
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"The program flite does not list its voices: {error}.") from error
    return tuple(sorted(listed.partition(":")[2].split()))


def _sound(written: bytes) -> Sound:
    try:
        samples, rate = soundfile.read(io.BytesIO(written), dtype="int16")
    except soundfile.LibsndfileError as error:
        raise SpeechUnavailable(f"What flite wrote is no sound: {error.error_string}.") from error
    return trimmed(Sound(np.asarray(samples, np.int16), int(rate)))
