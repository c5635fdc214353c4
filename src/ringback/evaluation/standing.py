"""What one piece of evidence says of a run, before outcomes are made of it."""

from dataclasses import dataclass
from enum import IntEnum


class Standing(IntEnum):
    """How one asserted thing stands; the highest one decides."""

    SKIPPED = 0
    """Not applicable to this run."""
    HOLDS = 1
    UNKNOWN = 2
    """Nobody can tell from the record."""
    BROKEN = 3


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that was asserted about the run."""

    what: str
    """Name in a sentence: `check tool book was called`."""
    standing: Standing
    why: str = ""
