"""faster-whisper (an extra), on this machine: hears any words, with a model that the user has fetched."""

import asyncio
import math
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from ringback.domain.voice import Recognition, RecognitionMode
from ringback.errors import SpeechRejected, UsageError
from ringback.speech.audio import Samples, Sound
from ringback.speech.resampling import resampled
from ringback.speech.speech_to_text import Hearing
from ringback.speech.speech_workers import Shared

RATE: Final = 16_000
"""Hz, of the models."""
_SECONDS: Final = 120.0
"""For one turn, the loading of the model included."""
_FULL_SCALE: Final = 32_768.0
_SILENT: Final = 0.6
"""Probability of no speech above which a segment is invented; the default threshold of Whisper's own decoding."""

_models: dict[str, Any] = {}


class FasterWhisperEar:
    """Hears any agent."""

    def __init__(self, model: str = "small.en") -> None:
        """Look for the package; the model is loaded with the first turn, in a worker process.

        Args:
            model: A size of Whisper (`small.en`), or a folder with a converted model.

        Raises:
            UsageError: the package is not installed.
        """
        if find_spec("faster_whisper") is None:
            raise UsageError(
                "The package faster-whisper, which hears agents, is not installed: "
                "pip install 'ringback[faster-whisper]'"
            )
        self._model = model
        self._workers = Shared.take()
        self._open = True

    @property
    def name(self) -> str:
        """`faster-whisper:MODEL`."""
        return f"faster-whisper:{self._model}"

    @property
    def mode(self) -> RecognitionMode:
        """It knows words."""
        return RecognitionMode.OPEN

    async def hear(self, sound: Sound, *, language: str = "en") -> Hearing:
        """What is said in the sound.

        Raises:
            SpeechError: the model was not fetched, or the worker failed.
        """
        if not len(sound.samples):
            return Hearing("", Recognition(mode=RecognitionMode.OPEN, matched=False))
        at_rate = await asyncio.to_thread(resampled, sound, RATE)
        text, confidence = await self._workers.run(_SECONDS, _heard, self._model, at_rate.samples, language)
        return Hearing(text, Recognition(mode=RecognitionMode.OPEN, matched=bool(text), confidence=confidence))

    async def warm_up(self, at_once: int | None = None) -> None:
        """Load the model in the worker processes; see `WarmsUp`."""
        await self._workers.run_in_each(at_once, _SECONDS, _load, self._model)

    async def close(self) -> None:
        """Let go of the worker processes."""
        if self._open:
            self._open = False
            await Shared.give_back()


def _heard(name: str, samples: Samples, language: str) -> tuple[str, float | None]:
    """In a worker process: the text, and the mean probability of its pieces."""
    _load(name)
    model = _models[name]
    sound = samples.astype(np.float32) / _FULL_SCALE
    segments, _ = model.transcribe(
        sound, language=language.partition("-")[0], beam_size=5, condition_on_previous_text=False
    )
    said = [segment for segment in segments if segment.no_speech_prob < _SILENT]
    if not said:
        return "", None
    likely = sum(float(segment.avg_logprob) for segment in said) / len(said)
    return " ".join(str(segment.text).strip() for segment in said), min(1.0, math.exp(likely))


def _load(name: str) -> None:
    if name not in _models:
        _models[name] = _loaded(name)


def _loaded(name: str) -> Any:
    faster_whisper: Any = import_module("faster_whisper")
    try:
        # Never fetched in the middle of a call: that is the user's to do.
        return faster_whisper.WhisperModel(
            name, device="auto", compute_type="int8", cpu_threads=1, local_files_only=True
        )
    except Exception as error:  # noqa: BLE001 - the package raises those of three others
        raise SpeechRejected(
            f"The Whisper model {name!r} is not on this machine ({type(error).__name__}); fetch it with: "
            f'python -c "import faster_whisper; faster_whisper.download_model({name!r})"'
        ) from None
