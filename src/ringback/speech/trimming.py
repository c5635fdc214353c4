"""Sound without the silence around it."""

import numpy as np

from ringback.speech.activity import sounding
from ringback.speech.audio import Sound

KEPT = 0.03
"""Seconds of silence that stay at both ends, so that soft beginnings and endings are not cut."""
_AROUND = 1.0
"""Seconds of silence put around it while it is looked at: what fills it all would count as a floor."""


def trimmed(sound: Sound) -> Sound:
    """The sound with at most `KEPT` seconds of silence before and behind it; empty where nothing sounds."""
    around = round(_AROUND * sound.rate)
    spans = sounding(np.pad(sound.samples, around), sound.rate)
    if not spans:
        return Sound(sound.samples[:0], sound.rate)
    start = round((spans[0].start - KEPT) * sound.rate) - around
    end = round((spans[-1].end + KEPT) * sound.rate) - around
    return Sound(sound.samples[max(0, start) : max(0, end)], sound.rate)
