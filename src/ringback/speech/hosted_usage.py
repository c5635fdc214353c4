"""How much a hosted speech provider was used: what its bill is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechUsage:
    """Counts of what was answered; what failed is not in it."""

    calls: int = 0
    """Requests that got a usable answer."""
    characters: int = 0
    """Of texts that were spoken."""
    seconds: float = 0.0
    """Of sound that was made, or heard."""

    def __add__(self, other: "SpeechUsage") -> "SpeechUsage":
        return SpeechUsage(
            calls=self.calls + other.calls,
            characters=self.characters + other.characters,
            seconds=self.seconds + other.seconds,
        )
