"""A loop of background noise from a sound file of the user's own."""

from pathlib import Path

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none; its signatures are annotated
import soxr  # pyright: ignore[reportMissingTypeStubs] - it brings none; its signatures are annotated
from numpy.typing import NDArray

from ringback.errors import SpeechRejected

LONGEST = 120.0
"""Seconds of a file that are played; the rest of a longer one is left out."""
_SHORTEST = 0.5
"""Seconds: what is shorter is no background."""
_SEAM = 0.1
"""Seconds in which the end goes over into the beginning."""


def loop_of_file(path: Path, rate: int) -> NDArray[np.float64]:
    """The sound of a file in one channel at `rate` Hz, its end faded into its beginning.

    Raises:
        SpeechRejected: it cannot be read, is no sound, silent, or too short.
    """
    wave = _resampled(path, rate)
    if len(wave) < _SHORTEST * rate or not np.any(wave):
        raise SpeechRejected(f"{path.name}, a background noise, is silent or shorter than {_SHORTEST} s.")
    seam = round(_SEAM * rate)
    rising = np.sin(np.linspace(0, np.pi / 2, seam))  # of equal power, since the two do not know of each other
    joint = wave[-seam:] * rising[::-1] + wave[:seam] * rising
    return np.concatenate((wave[seam:-seam], joint))


def _resampled(path: Path, rate: int) -> NDArray[np.float64]:
    try:
        with soundfile.SoundFile(path) as file:
            sound = file.read(frames=round(LONGEST * file.samplerate), dtype="float64", always_2d=True)
            wave = np.asarray(sound, dtype=np.float64).mean(axis=1)
            return np.asarray(soxr.resample(wave, file.samplerate, rate), dtype=np.float64)
    except soundfile.LibsndfileError as error:
        raise SpeechRejected(f"{path.name}, a background noise, cannot be read: {error.error_string}") from error
