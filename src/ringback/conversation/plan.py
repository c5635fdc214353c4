"""What is laid out to be said on a line: an utterance whose words are sound and whose pauses are lengths."""

from dataclasses import dataclass, field

import numpy as np

from ringback.domain.noise import Noise
from ringback.speech.audio import Samples


@dataclass(frozen=True, slots=True)
class Background:
    """What is heard behind the caller."""

    noise: Noise | None
    """None: nothing."""
    volume: float | None = None
    """As `Manner.background_base`; None: the personality's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the caller's line is like where it differs from the personality's; None: as the personality has it."""

    background: Background | None = None
    packet_loss: float | None = None

    def over(self, before: "Conditions") -> "Conditions":
        """These where they say something, else those before."""
        return Conditions(
            background=before.background if self.background is None else self.background,
            packet_loss=before.packet_loss if self.packet_loss is None else self.packet_loss,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """The line changes from here on, until another change or the end of this one's pair."""

    token: int
    """Joins the two ends of a pair within one plan."""
    conditions: Conditions | None
    """None: the end of the pair; what held before its beginning holds again."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A stretch of the line's time."""

    length: int
    """Samples at the line's rate."""
    samples: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    """Its sound, `length` samples; none where it is silent."""
    text: str = ""
    """The words that are said in it."""
    protected: bool = False
    """It is played to its end, whatever the agent says."""
    hold: bool = False
    """The agent is on hold: heard, not answered."""
    key: str | None = None
    """The key that is pressed when it begins; its tone is the sound."""
    change: Change | None = None
    """What changes about the line when it begins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """One utterance, ready to be played."""

    pieces: tuple[Piece, ...] = ()
    ends_call: bool = False
    """Hang up when all pieces are played."""
    interruption: float | None = None
    """Seconds into the agent's next turn at which these pieces are to break in; None: wait for its end."""
    skipped: tuple[str, ...] = ()
    """What cannot be done on a line, one sentence each."""

    @property
    def text(self) -> str:
        """All words of it."""
        return " ".join(piece.text for piece in self.pieces if piece.text)

    @property
    def samples(self) -> int:
        """Its whole length."""
        return sum(piece.length for piece in self.pieces)
