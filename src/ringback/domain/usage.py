"""What language models, and what speaks and hears on the line, were used and cost."""

from dataclasses import dataclass
from math import floor, log10


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Model calls, tokens, speech and money of a run, a role or a whole result; usages add up."""

    calls: int = 0
    """Of language models."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    """US dollars; None as soon as one call has no known price."""
    seconds: float = 0.0
    """Time spent waiting for models, in seconds (calls side by side count each)."""
    utterances: int = 0
    """Texts that were spoken and stretches of sound that were heard."""
    characters: int = 0
    """Of the texts that were spoken."""
    sound_seconds: float = 0.0
    """Seconds of sound that was made of texts, or heard."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=None if self.cost is None or other.cost is None else self.cost + other.cost,
            seconds=self.seconds + other.seconds,
            utterances=self.utterances + other.utterances,
            characters=self.characters + other.characters,
            sound_seconds=self.sound_seconds + other.sound_seconds,
        )

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens


def dollars(amount: float) -> str:
    """US dollars as text, with cents; of less than ten cents, two figures that are not zero: `$0.0047`."""
    if amount <= 0 or amount >= 0.1:  # noqa: PLR2004 - from here on, cents are two figures
        return f"${amount:.2f}"
    text = f"{amount:.{1 - floor(log10(amount))}f}".rstrip("0")
    whole, decimals = text.split(".")
    return f"${whole}.{decimals:0<2}"
