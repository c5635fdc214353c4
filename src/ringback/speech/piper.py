"""Piper, a neural speech synthesizer: the user's own program `piper` and voice file.

It is GPL, so nothing of it is here.

The command line is the one of its README, which both its generations take: rhasspy/piper (to 2023.11) and
OHF-Voice/piper1-gpl.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path
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
"""Characters of one text."""
_SECONDS: Final = 60.0
"""For one text, the loading of the voice included, for the program is started for each."""
_AT_ONCE: Final = 2
_SLOWEST, _FASTEST = 0.5, 2.0


class PiperVoice:
    """Speaks through the program `piper` with one voice file."""

    def __init__(self, model: str) -> None:
        """Look for the program and the voice file, `….onnx`, whose `….onnx.json` lies beside it.

        Raises:
            UsageError: one of them is not there.
        """
        program = shutil.which("piper")
        if program is None:
            raise UsageError("The program piper, which speaks for callers, is not installed: pip install piper-tts")
        file = Path(model).expanduser()
        for needed in (file, Path(f"{file}.json")):
            if not needed.is_file():
                raise UsageError(
                    f"Piper's voice file {needed} is not there; fetch a voice with: "
                    "python -m piper.download_voices en_US-lessac-medium"
                )
        self._program, self._model = program, file
        self._spoken = SpokenTexts()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @property
    def name(self) -> str:
        """`piper:VOICE`, without the folder that it lies in."""
        return f"piper:{self._model.stem}"

    async def speak(self, text: str, voice: Voice) -> Sound:
        """The text as sound; only the speed can be chosen, the rest is the voice file's.

        Raises:
            SpeechError: the program failed, or the text is longer than `LONGEST_TEXT`.
        """
        # Each line of its input is a text of its own to piper.
        words = " ".join(text.split())
        if len(words) > LONGEST_TEXT:
            raise SpeechRejected(
                f"A text of {len(words):,} characters is more than one turn; at most {LONGEST_TEXT:,}."
            )
        speed = min(_FASTEST, max(_SLOWEST, voice.speed))
        return await self._spoken.get((speed, words), lambda: self._speak(speed, words))

    async def _speak(self, speed: float, words: str) -> Sound:
        if not any(letter.isalnum() for letter in words):
            return Sound(np.zeros(0, np.int16), 16_000)
        with tempfile.TemporaryDirectory(prefix="ringback-piper-") as folder:
            file = Path(folder) / "spoken.wav"
            options = ("--length_scale", f"{1 / speed:.4f}", "--output_file", str(file))
            async with self._turn:
                command = (self._program, "--model", str(self._model), *options)
                await answer_of(command, f"{words}\n".encode(), seconds=_SECONDS)
            return await asyncio.to_thread(_sound, file)

    async def close(self) -> None:
        """Forget what was spoken."""
        self._spoken.forget()


def _sound(file: Path) -> Sound:
    try:
        samples, rate = soundfile.read(file, dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise SpeechUnavailable(f"What piper wrote is no sound: {error.error_string}.") from error
    return trimmed(Sound(np.ascontiguousarray(samples[:, 0], np.int16), int(rate)))
