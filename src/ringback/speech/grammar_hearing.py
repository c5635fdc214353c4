"""Whether the line that a grammar found is the line that was said: runs in a worker process."""

from dataclasses import dataclass

from ringback.speech.audio import Samples
from ringback.speech.grammar import Network
from ringback.speech.grammar_decoding import way_in


@dataclass(frozen=True, slots=True)
class HeardLine:
    """Known lines that were said."""

    text: str
    """As they are written."""
    confidence: float
    """0 to 1."""


def heard_line(samples: Samples, key: str, network: Network) -> HeardLine | None:
    """The lines in the sound; None where it is something else.

    Args:
        samples: At 16 kHz.
        key: Of the network, under which its decoder is kept.
        network: What may be said.
    """
    way = way_in(samples, key, network)
    return HeardLine(way.text, 1.0) if way else None
