"""The same sound at another rate."""

import numpy as np
import soxr  # pyright: ignore[reportMissingTypeStubs] - it brings none; its signatures are annotated

from ringback.speech.audio import Sound


def resampled(sound: Sound, rate: int) -> Sound:
    """The sound at `rate` Hz, filtered so that nothing above half of it folds back; itself where it has that rate."""
    if sound.rate == rate:
        return sound
    samples = soxr.resample(sound.samples, sound.rate, rate)
    return Sound(np.asarray(samples, dtype=np.int16), rate)
