"""Sound without the silence around it."""

import numpy as np

from ringback.speech.audio import Sound

KEPT = 0.03
"""Seconds of silence that stay at both ends, so that soft beginnings and endings are not cut."""
_SILENT = 0.01
"""Share of the loudest sample below which a sample is silence."""


def trimmed(sound: Sound) -> Sound:
    """The sound with at most `KEPT` seconds of silence before and behind it; empty where nothing sounds."""
    magnitudes = np.abs(sound.samples.astype(np.int32))
    if not magnitudes.any():
        return Sound(sound.samples[:0], sound.rate)
    loud = np.flatnonzero(magnitudes > magnitudes.max() * _SILENT)
    kept = round(KEPT * sound.rate)
    return Sound(sound.samples[max(0, loud[0] - kept) : loud[-1] + 1 + kept], sound.rate)
