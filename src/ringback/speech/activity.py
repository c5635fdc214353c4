"""Where anything sounds in a recording, speech or not: by its level above the floor of what surrounds it.

The level is the variance of the samples in windows of 10 ms, one every 2 ms (a steady offset has none). The floor is
the level that the quietest tenth of the windows within 5 s stay below, but never more than -32 dBFS, so that a sound
without a pause is not taken for a floor. What is 6 dB above its floor and above -55 dBFS sounds.
"""

import numpy as np
from numpy.typing import NDArray

from ringback.domain.voice import Span
from ringback.speech.audio import Samples

JOINED_GAP = 0.2
"""Seconds: shorter pauses belong to the sound around them, as those between words and within plosives."""
SHORTEST = 0.04
"""Seconds: what sounds for less, its pauses not counted, is a click and left out."""
QUIETEST = -55.0
"""dBFS (of a full-scale square wave): nothing below it sounds."""
ABOVE_FLOOR = 6.0
"""Decibels."""
_LOUDEST_FLOOR = -32.0
_FLOOR_SHARE = 10
"""Percent of the windows around that lie below the floor."""
_FLOOR_SECONDS = 5.0
"""To both sides."""
_WINDOW_SECONDS = 0.010
_HOP_SECONDS = 0.002
_WINDOWS_AT_ONCE = 10_000
"""20 s: the sums take 32 bytes a sample, which would be a gigabyte and a half for a call of an hour."""
_FULL_SCALE = 32_768.0
_LEAST_LEVEL = -100.0


def sounding(samples: Samples, rate: int, *, joined_gap: float = JOINED_GAP) -> tuple[Span, ...]:
    """The stretches in which something sounds, in seconds from the first sample, to within 20 ms.

    Args:
        samples: A whole recording of one channel.
        rate: Hz.
        joined_gap: Seconds; shorter pauses belong to the sound around them.
    """
    window, hop = round(_WINDOW_SECONDS * rate), round(_HOP_SECONDS * rate)
    padded = np.concatenate([np.zeros(window, np.int16), samples, np.zeros(window, np.int16)])
    levels = _levels(padded, window, hop)
    loud = levels > np.maximum(_floors(levels) + ABOVE_FLOOR, QUIETEST)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    spans: list[Span] = []
    sounded = 0.0
    for first, behind in edges.reshape(-1, 2).tolist():
        # The first loud window has only just reached the sound, and the last one only just not left it.
        start = max(0, first * hop - hop) / rate
        end = min(len(samples), (behind - 1) * hop - window + hop) / rate
        end = max(end, start)
        if spans and start - spans[-1].end < joined_gap:
            sounded += end - start
            spans[-1] = Span(start=spans[-1].start, end=end)
        else:
            if spans and sounded < SHORTEST:
                spans.pop()
            sounded = end - start
            spans.append(Span(start=start, end=end))
    if spans and sounded < SHORTEST:
        spans.pop()
    return tuple(spans)


def _levels(padded: Samples, window: int, hop: int) -> NDArray[np.float64]:
    """Decibels below full scale of each window."""
    count = max(0, (len(padded) - window) // hop + 1)
    levels = np.empty(count)
    for first in range(0, count, _WINDOWS_AT_ONCE):
        last = min(first + _WINDOWS_AT_ONCE, count)
        part = padded[first * hop : (last - 1) * hop + window]
        levels[first:last] = _levels_of_part(part, window, hop)
    return levels


def _levels_of_part(part: Samples, window: int, hop: int) -> NDArray[np.float64]:
    values = part.astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values * values)])
    starts = np.arange(0, len(part) - window + 1, hop)
    mean = (sums[starts + window] - sums[starts]) / window
    variance = (squares[starts + window] - squares[starts]) / window - mean * mean
    return 10 * np.log10(np.maximum(variance / _FULL_SCALE**2, 10 ** (_LEAST_LEVEL / 10)))


def _floors(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The floor around each window, worked out once a second."""
    each = round(1 / _HOP_SECONDS)
    around = round(_FLOOR_SECONDS / _HOP_SECONDS)
    middles = range(each // 2, len(levels) + each // 2, each)
    floors = [np.percentile(levels[max(0, middle - around) : middle + around], _FLOOR_SHARE) for middle in middles]
    return np.minimum(np.repeat(floors, each)[: len(levels)], _LOUDEST_FLOOR)
