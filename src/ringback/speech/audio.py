"""Sound inside Ringback: one channel of signed 16-bit samples at a stated rate."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
"""One dimension: signed 16-bit samples of one channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A stretch of sound."""

    samples: Samples
    rate: int
    """Hz."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate
