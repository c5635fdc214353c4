"""Sound without the holes that are left where an agent's frames came too late: recognisers take them for plosives."""

from typing import Final

import numpy as np

from ringback.speech.audio import Samples, Sound

LONGEST: Final = 0.2
"""Seconds; what is silent for longer is a pause."""
SHORTEST: Final = 0.018
"""Seconds; just under one frame."""
_SILENT: Final = 8
"""Of 32,768: the smallest step of mu-law."""
_LOUD: Final = 150.0
"""Of 32,768, root mean square: a pause of speech fades in and out, a hole has speech right up to its edges."""
_EDGE_SECONDS: Final = 0.005


def without_dropouts(sound: Sound) -> Sound:
    """The sound with its holes closed: digital silence of 18 to 200 ms that breaks off in the middle of a sound."""
    samples, rate = sound.samples, sound.rate
    silent = np.abs(samples.astype(np.int32)) <= _SILENT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8))).reshape(-1, 2)
    lengths = (edges[:, 1] - edges[:, 0]) / rate
    kept = np.ones(len(samples), np.bool_)
    around = round(_EDGE_SECONDS * rate)
    for start, end in edges[(lengths >= SHORTEST) & (lengths <= LONGEST)].tolist():
        if _loudness(samples[max(0, start - around) : start]) > _LOUD < _loudness(samples[end : end + around]):
            kept[start:end] = False
    return Sound(samples[kept], rate)


def _loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0
