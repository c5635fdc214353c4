"""How loud speech is.

Every voice is brought to one level before anything is done to it, so that a volume or a signal-to-noise ratio means the
same whoever speaks: 26 dB below full scale while it sounds, the level that ITU-T P.830 (section 8) asks of speech
material.
"""

import numpy as np

from ringback.speech.audio import Samples

FULL_SCALE = 32768.0
NOMINAL = 10 ** (-26 / 20) * FULL_SCALE
"""Root mean square of speech while it sounds."""

_BLOCK = 0.02
"""Seconds that are weighed together."""
_ACTIVE = 10 ** (-25 / 10)
"""Power of a block, over that of the loudest one, from which it counts as sounding."""


def active_level(samples: Samples, rate: int) -> float:
    """Root mean square of the parts that sound; 0 where nothing does.

    A simple stand-in for the active speech level of ITU-T P.56: pauses do not count.
    """
    block = max(1, round(rate * _BLOCK))
    whole = len(samples) // block * block
    if not whole:
        return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
    powers = np.square(samples[:whole], dtype=np.float64).reshape(-1, block).mean(axis=1)
    loudest = float(powers.max())
    return float(np.sqrt(powers[powers >= _ACTIVE * loudest].mean())) if loudest else 0.0


def at_level(samples: Samples, rate: int, volume: float = 1.0) -> Samples:
    """The same sound at the nominal level times `volume`; silence stays silence."""
    level = active_level(samples, rate)
    if not level:
        return samples
    scaled = samples.astype(np.float32) * np.float32(NOMINAL * volume / level)
    return np.clip(np.rint(scaled), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
