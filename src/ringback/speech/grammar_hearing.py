"""Whether the line that a grammar found is the line that was said: runs in a worker process.

A grammar finds a line in almost any speech. A line that is not in it is betrayed by a word of the same kind that fits
better (`decoys.py`), or by one word whose sound is unlikely in every frame, while the words around it fit. The
constants were tuned on what docs/reference/speech.md measures, so that a wrong line is rarer than one not recognised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ringback.domain.voice import Span
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples
from ringback.speech.grammar import Network
from ringback.speech.grammar_decoding import FRAME_SECONDS, RATE, HeardWord, way_in

ODD: Final = 45.0
"""Natural logarithm: how much less likely than a fair word one word may be, all its frames together."""
ODD_NARROW: Final = 90.0
"""The same for sound of 8 kHz, which lacks most of what tells `s` and `f` from silence."""
_FAIR: Final = 5.0
"""Natural logarithm a frame of 10 ms: how much less likely a word of clear speech may be than the likeliest phones."""
_CLEAR: Final = 3.0
"""The same of most words of clear speech."""
_YIELD: Final = 0.3
"""How much of what all words are less likely than clear ones, as in noise, each word is forgiven."""
_UNHEARD: Final = 0.2
"""Seconds that may sound while no word is said."""
_PAUSE: Final = 0.05
"""Seconds; a pause as long between words does not sound."""
_UNHEARD_WORD: Final = 0.03
"""The same, in addition for each word: a line of many words has many edges."""


@dataclass(frozen=True, slots=True)
class HeardLine:
    """Known lines that were said."""

    text: str
    """As they are written."""
    confidence: float
    """0 to 1."""


def heard_line(samples: Samples, key: str, network: Network | None = None, *, narrow: bool) -> HeardLine | None:
    """The lines in the sound; None where it is something else.

    Args:
        samples: At 16 kHz.
        key: Of the network, under which its decoder is kept.
        network: What may be said; may be left out where it is loaded.
        narrow: Whether the sound came at 8 kHz.

    Raises:
        NotLoaded: without a network, where none is loaded under the key.
    """
    way = way_in(samples, key, network)
    if way is None:
        return None
    words = [word for word in way.words if word.word]
    odd, limit = oddity(words), ODD_NARROW if narrow else ODD
    sounds = sounding(samples, RATE, joined_gap=_PAUSE)
    if odd > limit or unheard(words, sounds) > _UNHEARD + _UNHEARD_WORD * len(words):
        return None
    return HeardLine(way.text, round(1 - max(0.0, odd) / limit / 2, 3))


def oddity(words: Sequence[HeardWord]) -> float:
    """How much less likely than a fair word the oddest one is (natural logarithm)."""
    usual = float(np.median([-word.score / word.frames for word in words for _ in range(word.frames)]))
    fair = _FAIR + _YIELD * max(0.0, usual - _CLEAR)
    return max(-word.score - fair * word.frames for word in words)


def unheard(words: Sequence[HeardWord], sounds: Sequence[Span]) -> float:
    """Seconds of sound outside all words."""
    said = sum(
        max(
            0.0,
            min(sound.end, (word.start + word.frames) * FRAME_SECONDS) - max(sound.start, word.start * FRAME_SECONDS),
        )
        for sound in sounds
        for word in words
    )
    return sum(sound.duration for sound in sounds) - said
