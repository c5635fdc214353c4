"""How loud both sides of a recording are over time, for pages that draw it."""

from pathlib import Path

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none
from numpy.typing import NDArray

from ringback.speech.level import FULL_SCALE

_BLOCK = 65_536
"""Frames that are in memory at a time."""


def peaks(path: Path, buckets: int) -> tuple[list[float], list[float]]:
    """The largest magnitude (0 to 1) of the caller and of the agent in each of `buckets` equal stretches.

    Fewer stretches where the recording has fewer samples. Read in blocks: memory does not grow with its length.

    Raises:
        OSError: the file cannot be read or is no sound.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            count = min(max(1, buckets), max(1, sound.frames))
            highest: NDArray[np.float64] = np.zeros((count, sound.channels))
            at = 0
            for block in sound.blocks(_BLOCK, dtype="int16", always_2d=True):
                places = (np.arange(at, at + len(block)) * count) // max(1, sound.frames)
                np.maximum.at(highest, places, np.abs(block.astype(np.int32)) / FULL_SCALE)
                at += len(block)
    except RuntimeError as error:  # the library's own errors
        raise OSError(f"{path.name} cannot be read as sound: {error}") from error
    caller, agent = highest[:, 0], highest[:, -1]
    return caller.tolist(), agent.tolist()
